"""Reads the facts that only the dispatcher knows, as it publishes them beside its plan."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from scenequeue.jobs.ids import ContainerId
from scenequeue.published.values import known_number, map_in, maps_in, reason_in, text_in, texts_in, whole_number
from scenequeue.reasons import Code, Reason

#: Entries of a list that are read.
_MAX_ENTRIES = 100


class ContainerTrouble(NamedTuple):
    """Launches that were refused, or containers that ended badly, for the same reason."""

    #: The fleet's own name of the error, such as "RESOURCE:FARGATE"; else the code of the reason.
    name: str
    #: The last reason.
    problem: Reason
    #: Its place: provider and region, such as "FARGATE_SPOT eu-central-1"; "" if it has none.
    place: str
    #: Launches or containers in the last hour.
    last_hour: int
    #: The first and the last one. The first of an unbroken series, which may be longer than an hour.
    since_ms: int
    last_ms: int
    #: Time of the next try; None if none is due.
    next_ms: int | None
    #: The newest of the containers, a few.
    containers: tuple[ContainerId, ...]


class SilentContainer(NamedTuple):
    """A container that should report, and does not."""

    container_id: ContainerId
    #: Its last heartbeat.
    since_ms: int
    #: Items that it held then.
    held: int


class Facts(NamedTuple):
    """The facts of the last tick. Those of a dispatcher that publishes none are empty or unknown."""

    #: Launches that the fleet refused at the last try, while items wait for containers.
    refused: tuple[ContainerTrouble, ...] = ()
    #: Containers that were launched and never came up, or ended before their first item, until a later one works.
    false_starts: tuple[ContainerTrouble, ...] = ()
    #: Containers that came up, and were lost in the last hour: silent, killed, out of memory, taken back.
    lost: tuple[ContainerTrouble, ...] = ()
    #: Containers without a heartbeat for half of `silent_after_s`; then they are given up.
    silent: tuple[SilentContainer, ...] = ()
    silent_after_s: float | None = None
    #: Limits in force, whether set by a setting or by an operator. The budget is None without one.
    budget_usd_per_hour: float | None = None
    max_containers: int | None = None
    #: True while the budget holds launches back.
    is_cut_by_budget: bool = False
    #: Median time from a launch to the first report, of the last launches; None if unknown.
    start_up_s: float | None = None
    #: Time at which all ready items are done, by the measured rates and the present containers; None if unknown.
    done_at_ms: int | None = None


def facts_of(plan: Mapping[str, Any] | None) -> Facts:
    """Return the facts that were published with a plan from `inspect.plan()`."""
    given = map_in((plan or {}).get("facts"))
    most, done = known_number(given.get("max_containers")), known_number(given.get("done_at_ms"))
    return Facts(
        refused=_troubles(given.get("refused")),
        false_starts=_troubles(given.get("false_starts")),
        lost=_troubles(given.get("lost")),
        silent=tuple(map(_silent, maps_in(given.get("silent"))[:_MAX_ENTRIES])),
        silent_after_s=known_number(given.get("silent_after_s")),
        budget_usd_per_hour=known_number(given.get("budget_usd_per_hour")),
        max_containers=None if most is None else int(most),
        is_cut_by_budget=given.get("is_cut_by_budget") is True,
        start_up_s=known_number(given.get("start_up_s")),
        done_at_ms=None if done is None else int(done),
    )


def _troubles(value: object) -> tuple[ContainerTrouble, ...]:
    return tuple(map(_trouble, maps_in(value)[:_MAX_ENTRIES]))


def _trouble(given: Mapping[str, Any]) -> ContainerTrouble:
    following = known_number(given.get("next_ms"))
    return ContainerTrouble(
        name=text_in(given.get("name")),
        problem=reason_in(given.get("problem")) or Reason(Code.PLAN_MALFORMED),
        place=text_in(given.get("place")),
        last_hour=whole_number(given.get("last_hour")),
        since_ms=whole_number(given.get("since_ms")),
        last_ms=whole_number(given.get("last_ms")),
        next_ms=None if following is None else int(following),
        containers=tuple(ContainerId(each) for each in (texts_in(given.get("containers")) or [])[:_MAX_ENTRIES]),
    )


def _silent(given: Mapping[str, Any]) -> SilentContainer:
    name = ContainerId(text_in(given.get("container_id")))
    return SilentContainer(name, whole_number(given.get("since_ms")), whole_number(given.get("held")))
