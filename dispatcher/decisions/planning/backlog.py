"""Describes the waiting items by need, and the images that could be launched for them."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from scenequeue.jobs.job import Lane
from scenequeue.jobs.wishes import WishedJob
from scenequeue.structure.keys import STRUCTURES


@dataclass(frozen=True)
class Waiting:
    """The waiting items of one need."""

    need: str
    #: Ready items by lane.
    ready_by_lane: Mapping[Lane, int]
    #: Of all ready items, in the unit of their kind; 0 if unknown.
    weight: float = 0.0
    #: Age of the job that has waited longest.
    oldest_s: float = 0.0

    @property
    def ready(self) -> int:
        """Ready items in all lanes."""
        return sum(self.ready_by_lane.values())


@dataclass(frozen=True)
class Backlog:
    """The waiting work."""

    needs: tuple[Waiting, ...] = ()
    #: True if everything is paused.
    is_paused: bool = False
    #: Jobs that are planned alone; their ready items are in `needs` too. A job with items of several needs is listed for each.
    jobs: tuple[WishedJob, ...] = ()
    #: Structures of the queue that were read, newest first; see scenequeue/jobs/need.py for the names of needs in each.
    structures: tuple[int, ...] = STRUCTURES
    #: Ready items of paused lanes and jobs, which are not in `needs`.
    held_back: int = 0

    @property
    def ready(self) -> int:
        """Ready items of all needs."""
        return sum(waiting.ready for waiting in self.needs)


@dataclass(frozen=True)
class Profile:
    """One way to start a container: an image in a fleet."""

    #: Of the image.
    name: str
    #: Price of a container by size, 1 to 5.
    usd_per_hour: Mapping[int, float]
    #: Its slots by size.
    slots: Mapping[int, int]
    #: Size of containers unless a job wishes another.
    config_priority: int = 1
    #: Needs that its containers reported; None before the first report, when every need is tried.
    serves: frozenset[str] | None = None
    #: Needs that it did not serve when last probed, and for which one container may be launched as a new probe.
    to_probe: frozenset[str] = field(default_factory=frozenset)
    #: Containers that its fleet has room for; None if unbounded or unknown.
    room: int | None = None
    #: Seconds from a launch to its first lease.
    start_up_s: float = 0.0
    #: Minimum time that is billed for a container.
    min_billed_s: float = 0.0

    def is_known_to_serve(self, need: str) -> bool:
        """Return True unless a container of this image has reported that it does not serve the need."""
        return self.serves is None or need in self.serves


def one_need(
    ready: int,
    weight: float = 0.0,
    need: str = "",
    *,
    is_paused: bool = False,
    jobs: tuple[WishedJob, ...] = (),
    lane: Lane = Lane.NORMAL,
) -> Backlog:
    """Make a backlog of one need in one lane."""
    return Backlog((Waiting(need, {lane: ready}, weight),), is_paused, jobs)
