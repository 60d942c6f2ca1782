"""Takes a snapshot of the queue: what waits, who is there, and what was learnt."""

from collections.abc import Sequence
from typing import NamedTuple

from dispatcher.decisions.launch_backoff import LaunchBackoff, launch_backoff
from dispatcher.decisions.planner import Plan
from dispatcher.decisions.planning.backlog import Backlog, one_need
from dispatcher.decisions.planning.workloads import UNMEASURED_RATE
from scenequeue.jobs.container import ContainerRecord
from scenequeue.jobs.job import Depth
from scenequeue.queue import SceneQueue


class TickSnapshot(NamedTuple):
    """The state of the queue at one moment, after the reaper."""

    depth: Depth
    backlog: Backlog
    containers: Sequence[ContainerRecord]
    #: Need -> processing seconds per unit of weight on one slot.
    rates: dict[str, float]
    #: Redis clock.
    at_ms: int
    #: Learnt from what became of the last launches.
    backoff: LaunchBackoff
    backlog_age_s: float = 0.0


class Ticked(NamedTuple):
    """What an acting dispatcher has seen and decided in one tick."""

    snapshot: TickSnapshot
    plan: Plan
    #: Since this dispatcher began: launches accepted, refused, never heard of; containers that Spot took.
    launches: int
    launches_failed: int
    starts_failed: int
    interrupted: int
    took_s: float = 0.0

    @property
    def depth(self) -> Depth:
        """The queue at a glance."""
        return self.snapshot.depth

    @property
    def containers(self) -> Sequence[ContainerRecord]:
        """The ledger, after the reaper."""
        return self.snapshot.containers


def take_snapshot(queue: SceneQueue, containers: Sequence[ContainerRecord], *, with_age: bool) -> TickSnapshot:
    """Look at the queue.

    Args:
        queue: what to look at.
        containers: the ledger.
        with_age: whether the age of the backlog is wanted, which costs two round trips.
    """
    inspect = queue.inspect
    depth, jobs, rates = inspect.depth(), tuple(queue.dispatcher.wished()), queue.dispatcher.rates()
    backlog = one_need(depth.counts.ready, depth.ready_weight, is_paused=depth.is_paused, jobs=jobs)
    now_ms = inspect.now_ms()
    # Asked for only where it matters.
    newest_ms = inspect.newest_job_ms() if any(record.unserved for record in containers) else 0
    return TickSnapshot(
        depth,
        backlog,
        containers,
        {"": max(rates.values(), default=UNMEASURED_RATE)},
        now_ms,
        launch_backoff(containers, now_ms, newest_ms),
        inspect.backlog_age_s() if with_age else 0.0,
    )
