"""Which jobs a producer submits again after a fail-over that has lost writes."""

from collections.abc import Callable

from chaos.judge.doubts import Doubts
from scenequeue.errors import JobNotFound, QueueUnavailable


def _without(*missing: str) -> Callable[[str], None]:
    def look(job_id: str) -> None:
        if job_id in missing:
            raise JobNotFound(job_id)

    return look


def test_only_what_was_answered_since_may_have_been_forgotten() -> None:
    """A job that was there before and is not now is lost: that is for the judge."""
    doubts = Doubts()
    doubts.note_answered("old", 1_000)
    doubts.note_answered("new", 2_000)
    doubts.note_answered("kept", 2_000)
    doubts.doubt(1_500, [])
    assert list(doubts.forgotten([], _without("old", "new"))) == ["new"]
    assert not doubts.are_open
    assert list(doubts.forgotten([], _without("old", "new"))) == []


def test_a_job_on_its_way_is_looked_for_when_its_producer_has_been_told() -> None:
    """It may have been told so by the server that is gone."""
    doubts = Doubts()
    doubts.doubt(1_500, ["a"])
    assert list(doubts.forgotten(["a"], _without("a"))) == []
    assert doubts.are_open
    assert list(doubts.forgotten([], _without("a"))) == ["a"]


def test_a_redis_that_does_not_answer_is_asked_again() -> None:
    """Nothing is submitted twice for want of an answer."""
    doubts = Doubts()
    doubts.doubt(0, ["a"])

    def look(_job_id: str) -> None:
        raise QueueUnavailable

    assert list(doubts.forgotten([], look)) == []
    assert doubts.are_open
