"""The acting dispatcher's settings in force, and the source of each."""

from collections.abc import Mapping
from typing import Any

from sceneburst.page.languages import msgid
from sceneburst.page.view import Query, View
from sceneburst.page.views.steering.limit_rows import number_text
from scenequeue.queue import SceneQueue


def _look(queue: SceneQueue, query: Query) -> Mapping[str, Any]:
    settings = queue.inspect.settings()
    limits = {limit.name: limit for limit in queue.inspect.limits()}
    text = query.get("text", "").casefold()
    only_given = query.get("given") == "1"
    return {
        "total": len(settings),
        "settings": [
            each for each in settings if text in each.name.casefold() and (not only_given or each.source or each.name in limits)
        ],
        "limits": {name: (limit, number_text(limit.value)) for name, limit in limits.items()},
        "has_dispatcher": queue.inspect.has_dispatcher(),
    }


VIEW = View(
    "settings",
    "/steering/settings",
    msgid("Settings"),
    _look,
    parameters=("text", "given"),
    in_navigation=False,
    within="steering",
)
