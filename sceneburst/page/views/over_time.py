"""The queue's history: backlog, throughput, containers, cost, dead letters by reason; for an hour, a day, a week, 90 days."""

import threading
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple
from weakref import WeakKeyDictionary

from sceneburst.page.languages import msgid
from sceneburst.page.plots.lines import Plot, plot
from sceneburst.page.view import Query, View
from scenequeue.jobs.rollup import SLOTS, Resolution, Rollup
from scenequeue.queue import SceneQueue

_HOUR_MS = 3_600_000
#: Reasons that are drawn, those with the most letters; there are as many kinds of lines.
_REASONS = 5
#: Seconds for which a history is kept: only its last value changes.
_KEPT_S = 5.0


class Span(NamedTuple):
    """A span of time, and the parts that it is drawn in."""

    title: str
    resolution: Resolution
    #: Slots of the history that are put together to a part.
    slots: int
    parts: int
    #: The throughput of a part, in words.
    each: str

    @property
    def part_ms(self) -> int:
        return SLOTS[self.resolution][0] * 1000 * self.slots


SPANS: Mapping[str, Span] = {
    "hour": Span(msgid("an hour"), Resolution.MINUTE, 1, 60, msgid("Items done a minute")),
    "day": Span(msgid("a day"), Resolution.FIVE, 3, 96, msgid("Items done in 15 minutes")),
    "week": Span(msgid("a week"), Resolution.HOUR, 2, 84, msgid("Items done in two hours")),
    "quarter": Span(msgid("90 days"), Resolution.HOUR, 24, 90, msgid("Items done a day")),
}
_FIRST = "hour"

_kept: WeakKeyDictionary[SceneQueue, dict[str, tuple[float, list[Rollup], int]]] = WeakKeyDictionary()
_lock = threading.Lock()


def _look(queue: SceneQueue, query: Query) -> Mapping[str, Any]:
    name = query.get("span", _FIRST)
    name = name if name in SPANS else _FIRST
    span = SPANS[name]
    with _lock:
        kept = _kept.setdefault(queue, {})
        if name not in kept or time.monotonic() > kept[name][0]:
            slots = queue.inspect.history(span.resolution, span.slots * (span.parts + 1))
            kept[name] = (time.monotonic() + _KEPT_S, slots, queue.inspect.now_ms())
        _, slots, now_ms = kept[name]
    return shown(name, slots, now_ms)


def shown(name: str, slots: Sequence[Rollup], now_ms: int) -> dict[str, Any]:
    """Return the variables of the templates."""
    span = SPANS[name]
    parts = parts_of(slots, span.part_ms, span.parts, now_ms)
    begin_ms = now_ms - now_ms % span.part_ms - (span.parts - 1) * span.part_ms
    usd = [sum(slot.usd for slot in part) * _HOUR_MS / span.part_ms if part else None for part in parts]
    plots = [
        plot("backlog", msgid("Backlog: ready items, at most"), [(msgid("ready"), _most(parts, "ready"))]),
        plot("throughput", span.each, [(msgid("done"), [sum(slot.done for slot in part) if part else None for part in parts])]),
        plot("fleet", msgid("Containers, at most"), [(msgid("containers"), _most(parts, "containers"))]),
        plot("cost", msgid("Dollars an hour"), [(msgid("dollars"), usd)], is_money=True),
        _by_reason(parts),
    ]
    return {
        "spans": SPANS,
        "span": name,
        "plots": plots,
        "has_history": any(parts),
        "times": (begin_ms, begin_ms + span.parts * span.part_ms // 2, now_ms - now_ms % 60_000),
    }


def parts_of(slots: Sequence[Rollup], part_ms: int, count: int, now_ms: int) -> list[list[Rollup]]:
    """Divide slots into so many parts of this length, the last of which has now in it; slots that are older are left out."""
    last = now_ms // part_ms
    parts: list[list[Rollup]] = [[] for _ in range(count)]
    for slot in slots:
        place = count - 1 - (last - slot.at_ms // part_ms)
        if 0 <= place < count:
            parts[place].append(slot)
    return parts


def _most(parts: Sequence[Sequence[Rollup]], field: str) -> list[float | None]:
    return [max((getattr(slot, field) for slot in part), default=None) for part in parts]


def _by_reason(parts: Sequence[Sequence[Rollup]]) -> Plot:
    """Return the plot of the letters that were there at the end of each part, by their most frequent reasons."""
    total = Counter[str]()
    for part in parts:
        total.update(part[-1].dead_by_reason if part else {})
    names = sorted(total, key=lambda name: (-total[name], name))[:_REASONS]
    lines = [(name, [part[-1].dead_by_reason.get(name, 0) if part else None for part in parts]) for name in names]
    return plot("reasons", msgid("Dead letters by reason"), lines)


VIEW = View("over_time", "/over-time", msgid("Over time"), _look, parameters=("span",))
