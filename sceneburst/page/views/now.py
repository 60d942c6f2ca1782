"""The front view: what is stuck and why, what it costs, the numbers, and the dispatcher's decisions."""

import threading
from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from weakref import WeakKeyDictionary

from sceneburst.overview.circumstances import circumstances_of
from sceneburst.overview.facts import FactReader
from sceneburst.overview.overview import Overview
from sceneburst.overview.trouble import Act, Trouble
from sceneburst.overview.view import overview_of
from sceneburst.page.languages import msgid
from sceneburst.page.view import Query, View
from scenequeue.queue import SceneQueue
from scenequeue.reasons import Reason

#: The sections of each severity.
_MARKS = ("stops", "fails", "threatens")
#: Acts by links, with the names of their views, which may be absent.
_LINKS: tuple[tuple[Act, str, str], ...] = (
    (Act.SEE_LETTERS, "dead", msgid("See the letters")),
    (Act.SEE_JOB, "job", msgid("See the job")),
    (Act.SEE_CONTAINERS, "containers", msgid("See the containers")),
    (Act.SEE_LIMITS, "steering", msgid("Change the limit")),
    (Act.SEE_DOCTOR, "checks", msgid("Check everything")),
)


class _Front:
    """The reader of one queue, for all threads that look."""

    def __init__(self, queue: SceneQueue) -> None:
        self._reader, self._lock = FactReader(queue), threading.Lock()

    def look(self) -> Overview:
        with self._lock:
            return overview_of(self._reader.read())


_fronts: WeakKeyDictionary[SceneQueue, _Front] = WeakKeyDictionary()
_lock = threading.Lock()


def _look(queue: SceneQueue, _: Query) -> Mapping[str, Any]:
    with _lock:
        front = _fronts.get(queue)
        if front is None:
            front = _fronts[queue] = _Front(queue)
    return shown(front.look())


def shown(front: Overview) -> dict[str, Any]:
    """Return the variables of the templates."""
    return {
        "front": front,
        "troubles": [(trouble, _MARKS[trouble.severity], _facts(trouble), _links(trouble)) for trouble in front.troubles],
        "budget_share": _budget_share(front),
        "Act": Act,
    }


def _facts(trouble: Trouble) -> tuple[Reason, ...]:
    """Return the facts that stay the same from one second to the next; times are shown as times of day."""
    return circumstances_of(replace(trouble, since_ms=None, next_ms=None), 0)


def _links(trouble: Trouble) -> list[tuple[str, str, str]]:
    """Return the views that a trouble leads to, each with its text and the value that it asks for."""
    values = {"dead": trouble.target.get("reason", ""), "job": trouble.target.get("job", "")}
    values["containers"] = trouble.target.get("container", "")
    return [(view, text, values.get(view, "")) for act, view, text in _LINKS if act in trouble.acts]


def _budget_share(front: Overview) -> float | None:
    money = front.money
    if not money.budget_usd_per_hour or money.usd_per_hour is None:
        return None
    return min(1.0, money.usd_per_hour / money.budget_usd_per_hour)


VIEW = View("now", "/", msgid("Now"), _look)
