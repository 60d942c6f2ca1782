"""One tick's view of the queue and of the containers, and what was decided."""

from collections.abc import Sequence
from typing import NamedTuple

from dispatcher.decisions.launch_backoff import Caution
from dispatcher.decisions.planner import Plan
from scenequeue.jobs.container import ContainerRecord
from scenequeue.jobs.job import Depth


class TickSnapshot(NamedTuple):
    """The queue and the containers after the reaper, and the plan that was made of them."""

    depth: Depth
    containers: Sequence[ContainerRecord]
    plan: Plan
    #: Redis clock.
    at_ms: int
    backlog_age_s: float
    #: Since this dispatcher began: launches accepted, refused, never heard of; containers that Spot took.
    launches: int
    launches_failed: int
    starts_failed: int
    interrupted: int
    took_s: float = 0.0
    #: From what became of the last launches.
    learnt: Caution = Caution()
