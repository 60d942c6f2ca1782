"""The audit log: acts of operators, by who, by act and by what they were about, page by page."""

from collections.abc import Mapping
from typing import Any

from sceneburst.page.languages import msgid
from sceneburst.page.view import Query, View
from scenequeue.ports.steering.audit_search import ActFilter
from scenequeue.queue import SceneQueue

#: The acts by their words in the log.
ACTS: Mapping[str, str] = {
    "pause": msgid("pause"),
    "resume": msgid("resume"),
    "limit": msgid("change a limit"),
    "undo": msgid("undo a change"),
    "requeue": msgid("requeue"),
    "discard": msgid("discard"),
    "retry": msgid("retry now"),
    "cancel": msgid("cancel"),
    "drain": msgid("drain"),
    "stop": msgid("stop"),
    "key": msgid("make or revoke a key"),
}
_MAX_ROWS = 50


def _look(queue: SceneQueue, query: Query) -> Mapping[str, Any]:
    wanted = ActFilter(by=query.get("by", ""), act=query.get("act", ""), about=query.get("about", ""))
    page = queue.inspect.find_acts(wanted, query.get("before", ""), _MAX_ROWS)
    return {"acts": page.acts, "older": page.older, "words": ACTS}


VIEW = View(
    "audit",
    "/steering/audit",
    msgid("Audit log"),
    _look,
    parameters=("by", "act", "about", "before"),
    in_navigation=False,
    within="steering",
)
