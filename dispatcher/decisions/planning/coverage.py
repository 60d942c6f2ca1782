"""Counts the waiting items that present containers will take, each place once, whatever needs it serves."""

from collections import Counter, defaultdict, deque
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

#: Needs that a container serves; None if unknown, which counts as all needs.
Serves = frozenset[str] | None


class Demand(NamedTuple):
    """Waiting items of one need."""

    need: str
    items: int
    #: The job with wishes that they belong to; "" for all others.
    job: str = ""


class Room(NamedTuple):
    """Containers that are alike: they serve the same needs, and were launched for the wishes of the same job ("" for none)."""

    serves: Serves
    for_job: str = ""


def cover(demands: Sequence[Demand], rooms: Mapping[Room, int]) -> list[int]:
    """Share out the items that containers will take: as many as possible, preferring earlier demands.

    A container that was launched for a job's wishes counts for that job first. Its remaining room, and all room of other
    containers, counts for every job; nothing is reserved.

    Args:
        demands: in the order in which they are served.
        rooms: number of ready items that these containers will take.

    Returns:
        For each demand, the number of its items that are taken.

    Cost: O(sets of needs × needs) per demand, whatever the number of containers and items.
    """
    flow = _Flow(rooms)
    covered = [flow.give_own(demand) for demand in demands]
    for index, demand in enumerate(demands):
        if not flow.left:
            break
        covered[index] += flow.give(demand.need, demand.items - covered[index])
    return covered


def can_serve(serves: Serves, need: str) -> bool:
    """Return True if containers that serve these needs serve that one."""
    return serves is None or need in serves


class _Flow:
    """A flow from sets of needs to needs, enlarged along augmenting paths.

    A demand whose containers are full may still be met, by moving their items to other containers that serve them too.

        {A, B} ──A──▶ A      B wants one more, and {A, B} is full:
        {A}                  {A, B} ──B──▶ B, and {A} ──A──▶ A
    """

    def __init__(self, rooms: Mapping[Room, int]) -> None:
        self._spare: dict[Serves, int] = defaultdict(int)
        self._own: dict[str, dict[Serves, int]] = defaultdict(dict)
        for room, items in rooms.items():
            self._spare[room.serves] += items
            if room.for_job:
                self._own[room.for_job][room.serves] = items
        self._given: dict[Serves, Counter[str]] = {serves: Counter() for serves in self._spare}
        self.left = sum(self._spare.values())

    def give_own(self, demand: Demand) -> int:
        """Assign a job the room of containers launched for it; return the number of items that this covers."""
        taken = 0
        own = self._own.get(demand.job, {}) if demand.job else {}
        for serves, items in own.items():
            if can_serve(serves, demand.need):
                more = min(items, demand.items - taken)
                own[serves] -= more
                self._spare[serves] -= more
                self._given[serves][demand.need] += more
                taken += more
        self.left -= taken
        return taken

    def give(self, need: str, items: int) -> int:
        """Assign a need as much of the remaining room as possible; return the number of items that this covers."""
        taken = 0
        while taken < items and (more := self._augment(need, items - taken)):
            taken += more
        self.left -= taken
        return taken

    def _augment(self, need: str, items: int) -> int:
        """Find the shortest path to spare room, and push items along it; return their number."""
        #: Set of needs -> the need that it would give room to.
        givers: dict[Serves, str] = {}
        #: Need -> the set that would give it less.
        losers: dict[str, Serves] = {}
        reached = deque([need])
        while reached:
            current = reached.popleft()
            for serves, spare in self._spare.items():
                if serves in givers or not can_serve(serves, current):
                    continue
                givers[serves] = current
                if spare:
                    return self._push(need, serves, givers, losers, min(items, spare))
                for other, given in self._given[serves].items():
                    if given and other != need and other not in losers:
                        losers[other] = serves
                        reached.append(other)
        return 0

    def _push(self, need: str, last: Serves, givers: Mapping[Serves, str], losers: Mapping[str, Serves], items: int) -> int:
        steps = list(_path(need, last, givers, losers))
        for serves, _, less in steps[1:]:
            items = min(items, self._given[serves][less])
        self._spare[last] -= items
        for serves, more, less in steps:
            self._given[serves][more] += items
            if less:
                self._given[serves][less] -= items
        return items


def _path(
    need: str, last: Serves, givers: Mapping[Serves, str], losers: Mapping[str, Serves]
) -> Iterable[tuple[Serves, str, str]]:
    """List the steps from spare room back to the need: a set, the need that it gives more, and the one that it gives less."""
    serves, less = last, ""
    while True:
        more = givers[serves]
        yield serves, more, less
        if more == need:
            return
        serves, less = losers[more], more
