"""Computes the cost of jobs: their shares of the containers that worked for them."""

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

    #: By container, or by fleet.
    parts: Mapping[str, float]
    scenes_done: int
    #: Containers that worked for it and whose cost is no longer known.
    forgotten: int = 0

    @property
    def known_usd(self) -> float:
        """The sum of what is known."""
        return sum(self.parts.values())

    @property
    def total_usd(self) -> float | None:
        """The whole bill; None where a part of it is no longer known."""
        return None if self.forgotten else self.known_usd

    @property
    def usd_per_scene(self) -> float | None:
        """The price of a scene; None where none is done, or the bill is not whole."""
        return self.known_usd / self.scenes_done if self.scenes_done and not self.forgotten else None


def bill_of_job(
    results: Sequence[ItemResult],
    records: Sequence[ContainerRecord],
    now_ms: int,
    failed: Mapping[str, int] = MappingProxyType({}),
) -> Bill:
    """Return the bill of a job; arguments as for `job_costs`."""
    # A film is no scene, though it costs.
    done = sum(result.state == "done" and result.item_id.startswith("0-") for result in results)
    return Bill(job_costs(results, records, now_ms, failed), done, len(forgotten(results, records, failed)))


def bill_of_day(records: Sequence[ContainerRecord], now_ms: int) -> Bill:
    """Return the bill of all containers that are remembered."""
    return Bill(costs_by_fleet(records, now_ms), sum(record.done for record in records))


def failed_attempts(events: Iterable[JobEvent]) -> Counter[str]:
    """Count the attempts at a job's items that failed, by container, as far as the job's events tell."""
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

    A container that worked for several jobs is shared by the number of items that it ended for each, well or not. Containers
    that never ended an item of any job (failed starts, idle ones) are nobody's; `sceneburst cost` without a job counts them.

    Args:
        results: of the job, as far as there are any.
        records: the ledger.
        now_ms: Redis clock, for containers that still run.
        failed: attempts at the job's items that failed, by container.
    """
    made, dead = Counter[str](), Counter[str]()
    for result in results:
        (made if result.state == "done" else dead)[result.container or ""] += 1
    # A dead letter's last attempt is among those that failed, where these are known.
    own = made + (dead | Counter(failed))
    costs = {}
    for record in records:
        items = own[record.container_id]
        if items:
            # A record that is behind its results must not make the share larger than the whole.
            share = items / max(items, record.done + record.failed)
            costs[str(record.container_id)] = cost_usd(record, now_ms) * share
    return costs


def forgotten(results: Iterable[ItemResult], records: Iterable[ContainerRecord], failed: Iterable[str] = ()) -> set[str]:
    """Containers that ended items of a job, well or not, and whose records are gone: what they cost is no longer known.

    A record lasts for a day after the last news of its container, results last longer.
    """
    known = {str(record.container_id) for record in records}
    return {*(result.container for result in results if result.container), *failed} - known


def costs_by_fleet(records: Iterable[ContainerRecord], now_ms: int) -> dict[str, float]:
    """Return the cost of all these containers, by fleet, in USD."""
    costs: dict[str, float] = {}
    for record in records:
        costs[record.fleet] = costs.get(record.fleet, 0.0) + cost_usd(record, now_ms)
    return costs
