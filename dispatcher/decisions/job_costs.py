"""Computes the cost of jobs from their shares of the containers that worked for them."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from dispatcher.decisions.pricing import cost_usd
from scenequeue.jobs.container import ContainerRecord
from scenequeue.jobs.job import JobEvent
from scenequeue.jobs.result import ItemResult

#: Events of an attempt that ended without a result.
_FAILED = {"retry", "dead"}


@dataclass(frozen=True)
class Bill:
    """The cost of a job, or of all containers of the last day, in USD."""

    #: Cost by container, or by fleet.
    parts: Mapping[str, float]
    scenes_done: int
    #: Containers that worked for the job, but whose records are gone.
    forgotten: int = 0

    @property
    def known_usd(self) -> float:
        """The sum of the known costs."""
        return sum(self.parts.values())

    @property
    def total_usd(self) -> float | None:
        """The total cost; None if a part of it is unknown."""
        return None if self.forgotten else self.known_usd

    @property
    def usd_per_scene(self) -> float | None:
        """The cost per scene; None if no scene is done, or the total is unknown."""
        return self.known_usd / self.scenes_done if self.scenes_done and not self.forgotten else None


def bill_of_job(
    results: Sequence[ItemResult],
    records: Sequence[ContainerRecord],
    now_ms: int,
    failed: Mapping[str, int] = MappingProxyType({}),
) -> Bill:
    """Return the bill of a job; arguments as for `job_costs`."""
    # A film, or an item of a transcoding, costs money but is not a scene.
    done = sum(result.state == "done" and result.is_scene for result in results)
    return Bill(job_costs(results, records, now_ms, failed), done, len(forgotten(results, records, failed)))


def bill_of_day(records: Sequence[ContainerRecord], now_ms: int) -> Bill:
    """Return the bill of all containers whose records still exist."""
    return Bill(costs_by_fleet(records, now_ms), sum(record.scenes_done for record in records))


def failed_attempts(events: Iterable[JobEvent]) -> Counter[str]:
    """Count the failed attempts at a job's items by container, from the job's events."""
    containers: dict[str, str] = {}
    found: Counter[str] = Counter()
    for event in events:
        token = event.fields.get("token", "")
        if event.event == "leased":
            containers[token] = event.fields.get("container", "")
        elif event.event in _FAILED and containers.get(token):
            found[containers[token]] += 1
    return found


def job_costs(
    results: Iterable[ItemResult],
    records: Sequence[ContainerRecord],
    now_ms: int,
    failed: Mapping[str, int] = MappingProxyType({}),
) -> dict[str, float]:
    """Return the cost of a job, by container, in USD.

    A container that worked for several jobs is shared by the number of items that it finished or failed for each.
    Containers that finished and failed no item (failed starts, idle ones) belong to no job; `sceneburst cost` without a job
    counts them.

    Args:
        results: the job's results so far.
        records: the ledger.
        now_ms: Redis clock, for containers that still run.
        failed: failed attempts at the job's items, by container.
    """
    made, dead = Counter[str](), Counter[str]()
    for result in results:
        (made if result.state == "done" else dead)[result.container or ""] += 1
    # The last attempt of a dead letter is among the failed attempts, if those are known.
    own = made + (dead | Counter(failed))
    costs = {}
    for record in records:
        items = own[record.container_id]
        if items:
            # The record may lag behind the results; a share never exceeds the whole.
            share = items / max(items, record.done + record.failed)
            costs[str(record.container_id)] = cost_usd(record, now_ms) * share
    return costs


def forgotten(results: Iterable[ItemResult], records: Iterable[ContainerRecord], failed: Iterable[str] = ()) -> set[str]:
    """Return the containers that finished or failed items of a job, but whose records, and so costs, are gone.

    A record expires a day after its container's last report; results are kept longer.
    """
    known = {str(record.container_id) for record in records}
    return {*(result.container for result in results if result.container), *failed} - known


def costs_by_fleet(records: Iterable[ContainerRecord], now_ms: int) -> dict[str, float]:
    """Return the cost of these containers by fleet, in USD."""
    costs: dict[str, float] = {}
    for record in records:
        costs[record.fleet] = costs.get(record.fleet, 0.0) + cost_usd(record, now_ms)
    return costs
