"""The reason that a job waits follows from its status and the dispatcher's plan."""

from typing import Any

import pytest

from scenequeue.jobs.container import ContainerRecord
from scenequeue.jobs.ids import ContainerId, JobId
from scenequeue.jobs.job import Counts, JobState, JobStatus, Lane, Pause
from scenequeue.jobs.waiting_reason import Surroundings, why_waiting
from scenequeue.reasons import Reason

_PLAN: dict[str, Any] = {"why": "nothing ready", "at_ms": 2000, "starting": 0, "running": 0, "waits_because": None}


_ALL = Pause(about="", since_ms=1_700_000_000_000)


def _job(state: JobState = JobState.ACTIVE, **counts: int) -> JobStatus:
    return JobStatus(job_id=JobId("a"), state=state, lane=Lane.NORMAL, counts=Counts(**counts), created_ms=1000)


def _container(beat_ms: int = 100_000, **more: Any) -> ContainerRecord:
    return ContainerRecord(container_id=ContainerId("c"), beat_ms=beat_ms, **more)


@pytest.mark.parametrize(
    ("counts", "around", "code"),
    [
        ({"ready": 1, "leased": 1}, Surroundings([_ALL], None), None),
        ({"done": 1}, Surroundings([_ALL], None), None),
        ({"ready": 1}, Surroundings([_ALL], None), "paused"),
        ({"delayed": 2}, Surroundings([], None), "retry_later"),
        ({"ready": 1}, Surroundings([], None), "no_dispatcher"),
        ({"ready": 1}, Surroundings([], None, [_container()], 100_000), "busy"),
        ({"ready": 1}, Surroundings([], None, [_container()], 200_000), "no_dispatcher"),
        ({"ready": 1}, Surroundings([], None, [_container(is_draining=True)], 100_000), "no_dispatcher"),
        ({"ready": 1}, Surroundings([], None, [_container(state="gone")], 100_000), "no_dispatcher"),
        ({"ready": 1}, Surroundings([], {**_PLAN, "at_ms": 500}), None),
        ({"ready": 1}, Surroundings([], {**_PLAN, "starting": 1, "running": 2}), "starting"),
        ({"ready": 1}, Surroundings([], {**_PLAN, "running": 2}), "busy"),
        ({"ready": 1}, Surroundings([], _PLAN), "planned"),
        ({"ready": 1}, Surroundings([], {**_PLAN, "waits_because": {"code": "over_budget"}, "running": 2}), "over_budget"),
    ],
)  # fmt: skip
def test_a_job_that_waits_has_one_reason(counts: dict[str, int], around: Surroundings, code: str | None) -> None:
    """A reason that somebody has to act on comes before one that passes by itself."""
    reason = why_waiting(_job(**counts), around)
    assert (reason.code if reason else None) == code
    assert reason is None or reason.text


def test_a_job_that_has_ended_does_not_wait() -> None:
    """Whatever its counters say."""
    assert why_waiting(_job(JobState.CANCELLED, ready=1), Surroundings([_ALL], None)) is None


@pytest.mark.parametrize(
    ("around", "own", "text"),
    [
        ([Pause(about="lane=bulk", by="ann")], None, None),
        (
            [Pause(about="lane=normal", by="ann", since_ms=1_700_000_000_000)],
            None,
            "lane normal is paused by ann since 2023-11-14 22:13 UTC; `sceneburst queue resume --lane normal` goes on",
        ),
        (
            [Pause(about="lane=normal", by="ann")],
            Pause(about="job=a", why="disk <x> full", since_ms=1_700_000_000_000),
            'the job is paused since 2023-11-14 22:13 UTC: "disk <x> full"; `sceneburst queue resume --job a` goes on',
        ),
        (
            [_ALL.model_copy(update={"by": "bob", "why": "night"})],
            Pause(about="job=a", by="ann"),
            'the queue is paused by bob since 2023-11-14 22:13 UTC: "night"; `sceneburst queue resume` goes on',
        ),
    ],
)
def test_a_pause_is_told_with_who_and_why(around: list[Pause], own: Pause | None, text: str | None) -> None:
    """A pause of everything first, then the job's own, then that of its lane; also while only retries wait."""
    for counts in ({"ready": 1}, {"delayed": 1}):
        reason = why_waiting(_job(**counts).model_copy(update={"pause": own}), Surroundings(around, {**_PLAN, "running": 1}))
        assert reason is not None
        assert (reason.text if text else None) == text


@pytest.mark.parametrize(
    ("needs", "running", "code"),
    [
        (("render/2",), 0, "unserved"),
        (("render/2",), 3, "unserved"),
        (("render/1", "render/2"), 3, "busy"),
        (("render/1",), 3, "busy"),
        ((), 3, "busy"),
    ],
)
def test_a_job_that_nobody_serves_is_told_so(needs: tuple[str, ...], running: int, code: str) -> None:
    """Also beside containers that are busy with what they serve; not where they do something of the job too."""
    alarm = Reason("unserved", {"need": "render/2", "items": 7, "image": "old"}).to_json()
    around = Surroundings([], {**_PLAN, "running": running, "alarms": [alarm, 5]})
    reason = why_waiting(_job(ready=1).model_copy(update={"ready_needs": needs}), around)
    assert reason is not None
    assert reason.code == code


@pytest.mark.parametrize(
    ("needs", "at_ms", "code"),
    [(("render/1",), 500, None), (("render/1",), 2000, "planned"), (("render/2",), 500, "unserved"), ((), 500, "unserved")],
)
def test_a_job_that_is_served_does_not_wait_for_the_needs_of_others(needs: tuple[str, ...], at_ms: int, code: str | None) -> None:
    """A dispatcher that launches nothing, because all that waited so far is unserved, has not planned for the new job yet."""
    alarm = Reason("unserved", {"need": "render/2", "items": 7, "image": "old"}).to_json()
    around = Surroundings([], {**_PLAN, "at_ms": at_ms, "waits_because": alarm, "alarms": [alarm]})
    reason = why_waiting(_job(ready=1).model_copy(update={"ready_needs": needs}), around)
    assert (reason.code if reason else None) == code


@pytest.mark.parametrize(
    ("needs", "seen_by", "alarmed", "code"),
    [
        # The plan of an older dispatcher, which does not say what it looks at, and calls needs otherwise than we do.
        (("render/1",), None, "render/1", "older_dispatcher"),
        (("render/1@2",), [2], "render/1", "unserved"),
        (("render/1@2",), [2], "stitch/1", "busy"),
        (("render/1", "render/1@2"), [2], "stitch/1", "busy"),
        (("render/1",), [3, 2], "render/1", "unserved"),
        (("render/1@2",), [4, 3, 2], "render/1", "busy"),
        (("render/1@2",), [4, 3, 2], "render/1@2", "unserved"),
        (("render/1",), [4, 3, 2], "render/1@3", "unserved"),
        (("render/1",), "two", "render/1", "older_dispatcher"),
    ],
)
def test_a_job_in_a_structure_that_the_dispatcher_does_not_look_at_is_told_so(
    needs: tuple[str, ...], seen_by: object, alarmed: str, code: str
) -> None:
    """An alarm about a structure that both look at is found under the dispatcher's own name for the need."""
    alarm = Reason("unserved", {"need": alarmed, "items": 7, "image": "old"}).to_json()
    around = Surroundings([], {**_PLAN, "running": 3, "alarms": [alarm], "structures": seen_by}, structures=(3, 2))
    reason = why_waiting(_job(ready=1).model_copy(update={"ready_needs": needs}), around)
    assert reason is not None
    assert reason.code == code
    assert reason.text
