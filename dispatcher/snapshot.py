"""Takes a snapshot of the queue: waiting items, present containers, and measured rates."""

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import NamedTuple

from dispatcher.decisions.launch_backoff import LaunchBackoff, launch_backoff
from dispatcher.decisions.planner import Plan
from dispatcher.decisions.planning.backlog import Backlog, Waiting
from scenequeue.jobs.container import ContainerRecord
from scenequeue.jobs.job import Depth, WaitingItems
from scenequeue.published.facts import Facts
from scenequeue.queue import SceneQueue


class TickSnapshot(NamedTuple):
    """The state of the queue at one moment, after the reaper has acted."""

    depth: Depth
    backlog: Backlog
    containers: Sequence[ContainerRecord]
    #: Need -> processing seconds per unit of weight on one slot.
    rates: dict[str, float]
    #: Redis clock.
    at_ms: int
    #: Restriction learnt from the last launches.
    backoff: LaunchBackoff
    backlog_age_s: float = 0.0


class Ticked(NamedTuple):
    """The snapshot and the plan of an active dispatcher in one tick."""

    snapshot: TickSnapshot
    plan: Plan
    #: Since this dispatcher began: launches accepted and refused, containers that never said hello, and Spot interruptions.
    launches: int
    launches_failed: int
    starts_failed: int
    interrupted: int
    took_s: float = 0.0
    facts: Facts = Facts()
    #: Posts that the receivers of callbacks did not accept, since this dispatcher began.
    callbacks_failed: int = 0

    @property
    def depth(self) -> Depth:
        """The numbers of items in the queue."""
        return self.snapshot.depth

    @property
    def containers(self) -> Sequence[ContainerRecord]:
        """The ledger after the reaper has acted."""
        return self.snapshot.containers


def take_snapshot(queue: SceneQueue, containers: Sequence[ContainerRecord], image: str) -> TickSnapshot:
    """Read the state of the queue.

    Args:
        queue: the queue to read.
        containers: the ledger.
        image: the current image.
    """
    inspect = queue.inspect
    depth, jobs, rates = inspect.depth(), tuple(queue.dispatcher.wished()), queue.dispatcher.rates()
    waiting = inspect.waiting()
    now_ms = inspect.now_ms()
    return TickSnapshot(
        depth,
        Backlog(tuple(_by_need(waiting)), depth.is_paused, jobs, queue.structures, _held_back(depth)),
        containers,
        rates,
        now_ms,
        launch_backoff(containers, now_ms, image),
        max((each.oldest_s for each in waiting), default=0.0),
    )


def _held_back(depth: Depth) -> int:
    """Return the number of ready items that the pauses of lanes and jobs hold back, whatever the pause of everything does."""
    return depth.model_copy(update={"is_paused": False}).paused_items


def _by_need(waiting: Sequence[WaitingItems]) -> Iterator[Waiting]:
    for need, group in groupby(sorted(waiting, key=lambda each: each.need), key=lambda each: each.need):
        lanes = list(group)
        ready = {each.lane: each.ready for each in lanes}
        yield Waiting(need, ready, sum(each.weight for each in lanes), max(each.oldest_s for each in lanes))
