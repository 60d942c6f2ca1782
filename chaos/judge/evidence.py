"""Collects the evidence of a run: histories, results, dead letters, the ledger, logs."""

import json
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from chaos.cluster import ChaosCluster
from chaos.faults.log import InjectedFault
from chaos.judge.attribution import LeaseEnd, lease_ends
from chaos.proxies.s3 import MAX_SKEW_S
from chaos.redis_clock import ClockMoves
from chaos.scenes import PlannedJob
from scenequeue.errors import JobNotFound
from scenequeue.jobs.container import ContainerRecord
from scenequeue.jobs.job import JobEvent, JobStatus
from scenequeue.jobs.result import DeadLetter, ItemResult

_PAGE = 1000
_ALL = 1_000_000


@dataclass(frozen=True)
class JobEvidence:
    """The evidence about one job; `status` is None if the job does not exist."""

    status: JobStatus | None
    events: list[JobEvent] = field(default_factory=list)
    results: dict[str, ItemResult] = field(default_factory=dict)
    letters: dict[str, DeadLetter] = field(default_factory=dict)
    ends: list[LeaseEnd] = field(default_factory=list)


@dataclass(frozen=True)
class Evidence:
    """The evidence about a run."""

    jobs: Mapping[str, JobEvidence]
    #: By container id.
    ledger: Mapping[str, ContainerRecord]
    #: Counts of log events by container; the dispatchers' under "-".
    log_counts: Mapping[str, Counter[str]]
    #: Clock error in seconds by container id.
    skews: Mapping[str, float]
    #: Container id by process id.
    pids: Mapping[int, str]
    #: Moves of Redis's clock.
    moves: ClockMoves = field(default_factory=ClockMoves)

    @property
    def ends(self) -> Iterator[LeaseEnd]:
        return (end for job in self.jobs.values() for end in job.ends)

    def wrong_clocks(self) -> list[InjectedFault]:
        """Return a fault for each container whose clock is so wrong that S3 refuses it."""
        return [
            InjectedFault("wrong-clock", 0, frozenset({name})) for name, skew_s in self.skews.items() if abs(skew_s) > MAX_SKEW_S
        ]


def gather(cluster: ChaosCluster, jobs: Mapping[str, PlannedJob]) -> Evidence:
    """Collect the evidence after all work has ended."""
    starts = list(_starts(cluster))
    return Evidence(
        jobs={job_id: _of_job(cluster, job_id) for job_id in jobs},
        ledger={str(record.container_id): record for record in cluster.queue.inspect.containers(_ALL)},
        log_counts=_count_log_events(cluster),
        skews={name: skew_s for name, skew_s, _ in starts},
        pids={pid: name for name, _, pid in starts},
        moves=cluster.clock_moves,
    )


def _of_job(cluster: ChaosCluster, job_id: str) -> JobEvidence:
    producer = cluster.queue.producer
    try:
        status = producer.status(job_id)
    except JobNotFound:
        return JobEvidence(None)
    events = list(_events(cluster, job_id))
    return JobEvidence(
        status,
        events,
        {str(result.item_id): result for result in producer.results(job_id)},
        {str(letter.item_id): letter for letter in cluster.queue.inspect.dead(job_id, _ALL)},
        lease_ends(events, cluster.clock_moves),
    )


def _events(cluster: ChaosCluster, job_id: str) -> Iterator[JobEvent]:
    after = "0"
    while page := cluster.queue.producer.events(job_id, after, count=_PAGE):
        yield from page
        after = page[-1].id


def _count_log_events(cluster: ChaosCluster) -> Mapping[str, Counter[str]]:
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for path in [*cluster.logs.glob("*.log"), cluster.folder / "dispatchers.log"]:
        for line in path.read_text(errors="replace").splitlines():
            try:
                entry = json.loads(line)
                counts[entry.get("container_id", "-")][str(entry["event"])] += 1
            except (ValueError, KeyError, TypeError, AttributeError):
                # A line of a library, or the truncated last line of a killed program.
                continue
    return counts


def _starts(cluster: ChaosCluster) -> Iterator[tuple[str, float, int]]:
    """Yield container id, clock error in seconds and process id of every started worker; see skew/sitecustomize.py."""
    for path in (cluster.folder / "starts").iterdir():
        words = path.read_text().split(" ")
        if len(words) == 3:
            yield words[0], float(words[1]), int(words[2])
