"""An ended transcoding on one screen, and as plain data."""

from typing import Any

import pytest

from sceneburst.terminal.transcode_report import renditions_table, summary_lines, transcode_report
from scenequeue.jobs.container import ContainerRecord
from scenequeue.jobs.ids import ContainerId, ItemId, JobId
from scenequeue.jobs.job import Counts, JobState, JobStatus, Lane
from scenequeue.jobs.result import ItemResult

_SOURCE = {
    "uri": "file:///in/film.mov", "bytes": 1000, "codec": "h264", "width": 1920, "height": 1080, "frames": 600,
    "duration_s": 20.0, "frame_rate": 30.0,
}  # fmt: skip
_RENDITION = {
    "name": "720p", "output": "file:///out/film-720p.mp4", "width": 1280, "height": 720, "codec": "h264", "frames": 600,
    "duration_s": 20.0, "bytes": 5_000_000, "bitrate": 2_000_000,
}  # fmt: skip
_CHECK = {"name": "frames", "rendition": "720p", "ok": True, "detail": {"code": "other", "parameters": {"text": "600 of 600"}}}
_FACTS: dict[str, Any] = {
    "source": _SOURCE, "segments": 2, "is_divided": True, "renditions": [_RENDITION], "checks": [_CHECK],
    "notes": [{"code": "other", "parameters": {"text": "1080p is left out"}}], "cpu_s": {"encode": 30.0, "verify": 0.5},
    "sha256": "of the file",
}  # fmt: skip


def _report(state: JobState, *results: ItemResult) -> dict[str, Any]:
    counts = Counts(done=len(results))
    status = JobStatus(job_id=JobId("t1"), state=state, lane=Lane.NORMAL, counts=counts, created_ms=1, stages=4)
    probe = ItemResult(item_id=ItemId("0-0"), name="probe", state="done", details={"segments": 2}, container="c1")
    containers = [ContainerRecord(container_id=ContainerId("c1")), ContainerRecord(container_id=ContainerId("idle"))]
    return transcode_report(status, [probe, *results], containers, 12.34, 2)


def _verify(**more: Any) -> ItemResult:
    return ItemResult.model_validate({"item_id": ItemId("3-0.0.0.0"), "name": "verify", "state": "done", **more})


def test_a_finished_transcoding_tells_all_that_was_made_and_verified() -> None:
    """The facts are those of the last item."""
    report = _report(JobState.DONE, _verify(details=_FACTS))
    assert report["source"] == _SOURCE
    assert report["renditions"] == [{**_RENDITION, "crf": None, "target_vmaf": None, "predicted_vmaf": None}]
    assert (report["segments"], report["hls"], report["errors"]) == (2, None, [])
    (check,) = report["verification"]["checks"]
    assert (check["name"], check["ok"], check["detail"]) == ("frames", True, "600 of 600")
    assert report["totals"] == {
        "wall_s": 12.34, "cpu_s": 30.5, "processing_s": 0.0, "estimated_cost_usd": 0.0, "containers": 1,
    }  # fmt: skip
    assert summary_lines(report)[:3] == [
        "verified: all 1 checks of 1 file hold (frames)",
        "note: 1080p is left out",
        "source: 1920×1080 h264, 20.0 s, 600 frames, in 2 segments",
    ]
    picture = {**report, "source": {**_SOURCE, "frames": 1}, "segments": 1}
    assert summary_lines(picture)[2] == "source: 1920×1080 h264, 20.0 s, 1 frame, in 1 segment"
    ladder = {**report, "hls": "s3://bucket/out/film-hls/film.m3u8"}
    assert summary_lines(ladder)[0] == "HLS ladder: film-hls/film.m3u8"
    table = [line.plain for line in renditions_table(report).plain_lines()]
    assert table[1].split() == ["720p", "1280×720", "h264", "600", "20.0", "s", "4.8", "MiB", "2000"]


def test_a_failed_verification_names_its_checks_and_shows_no_videos() -> None:
    """Nothing was published."""
    dead = _verify(state="dead", code="other", parameters={"text": "wrong", "checks": "frames, sound"}, error_class="BadInput")
    report = _report(JobState.FAILED, dead)
    assert report["renditions"] == []
    assert [(each["name"], each["ok"]) for each in report["verification"]["checks"]] == [("frames", False), ("sound", False)]
    assert summary_lines(report)[0] == "failed: verify: BadInput: wrong"


@pytest.mark.parametrize("details", [{}, {"source": 7}, {**_FACTS, "renditions": "many"}])
def test_facts_of_another_version_are_not_told(details: dict[str, Any]) -> None:
    """The number of segments stays, which the probe has told."""
    report = _report(JobState.DONE, _verify(details=details))
    assert report["source"]["frames"] is None
    assert (report["segments"], report["renditions"]) == (2, [])
