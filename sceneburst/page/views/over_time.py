"""The queue's history: backlog, throughput, containers, cost and failures by reason."""

from collections.abc import Mapping
from typing import Any

from sceneburst.page.languages import msgid
from sceneburst.page.view import Query, View
from scenequeue.jobs.rollup import Resolution
from scenequeue.queue import SceneQueue


def _look(queue: SceneQueue, _: Query) -> Mapping[str, Any]:
    return {"slots": queue.inspect.history(Resolution.MINUTE)}


VIEW = View("over_time", "/over-time", msgid("Over time"), _look, parameters=("span",))
