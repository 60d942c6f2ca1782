"""All that a run has left to be judged by: histories, results, dead letters, the ledger, logs."""

import json
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from chaos.cluster import ChaosCluster
from chaos.faults.log import Hit
from chaos.judge.attribution import LeaseEnd, lease_ends
from chaos.proxies.s3 import MOST_SKEW_S
from chaos.redis_clock import Moves
from chaos.scenes import PlannedJob
from scenequeue.errors import JobNotFound
from scenequeue.jobs.container import ContainerRecord
from scenequeue.jobs.job import JobEvent, JobStatus
from scenequeue.jobs.result import DeadLetter, ItemResult

_PAGE = 1000
_ALL = 1_000_000


@dataclass(frozen=True)
class JobEvidence:
    """What is known of one job; `status` is None where it is not there."""

    status: JobStatus | None
    events: list[JobEvent] = field(default_factory=list)
    results: dict[str, ItemResult] = field(default_factory=dict)
    letters: dict[str, DeadLetter] = field(default_factory=dict)
    ends: list[LeaseEnd] = field(default_factory=list)


@dataclass(frozen=True)
class Evidence:
    """Of a whole run."""

    jobs: Mapping[str, JobEvidence]
    #: By container id.
    ledger: Mapping[str, ContainerRecord]
    #: How often each container said what; the dispatchers under "-".
    said: Mapping[str, Counter[str]]
    #: Containers to how wrong their clock is, in seconds.
    skews: Mapping[str, float]
    #: Process ids to containers.
    pids: Mapping[int, str]
    #: Of the clock by which Redis dates everything.
    moves: Moves = field(default_factory=Moves)

    @property
    def ends(self) -> Iterator[LeaseEnd]:
        return (end for job in self.jobs.values() for end in job.ends)

    def wrong_clocks(self) -> list[Hit]:
        """A hit for each container whose clock S3 does not bear."""
        return [Hit("wrong-clock", 0, frozenset({name})) for name, skew_s in self.skews.items() if abs(skew_s) > MOST_SKEW_S]


def gather(cluster: ChaosCluster, jobs: Mapping[str, PlannedJob]) -> Evidence:
    """Look at everything, once all is quiet."""
    starts = list(_starts(cluster))
    return Evidence(
        jobs={job_id: _of_job(cluster, job_id) for job_id in jobs},
        ledger={str(record.container_id): record for record in cluster.queue.inspect.containers(_ALL)},
        said=_said(cluster),
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


def _said(cluster: ChaosCluster) -> Mapping[str, Counter[str]]:
    said: dict[str, Counter[str]] = defaultdict(Counter)
    for path in [*cluster.logs.glob("*.log"), cluster.folder / "dispatchers.log"]:
        for line in path.read_text(errors="replace").splitlines():
            try:
                entry = json.loads(line)
                said[entry.get("container_id", "-")][str(entry["event"])] += 1
            except (ValueError, KeyError, TypeError, AttributeError):
                # What a library says, or the last line of one that was killed.
                continue
    return said


def _starts(cluster: ChaosCluster) -> Iterator[tuple[str, float, int]]:
    """Container id, skew in seconds and process id of every worker that got so far; see skew/sitecustomize.py."""
    for path in (cluster.folder / "starts").iterdir():
        words = path.read_text().split(" ")
        if len(words) == 3:
            yield words[0], float(words[1]), int(words[2])
