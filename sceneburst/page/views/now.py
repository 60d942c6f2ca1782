"""The front view: what is stuck and why, what it costs, and the numbers."""

from collections.abc import Mapping
from typing import Any

from sceneburst.page.languages import msgid
from sceneburst.page.view import Query, View
from scenequeue.queue import SceneQueue


def _look(queue: SceneQueue, _: Query) -> Mapping[str, Any]:
    return {"depth": queue.inspect.depth(), "plan": queue.inspect.plan()}


VIEW = View("now", "/", msgid("Now"), _look)
