"""The end of a job as it is expected, and its stages."""

import pytest

from sceneburst.page.views.jobs.stages import Forecast, forecast, stages_of
from scenequeue.jobs.ids import ContainerId, ItemId, JobId
from scenequeue.jobs.job import Counts, JobState, JobStatus, Lane
from scenequeue.jobs.result import ItemResult
from scenequeue.ports.item_listing import LeasedItem

_NOW_MS = 1_000_000


def _job(stage: int = 0, stages: int = 1, state: JobState = JobState.ACTIVE, **counts: int) -> JobStatus:
    named = {"job_id": JobId("j"), "state": state, "lane": Lane.NORMAL, "created_ms": 1, "stage": stage, "stages": stages}
    return JobStatus.model_validate({**named, "counts": Counts(**counts)})


def _leased(number: int, begun_s: float = 0.0) -> LeasedItem:
    begun_ms = int(_NOW_MS - begun_s * 1000) if begun_s else 0
    item = ItemId(f"0-{number}")
    return LeasedItem(JobId("j"), item, ContainerId("c"), 0, 1, "x", need="render/1", weight=5.0, begun_ms=begun_ms)


def _done(number: int, took_s: float = 10.0) -> ItemResult:
    return ItemResult(item_id=ItemId(f"0-{number}"), name="x", state="done", processing_s=took_s)


def test_what_is_left_goes_on_at_the_pace_so_far() -> None:
    """On as many slots as now."""
    leased = [_leased(1), _leased(2)]
    assert forecast(_job(ready=8, leased=2, done=1), [_done(0)], leased, {}, _NOW_MS) == Forecast(50.0, "")


def test_before_the_first_item_has_ended_the_measured_rate_is_taken() -> None:
    """A rate is seconds of work for a unit of weight."""
    assert forecast(_job(leased=1, ready=1), [], [_leased(0)], {"render/1": 2.0}, _NOW_MS) == Forecast(20.0, "")


def test_work_that_has_been_spent_counts() -> None:
    """Not below a share of what is left, as an item may take longer than the others."""
    assert forecast(_job(leased=1), [_done(0)], [_leased(1, begun_s=6)], {}, _NOW_MS) == Forecast(4.0, "")
    found = forecast(_job(leased=1), [_done(0)], [_leased(1, begun_s=600)], {}, _NOW_MS).left_s
    assert found is not None
    assert found > 0


@pytest.mark.parametrize(
    ("job", "leased", "about"),
    [
        (_job(ready=3), [], "nothing_in_work"),
        (_job(leased=1), [_leased(0)], "no_rate"),
        (_job(state=JobState.DONE, done=3), [], "ended"),
    ],
)
def test_what_is_unknown_has_a_reason(job: JobStatus, leased: list[LeasedItem], about: str) -> None:
    """And no number."""
    assert forecast(job, [], leased, {}, _NOW_MS) == Forecast(None, about)


def test_a_stage_that_follows_is_said() -> None:
    """Its items are of another kind."""
    assert forecast(_job(stages=2, leased=1), [_done(0)], [_leased(0)], {}, _NOW_MS).about == "later_stages"


def test_stages_tell_where_the_job_is() -> None:
    """With the numbers of each."""
    first, second = stages_of(_job(stage=1, stages=2, leased=1), [_done(0), _done(1)], [])
    assert (first.title, first.state, first.done) == ("scenes", "done", 2)
    assert (second.title, second.state) == ("film", "now")
