"""Items of the kind `probe`, carried out as a worker does: the child is confined, and what it wrote is checked."""

import contextlib
import threading
from pathlib import Path
from typing import Any

import pytest

from container_worker.kind import Finished, ItemContext, carry_out
from container_worker.kinds import load_kinds
from container_worker.sandbox.limits import Limits
from scenequeue.errors import BadInput
from scenequeue.jobs.ids import ItemId, LeaseToken, check_job_id
from scenequeue.jobs.item import Lease, WorkItem
from scenequeue.jobs.kinds.encode import EncodePayload
from scenequeue.jobs.kinds.probe import ProbePayload
from scenequeue.jobs.transcode.plan import TranscodePlan
from scenequeue.settings import WorkerSettings
from scenequeue.storages.uri import UriStorage
from tests.container_worker.media.transcode.probing.clips import clip, ffmpeg


def _probe(source: Path, **options: Any) -> tuple[Finished, TranscodePlan]:
    """Probe a source; the scratch folder, the outputs and the plan lie beside it."""
    folder = source.parent
    scratch, work = folder / f"scratch-{source.stem}", f"file://{folder}/out/.sceneburst/a/0"
    scratch.mkdir()
    payload = ProbePayload(source=source.as_uri(), output=f"file://{folder}/out", stem="film", work=work)
    item = WorkItem(kind="probe", name="probe", payload=payload.model_dump(mode="json"))
    lease = Lease(job_id=check_job_id("a"), item_id=ItemId("0-0"), token=LeaseToken("1"), attempt=1, deadline_ms=0, item=item)
    context = ItemContext(
        lease=lease, options={"transcode": options}, scratch=scratch,
        storage=UriStorage(WorkerSettings.load(file_roots=[folder])), limits=Limits(wall_s=60), container_id="c1",
        slot=contextlib.nullcontext, on_progress=lambda _share: None, should_stop=threading.Event(), note=lambda _notes: None,
    )  # fmt: skip
    finished = carry_out(load_kinds()["probe"], context)
    return finished, TranscodePlan.model_validate_json((folder / "out/.sceneburst/a/0/plan.json").read_text())


def test_a_plan_is_stored_and_brings_its_segments_and_tracks(tmp_path: Path) -> None:
    """The longest first; the first segment's item brings the joins."""
    source = clip(tmp_path / "a.mp4", "-metadata:s:a:0", "language=deu", seconds=3.4, sound=True)
    finished, plan = _probe(source, renditions=["1080p"], segment_s=1)
    assert finished.result.output == f"file://{tmp_path}/out/.sceneburst/a/0/plan.json"
    assert [artifact.role for artifact in finished.result.artifacts] == ["report"]
    assert finished.result.duration_s == pytest.approx(3.4)
    assert (plan.is_divided, len(plan.frame_pts), plan.container, plan.origin_pts) == (True, 85, "mp4", 0)
    assert [(each.first_frame, each.frames) for each in plan.segments] == [(0, 25), (25, 25), (50, 35)]
    assert [(each.name, each.output) for each in plan.renditions] == [("source", f"file://{tmp_path}/out/film-source.mp4")]
    assert [(track.index, track.action, track.language) for track in plan.tracks] == [(1, "copy", "deu")]
    assert [note["code"] for note in plan.notes] == ["rendition_above_source"]
    assert (plan.source.uri, plan.source.bytes) == (source.as_uri(), source.stat().st_size)
    assert [(item.kind, item.name) for item in finished.brings] == [
        ("audio", "track 1"), ("encode", "segment 2"), ("encode", "segment 0"), ("encode", "segment 1"),
    ]  # fmt: skip
    payloads = [EncodePayload.model_validate(item.payload) for item in finished.brings if item.kind == "encode"]
    assert [each.brings_joins for each in payloads] == [False, True, False]
    assert [each.segment for each in payloads] == [plan.segments[number] for number in (2, 0, 1)]
    assert payloads[0].source_s == pytest.approx(3.4)
    assert finished.brings[2].weight == pytest.approx(160 * 90 / (1920 * 1080), abs=0.001)


def test_a_source_that_is_copied_is_not_divided(tmp_path: Path) -> None:
    """One item for all of it, and the plan says why."""
    finished, plan = _probe(clip(tmp_path / "a.mkv"), codec="copy", container="mkv")
    assert (plan.is_divided, [item.name for item in finished.brings]) == (False, ["segment 0"])
    assert [note["code"] for note in plan.notes] == ["not_divided_copied"]
    (segment,) = plan.segments
    assert (segment.start_pts, segment.frames, segment.keyframes) == (None, 50, [0])


def test_a_raw_stream_is_not_divided(tmp_path: Path) -> None:
    """It has no times."""
    _, plan = _probe(clip(tmp_path / "a.h264"))
    assert (plan.is_divided, plan.notes[0]["code"]) == (False, "not_divided_elementary")


def test_what_only_the_packets_beside_the_picture_tell_is_in_the_plan(tmp_path: Path) -> None:
    """Sound whose format changes midway is converted, and texts that cannot be are named."""
    parts = [
        ffmpeg(tmp_path / f"{rate_hz}.aac", "-f", "lavfi", "-i", "sine=d=0.5", "-ar", str(rate_hz))
        for rate_hz in (48_000, 44_100)
    ]
    (sound := tmp_path / "sound.aac").write_bytes(b"".join(part.read_bytes() for part in parts))
    (texts := tmp_path / "a.srt").write_text("1\n00:00:00,000 --> 00:00:01,000\nPRI?\n")
    picture = clip(tmp_path / "picture.mp4", seconds=1)
    _, plan = _probe(ffmpeg(tmp_path / "a.ts", "-i", picture, "-i", sound, "-map", "0", "-map", "1", "-c", "copy"))
    assert [track.action for track in plan.tracks] == ["aac"]
    assert [note["code"] for note in plan.notes] == ["track_converted_as_it_changes"]
    source = ffmpeg(tmp_path / "b.mkv", "-i", picture, "-i", texts, "-c", "copy", "-c:s", "srt")
    source.write_bytes(source.read_bytes().replace(b"PRI?", "При!".encode("cp1251")))
    _, plan = _probe(source)
    assert [note["code"] for note in plan.notes] == ["texts_not_utf8", "track_converted"]
    assert plan.notes[0]["parameters"] == {"stream": 1, "codec": "subrip", "texts": 1}


def _text(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


def _cut(path: Path, source: Path, keep: float) -> Path:
    whole = source.read_bytes()
    path.write_bytes(whole[: int(len(whole) * keep)])
    return path


_PLAYLIST = "#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nhttp://169.254.169.254/latest\n#EXT-X-ENDLIST\n"
_KEY = "00112233445566778899aabbccddeeff"
_REFUSED = {
    "source_without_video": lambda folder: ffmpeg(folder / "a.m4a", "-f", "lavfi", "-i", "sine=duration=1"),
    "source_incomplete": lambda folder: _cut(folder / "b.mp4", clip(folder / "a.mp4"), 0.9),
    "file_empty": lambda folder: _text(folder / "a.mp4", ""),
    "source_is_text": lambda folder: _text(folder / "a.mp4", "Not a film, but a letter.\n" * 20),
    "source_is_playlist": lambda folder: _text(folder / "a.mp4", _PLAYLIST),
    "source_is_picture": lambda folder: ffmpeg(folder / "a.png", "-f", "lavfi", "-i", "testsrc2", "-frames:v", "1"),
    "source_encrypted": lambda folder: clip(
        folder / "a.mp4", "-encryption_scheme", "cenc-aes-ctr", "-encryption_key", _KEY, "-encryption_kid", _KEY
    ),
}


@pytest.mark.parametrize("code", list(_REFUSED))
def test_a_source_that_is_no_video_is_refused(code: str, tmp_path: Path) -> None:
    """By one permanent error, which names it; nothing is left behind."""
    source = _REFUSED[code](tmp_path)
    with pytest.raises(BadInput, match="source: file://") as refusal:
        _probe(source)
    assert refusal.value.reason.code == code
    assert not (tmp_path / "out").exists()


def test_bytes_without_sense_are_refused(tmp_path: Path) -> None:
    """With what the demuxers say."""
    (source := tmp_path / "a.mp4").write_bytes(bytes(range(256)) * 40)
    with pytest.raises(BadInput, match=r"cannot be read as a video: Invalid data"):
        _probe(source)


def test_the_clock_of_a_broadcast_begins_at_zero(tmp_path: Path) -> None:
    """A file in which picture and sound begin after an hour, and one of which the sound begins before the picture."""
    late = clip(tmp_path / "late.ts", "-output_ts_offset", "3600", sound=True)
    _finished, plan = _probe(late)
    assert plan.frame_pts[0] > 3600 * 90_000
    assert 0 <= (plan.frame_pts[0] - plan.origin_pts) / 90_000 < 0.1

    sooner = tmp_path / "sooner.ts"
    ffmpeg(sooner, "-itsoffset", "2", "-i", late, "-i", late, "-map", "0:v", "-map", "1:a", "-c", "copy", "-copyts")
    _finished, plan = _probe(sooner)
    assert 1.9 < (plan.frame_pts[0] - plan.origin_pts) / 90_000 < 2.1


def test_reordered_frames_that_last_seconds_are_no_clock_that_is_set_back(tmp_path: Path) -> None:
    """Slides at half a frame a second, with B-frames."""
    slides = tmp_path / "slides.mp4"
    ffmpeg(slides, "-f", "lavfi", "-i", "testsrc2=s=64x36:r=1/2:d=60", "-c:v", "libx264", "-bf", "3", "-g", "10")
    _finished, plan = _probe(slides)
    assert len(plan.frame_pts) == 30
