"""Converts items to elements of the queue's lists."""

from collections.abc import Iterable

from scenequeue.jobs.item import WorkItem
from scenequeue.jobs.need import need_of


class ItemChunk:
    """Items as list elements "<item id> <weight ms> <json>".

    Args:
        named: ids with their items, and these as JSON.

    Attributes:
        elements: of all items, in order.
        by_need: need -> its elements, in order.
        weight_ms: need -> sum of their weights, in thousandths of the kind's unit.
    """

    def __init__(self, named: Iterable[tuple[str, WorkItem, str]]) -> None:
        self.elements: list[str] = []
        self.by_need: dict[str, list[str]] = {}
        self.weight_ms: dict[str, int] = {}
        for item_id, item, body in named:
            need, weight_ms = need_of(item.kind, item.v), round(item.weight * 1000)
            element = f"{item_id} {weight_ms} {body}"
            self.elements.append(element)
            self.by_need.setdefault(need, []).append(element)
            self.weight_ms[need] = self.weight_ms.get(need, 0) + weight_ms
