"""Facts of a healthy queue, for the rules to be tested with what differs."""

from typing import Any

from sceneburst.overview.facts import QueueFacts
from sceneburst.overview.trouble import Trouble
from sceneburst.overview.troubles import troubles_of
from scenequeue.jobs.container import ContainerRecord
from scenequeue.jobs.ids import ContainerId, ItemId, JobId
from scenequeue.jobs.item import WorkItem
from scenequeue.jobs.job import Counts, Depth, Lane
from scenequeue.jobs.result import DeadLetter, ItemErrorRecord
from scenequeue.ports.troubles.dead_reasons import DeadReason, LettersOfJob
from scenequeue.reasons import Reason

NOW_MS = 1_790_000_000_000
PLAN = {"why": Reason("plan_at_rest"), "at_ms": NOW_MS - 1000, "usd_per_hour": 0.5, "running": 2, "structures": [2]}
SAFE = {"redis_version": "7.2.4", "aof_enabled": 1, "maxmemory_policy": "noeviction", "role": "master"}


def depth(**counts: int) -> Depth:
    return Depth(counts=Counts(**counts), ready_by_lane=dict.fromkeys(Lane, 0), ready_weight=0.0)


def facts(**parts: Any) -> QueueFacts:
    """Facts of a healthy queue, except for these parts."""
    return QueueFacts(**{"at_ms": NOW_MS, "depth": depth(), "plan": PLAN, "has_dispatcher": True, "server": SAFE} | parts)


def container(name: str = "c1", **parts: Any) -> ContainerRecord:
    """A container that has just reported."""
    fields = {
        "container_id": ContainerId(name),
        "state": "running",
        "started_ms": NOW_MS - 60_000,
        "beat_ms": NOW_MS - 1000,
    } | parts
    return ContainerRecord(**fields)


def letter(code: str = "object_missing", error: str = "ObjectNotFound", **parameters: Any) -> DeadLetter:
    """A dead letter of job a."""
    failed = ItemErrorRecord(attempt=1, error=error, code=code, parameters=parameters, container="c1", at_ms=NOW_MS - 1000)
    return DeadLetter(
        job_id=JobId("a"),
        item_id=ItemId("0-0"),
        lane=Lane.NORMAL,
        buried_ms=NOW_MS,
        attempts=1,
        errors=[failed],
        item=WorkItem(name="s"),
    )


def of_job(name: str, letters: int, dead: int = 0, done: int = 0, **labels: str) -> LettersOfJob:
    return LettersOfJob(JobId(name), letters, dead or letters, done, labels)


def dead_reason(letters: int, *jobs: LettersOfJob, **parts: Any) -> DeadReason:
    """Letters for a missing object, given up in the last ten minutes."""
    example = letter(uri="s3://shop/a.mp3", answer="404")
    found = DeadReason("object_missing", letters, NOW_MS - 600_000, NOW_MS - 1000, 412, jobs, example)
    return found._replace(**parts)


def only(given: QueueFacts) -> Trouble:
    """The one trouble of these facts, each of its reasons in words."""
    (found,) = troubles_of(given)
    for reason in (found.title, found.problem, found.remedy):
        assert reason.text != reason.plain() or "(" not in reason.text, reason
    return found


def texts(found: Trouble) -> tuple[str, str, str]:
    return found.title.text, found.problem.text, found.remedy.text
