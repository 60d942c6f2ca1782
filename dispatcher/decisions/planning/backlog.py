"""Describes what waits, need by need, and what could be launched for it."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from scenequeue.jobs.job import Lane
from scenequeue.jobs.wishes import WishedJob


@dataclass(frozen=True)
class Waiting:
    """The items of one need that wait."""

    need: str
    #: Ready items by lane.
    ready_by_lane: Mapping[Lane, int]
    #: Of all of them, in the unit of their kind; 0 where none is known.
    weight: float = 0.0
    #: Age of the job that has waited longest.
    oldest_s: float = 0.0

    @property
    def ready(self) -> int:
        """Ready items in all lanes."""
        return sum(self.ready_by_lane.values())


@dataclass(frozen=True)
class Backlog:
    """The work that waits."""

    needs: tuple[Waiting, ...] = ()
    is_paused: bool = False
    #: Jobs that are planned alone; what they have ready is counted in `needs` too. One that has items of several needs
    #: stands here once for each.
    jobs: tuple[WishedJob, ...] = ()

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
    #: The size that containers have where no job wishes another.
    config_priority: int = 1
    #: Needs that its containers have said they serve; None as long as none has said so: it is tried.
    serves: frozenset[str] | None = None
    #: Needs that they have not served when asked, and that one container may be asked for again.
    to_probe: frozenset[str] = field(default_factory=frozenset)
    #: Containers that its fleet has room for; None: no bound is known.
    room: int | None = None
    #: From a launch to its first lease.
    start_up_s: float = 0.0
    #: Paid for at least, however short a container lives.
    billed_least_s: float = 0.0

    def is_known_to_serve(self, need: str) -> bool:
        """Return True unless a container of this image has said that it does not serve a need."""
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
    """A backlog of one need in one lane."""
    return Backlog((Waiting(need, {lane: ready}, weight),), is_paused, jobs)
