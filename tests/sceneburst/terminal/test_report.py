"""The closing account of a job: its numbers, its marks, and a bound on its warnings."""

import io
from typing import Any

import pytest
from rich.console import Console

from sceneburst.terminal.report import report_of, report_table, totals_text, unmade_film, warning_lines
from scenequeue.jobs.container import ContainerRecord
from scenequeue.jobs.ids import ContainerId, ItemId, JobId
from scenequeue.jobs.job import Counts, JobState, JobStatus, Lane
from scenequeue.jobs.result import ItemResult


def _result(index: int, state: str = "done", **more: Any) -> ItemResult:
    fields = {"item_id": ItemId(f"0-{index}"), "name": f"scene{index}", "state": state, "processing_s": 2.0, "container": "c1"}
    return ItemResult.model_validate({**fields, **more})


def _status(state: JobState = JobState.FAILED, **more: Any) -> JobStatus:
    counts = more.pop("counts", Counts(done=2, dead=1))
    return JobStatus(job_id=JobId("a"), state=state, lane=Lane.NORMAL, counts=counts, created_ms=0, **more)


_RESULTS = [
    _result(0, duration_s=5.0, bytes=2048, details={"reused": True}),
    _result(1, duration_s=5.0, bytes=4096),
    _result(2, "dead", error="BadInput: image: [/] no picture", processing_s=None),
]
_CONTAINERS = [
    ContainerRecord(container_id=ContainerId(name), vcpu=1, memory_mib=2048, slots=1, started_ms=1) for name in ("c1", "idle")
]


def _report() -> dict[str, Any]:
    return report_of(_status(), _RESULTS, _CONTAINERS, 2.0, 60_000)


def test_the_totals_count_scenes_seconds_and_the_containers_that_worked() -> None:
    """One that made none of its scenes is not among them, nor in the cost."""
    totals = _report()["totals"]
    assert (totals["scenes"], totals["succeeded"], totals["failed"], totals["success_rate"]) == (3, 2, 1, 0.6667)
    assert (totals["wall_s"], totals["processing_s"], totals["speed_up"]) == (2.0, 4.0, 2.0)
    assert totals["containers"] == 1
    assert totals["estimated_cost_usd"] > 0


@pytest.mark.parametrize("is_made", [True, False])
def test_a_film_is_not_counted_among_the_scenes(is_made: bool) -> None:
    """The totals name it beside them, if it was made."""
    film = ItemResult(item_id=ItemId("1-0"), name="film", state="done", processing_s=1.0, container="c1")
    results = [_result(0), _result(1), *([film] if is_made else [])]
    counts = Counts(done=3) if is_made else Counts(done=2, waiting=1)
    report = report_of(_status(stages=2, counts=counts), results, _CONTAINERS, 2.0, 60_000)
    totals = report["totals"]
    assert (totals["scenes"], totals["succeeded"], totals["failed"], totals["films"]) == (2, 2, 0, 1)
    assert totals_text(report).startswith(f"2 of 2 scenes (100%){' and 1 film' if is_made else ''} in 2.0 s")


def test_a_job_that_took_no_time_or_has_no_scenes_divides_by_nothing() -> None:
    """The shares are 0."""
    totals = report_of(_status(counts=Counts()), [], [], 0.0, 0)["totals"]
    assert (totals["speed_up"], totals["success_rate"], totals["estimated_cost_usd"]) == (0.0, 0.0, 0.0)


@pytest.mark.parametrize("width", [60, 120])
def test_the_table_marks_what_was_there_already_and_shows_reasons_as_they_are(width: int) -> None:
    """Brackets are no markup."""
    screen = Console(file=io.StringIO(), width=width)
    screen.print(report_table(_report(), _RESULTS), crop=False)
    said = screen.file.getvalue()  # type: ignore[attr-defined]
    assert said.count("(as before)") == 1
    assert "[/]" in said
    assert "2.0 KiB" in said
    assert max(map(len, said.splitlines())) <= width


def test_the_totals_are_two_lines() -> None:
    """Scenes and times, containers and cost."""
    first, second = totals_text(_report()).splitlines()
    assert first.startswith("2 of 3 scenes (67%) in 2.0 s wall time; 4.0 s of processing")
    assert second.startswith("1 container; the same on Fargate: about $")


@pytest.mark.parametrize(("count", "last"), [(3, None), (101, "… and 1 more warning"), (205, "… and 105 more warnings")])
def test_a_hundred_warnings_are_shown_and_the_others_counted(count: int, last: str | None) -> None:
    """Each with the name of its scene."""
    warnings = [{"code": "subtitles_outside", "parameters": {}}]
    lines = warning_lines(_result(index, details={"warnings": warnings}) for index in range(count))
    assert lines[0].startswith("scene0: ")
    assert len(lines) == min(count, 100) + (last is not None)
    if last:
        assert lines[-1] == last


@pytest.mark.parametrize(
    ("status", "is_told"),
    [
        (_status(stages=2, counts=Counts(done=2, dead=1, waiting=1)), True),
        (_status(stages=1), False),
        (_status(JobState.DONE, stages=2, counts=Counts(done=3)), False),
        (_status(JobState.CANCELLED, stages=2, counts=Counts(dropped=3, waiting=1)), False),
        (_status(stages=2, counts=Counts(done=3, dead=1)), False),
    ],
)
def test_a_film_that_was_not_made_is_told_where_one_was_to_be(status: JobStatus, is_told: bool) -> None:
    """With the command that makes it once the scenes are mended."""
    line = unmade_film(status, "`sceneburst dead requeue a`")
    assert bool(line) is is_told
    if is_told:
        assert line == "film: not made, because 1 scene failed; mend what the reasons name, then `sceneburst dead requeue a`"
