"""Items of the kind `encode`, carried out as a worker does: the child is confined, and what it wrote is checked."""

import contextlib
import threading
from pathlib import Path

import pytest

from container_worker.kind import Finished, ItemContext, carry_out
from container_worker.kinds import load_kinds
from container_worker.sandbox.limits import Limits
from scenequeue.errors import BadInput, ToolFailed
from scenequeue.jobs.ids import ItemId, LeaseToken, check_job_id
from scenequeue.jobs.item import Lease, WorkItem
from scenequeue.jobs.kinds.encode import EncodePayload
from scenequeue.jobs.transcode.plan import SegmentReport
from scenequeue.settings import WorkerSettings
from scenequeue.storage import sha256_of
from scenequeue.storages.uri import UriStorage
from tests.container_worker.media.transcode.encode.clips import describe, numbered, numbers_shown, rendition


def _carry_out(payload: EncodePayload, tmp_path: Path, attempt: int = 1, progress: list[float] | None = None) -> Finished:
    scratch = tmp_path / f"scratch{attempt}"
    scratch.mkdir()
    item = WorkItem(kind="encode", name=f"segment {payload.segment.number}", payload=payload.model_dump(mode="json"))
    work = ItemContext(
        lease=Lease(
            job_id=check_job_id("a"), item_id=ItemId("1-0"), token=LeaseToken("1"), attempt=attempt, deadline_ms=0, item=item
        ),
        options={}, scratch=scratch, storage=UriStorage(WorkerSettings.load(file_roots=[tmp_path])),
        limits=Limits(wall_s=60), container_id="c1", slot=contextlib.nullcontext,
        on_progress=(progress if progress is not None else []).append, should_stop=threading.Event(), note=lambda _notes: None,
    )  # fmt: skip
    return carry_out(load_kinds()["encode"], work)


def test_a_segment_is_stored_with_its_report(tmp_path: Path) -> None:
    """The report is the main output; the files of all renditions lie beside it, and a second attempt finds them."""
    source = describe(numbered(tmp_path / "a.mp4", 90))
    work = f"file://{tmp_path}/out/.sceneburst/a/0"
    payload = source.payload(source.segments([25, 57])[1], rendition("360p"), rendition("240p", (40, 24)), work=work)
    finished = _carry_out(payload, tmp_path)
    result, folder = finished.result, tmp_path / "out/.sceneburst/a/0/segments"
    assert result.output == f"{work}/segments/00001.json"
    assert [artifact.role for artifact in result.artifacts] == ["report", "segment", "segment"]
    assert sorted(path.name for path in folder.iterdir()) == ["00001-240p.nut", "00001-360p.nut", "00001.json"]
    report = SegmentReport.model_validate_json((folder / "00001.json").read_text())
    assert (report.number, report.encoder, list(report.tables)) == (1, payload.encoder, ["360p", "240p"])
    assert report.cpu_s > 0
    assert result.duration_s == pytest.approx(32 / 25)
    assert result.details["frames"] == 32
    assert numbers_shown(folder / "00001-240p.nut") == list(range(25, 57))
    assert finished.brings == ()
    again = _carry_out(payload, tmp_path, attempt=2)
    assert again.result.details["reused"] is True


def test_the_first_segment_brings_the_joins(tmp_path: Path) -> None:
    """One for each rendition; the first of them brings the verify."""
    source = describe(numbered(tmp_path / "a.mp4", 30))
    payload = source.payload(
        source.segments([])[0], rendition("360p"), rendition("240p", (40, 24)), work=f"file://{tmp_path}/out/.sceneburst/a/0"
    )
    payload = payload.model_copy(update={"brings_joins": True, "source_s": 1.2})
    brought = _carry_out(payload, tmp_path).brings
    assert [(item.kind, item.name, item.weight) for item in brought] == [("join", "join 360p", 1.2), ("join", "join 240p", 1.2)]
    assert [item.payload for item in brought] == [
        {"work": payload.work, "rendition": "360p", "brings_verify": True},
        {"work": payload.work, "rendition": "240p", "brings_verify": False},
    ]


def test_another_build_of_ffmpeg_is_left_to_another_container(tmp_path: Path) -> None:
    """The attempt fails before anything is fetched, and may be repeated elsewhere."""
    source = describe(numbered(tmp_path / "a.mp4", 30))
    payload = source.payload(source.segments([])[0], rendition()).model_copy(update={"encoder": "6.0"})
    with pytest.raises(ToolFailed, match=r"the source was probed with 6\.0"):
        _carry_out(payload, tmp_path)


def test_a_source_that_was_read_as_a_whole_is_not_read_again(tmp_path: Path) -> None:
    """Of a storage without ranges, the plan's spans are not read; the reason is the segment's own, and not the storage's."""
    clip = numbered(tmp_path / "a.mp4", 30)
    source = describe(clip)
    (segment,) = source.segments([])
    payload = source.payload(
        segment.model_copy(update={"ranges": [(0, 9)]}), rendition(), work=f"file://{tmp_path}/out/.sceneburst/a/0"
    )
    clip.write_text("none")
    payload = payload.model_copy(update={"source": payload.source.model_copy(update={"version": sha256_of(clip)})})
    with pytest.raises((BadInput, ToolFailed), match="while it encoded a segment"):
        _carry_out(payload, tmp_path)


def test_a_source_that_names_other_files_is_refused(tmp_path: Path) -> None:
    """Playlists and lists of files are in no format that is opened."""
    clip = numbered(tmp_path / "a.mp4", 30)
    source = describe(clip)
    payload = source.payload(source.segments([])[0], rendition(), work=f"file://{tmp_path}/out/.sceneburst/a/0")
    clip.write_text(f"ffconcat version 1.0\nfile '{tmp_path}/b.mp4'\n")
    payload = payload.model_copy(update={"source": payload.source.model_copy(update={"version": sha256_of(clip)})})
    with pytest.raises((BadInput, ToolFailed), match="while it encoded a segment"):
        _carry_out(payload, tmp_path)
