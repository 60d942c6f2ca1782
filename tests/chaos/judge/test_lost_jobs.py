"""The jobs that a producer submits again after a fail-over that lost writes."""

from collections.abc import Callable

from chaos.judge.lost_jobs import LostJobs
from scenequeue.errors import JobNotFound, QueueUnavailable


def _without(*missing: str) -> Callable[[str], None]:
    def look(job_id: str) -> None:
        if job_id in missing:
            raise JobNotFound(job_id)

    return look


def test_only_jobs_acknowledged_since_then_may_be_lost() -> None:
    """An older job that does not exist is a broken promise, which the judge reports."""
    jobs = LostJobs()
    jobs.note_acknowledged("old", 1_000)
    jobs.note_acknowledged("new", 2_000)
    jobs.note_acknowledged("kept", 2_000)
    jobs.check_since(1_500, [])
    assert list(jobs.find_lost([], _without("old", "new"))) == ["new"]
    assert not jobs.has_open
    assert list(jobs.find_lost([], _without("old", "new"))) == []


def test_a_job_on_its_way_is_checked_once_its_producer_has_ended() -> None:
    """The acknowledgement may have come from the server that is gone."""
    jobs = LostJobs()
    jobs.check_since(1_500, ["a"])
    assert list(jobs.find_lost(["a"], _without("a"))) == []
    assert jobs.has_open
    assert list(jobs.find_lost([], _without("a"))) == ["a"]


def test_a_redis_that_does_not_answer_is_asked_again() -> None:
    """No job is submitted twice for lack of an answer."""
    jobs = LostJobs()
    jobs.check_since(0, ["a"])

    def look(_job_id: str) -> None:
        raise QueueUnavailable

    assert list(jobs.find_lost([], look)) == []
    assert jobs.has_open
