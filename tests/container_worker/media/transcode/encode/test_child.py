"""Segments of real clips: put together they show every frame of the source once, at the source's times."""

import shutil
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from container_worker.media.ffmpeg import find_ffmpeg
from container_worker.media.transcode.encode.child import REPORT_FILE, SEGMENT_FILE, make
from container_worker.media.transcode.signatures import HEIGHT_PX, WIDTH_PX, unpack
from scenequeue.errors import BadInput
from scenequeue.jobs.kinds.encode import EncodePayload
from scenequeue.jobs.transcode.plan import Segment, SegmentReport
from tests.container_worker.media.transcode.encode.clips import (
    X264,
    Source,
    describe,
    number_in,
    numbered,
    numbers_shown,
    rendition,
)

FRAMES = 90


def encode(source: Source, payload: EncodePayload, folder: Path, watermark: Path | None = None) -> SegmentReport:
    """Run the child's work in this process."""
    folder.mkdir()
    if watermark is not None:
        shutil.copy(watermark, folder / "watermark")
    shutil.copy(source.path, folder / "source")
    data: dict[str, Any] = {
        "payload": payload.model_dump(mode="json"), "source": "source", "ffmpeg": str(find_ffmpeg().path), "folder": str(folder),
        "watermark": watermark and "watermark",
    }  # fmt: skip
    make(data)
    return SegmentReport.model_validate_json((folder / REPORT_FILE).read_text())


def check_all(source: Source, tmp_path: Path, cuts: list[int], *renditions: Any) -> list[SegmentReport]:
    """Encode all segments; every frame is there once, in order, at its time."""
    reports, shown, pts = [], [list[int]() for _ in renditions], [list[int]() for _ in renditions]
    for segment in source.segments(cuts):
        folder = tmp_path / f"segment{segment.number}"
        report = encode(source, source.payload(segment, *renditions), folder)
        reports.append(report)
        for at, each in enumerate(renditions):
            rows = sorted(report.tables[each.name].packets, key=lambda row: row.pts)
            pts[at] += [row.pts for row in rows]
            shown[at] += numbers_shown(folder / SEGMENT_FILE.format(at))
            assert [position for position, row in enumerate(rows) if row.is_key] == segment.keyframes
        signatures = unpack(report.signatures, segment.frames)
        grey = [np.frombuffer(each, np.uint8).reshape(HEIGHT_PX, WIDTH_PX) for each in signatures]
        assert list(map(number_in, grey)) == source.numbers(segment)
    assert shown == [source.numbers()] * len(renditions)
    assert pts == [list(source.pts)] * len(renditions)
    for each in renditions:
        assert len({report.tables[each.name].headers for report in reports}) == 1
    return reports


OPEN_GOP = ("-c:v", "libx264", "-preset", "veryfast", "-g", "25", "-bf", "3", "-x264-params", "open-gop=1:scenecut=0")
VFR = "settb=1/12800,setpts='N*512+mod(N,3)*100'"
CLIPS = {
    "mp4": ("a.mp4", X264, "null"),
    "open_gop": ("a.mp4", OPEN_GOP, "null"),
    "mkv": ("a.mkv", X264, "null"),
    "ts": ("a.ts", X264, "null"),
    "flv": ("a.flv", X264, "null"),
    "avi": ("a.avi", ("-c:v", "mpeg4", "-g", "25"), "null"),
    "vfr": ("a.mp4", (*X264, "-fps_mode", "passthrough", "-enc_time_base", "1/12800"), VFR),
    "vfr_mkv": ("a.mkv", (*X264, "-fps_mode", "passthrough"), VFR),
    "webm": ("a.webm", ("-c:v", "libvpx-vp9", "-deadline", "realtime", "-cpu-used", "8", "-g", "25", "-threads", "1"), "null"),
    "hidden": ("a.mp4", (*X264, "-output_ts_offset", "-1", "-avoid_negative_ts", "disabled"), "null"),
    "late": ("a.mkv", (*X264, "-output_ts_offset", "5.24"), "null"),
}


@pytest.mark.parametrize("name", CLIPS)
def test_segments_show_every_frame_once_at_its_time(tmp_path: Path, name: str) -> None:
    """Cut at a keyframe of the source, and anywhere; frames that an edit list hides are left out."""
    file, options, filters = CLIPS[name]
    source = describe(numbered(tmp_path / file, FRAMES, *options, filters=filters))
    source = replace(source, hidden=25 if name == "hidden" else 0)
    assert len(source.pts) == FRAMES - source.hidden
    check_all(source, tmp_path, [25, 57], rendition("small", (80, 48)), rendition("large", (128, 76)))


def test_two_runs_give_the_same_bytes(tmp_path: Path) -> None:
    """Of every codec."""
    source = describe(numbered(tmp_path / "a.mp4", FRAMES))
    segment = source.segments([25, 57])[1]
    renditions = [rendition("h264"), rendition("h265", codec="h265"), rendition("av1", codec="av1")]
    once, again = (encode(source, source.payload(segment, *renditions), tmp_path / name) for name in ("once", "again"))
    assert once.tables == again.tables
    for at in range(len(renditions)):
        name = SEGMENT_FILE.format(at)
        assert (tmp_path / "once" / name).read_bytes() == (tmp_path / "again" / name).read_bytes()


@pytest.mark.parametrize("codec", ["h265", "av1"])
def test_segments_of_other_codecs_join_as_exactly(tmp_path: Path, codec: str) -> None:
    """With closed groups and keyframes where they were planned, and no others."""
    source = describe(numbered(tmp_path / "a.mp4", FRAMES))
    check_all(source, tmp_path, [25, 57], rendition("small", codec=codec))


def test_a_rate_that_is_capped_keeps_one_header(tmp_path: Path) -> None:
    """Also where segments are of very different content."""
    source = describe(numbered(tmp_path / "a.mp4", FRAMES))
    check_all(source, tmp_path, [25, 57], rendition("small", max_kbps=200))


def test_a_picture_that_begins_before_zero_is_cut_at_its_own_times(tmp_path: Path) -> None:
    """NUT holds no negative times."""
    # MPEG-TS counts to 2 ** 33, after which it begins again.
    options = (*X264, "-output_ts_offset", "95442")
    source = describe(numbered(tmp_path / "a.ts", FRAMES, *options))
    assert source.pts[0] < 0 < source.pts[-1]
    check_all(source, tmp_path, [25, 57], rendition())


def test_a_source_that_is_not_divided_gives_all_its_frames(tmp_path: Path) -> None:
    """With a keyframe every few seconds, the same in all renditions, and its own times."""
    source = describe(numbered(tmp_path / "a.ts", 130))
    segment = Segment(number=0, first_frame=0, frames=100, keyframes=[0, 50])
    renditions = [rendition("small"), rendition("large", (128, 76))]
    report = encode(source, source.payload(segment, *renditions), tmp_path / "whole")
    for at, each in enumerate(renditions):
        assert numbers_shown(tmp_path / "whole" / SEGMENT_FILE.format(at)) == list(range(130))
        rows = sorted(report.tables[each.name].packets, key=lambda row: row.pts)
        assert [row.pts for row in rows] == source.pts
        assert [position for position, row in enumerate(rows) if row.is_key] == [0, 50, 100]
    assert len(unpack(report.signatures, 130)) == 130


def test_repeated_times_are_moved_on(tmp_path: Path) -> None:
    """Every frame of a source that repeats a time is encoded, a tick later."""
    filters = "settb=1/1000,setpts='40*(N-eq(N,30))'"
    options = (*X264[:-2], "-bf", "0", "-fps_mode", "passthrough", "-enc_time_base", "1/1000")
    source = describe(numbered(tmp_path / "a.mkv", FRAMES, *options, filters=filters))
    assert len(set(source.pts)) < FRAMES
    report = encode(source, source.payload(Segment(number=0, first_frame=0, frames=FRAMES), rendition()), tmp_path / "whole")
    assert numbers_shown(tmp_path / "whole" / SEGMENT_FILE.format(0)) == list(range(FRAMES))
    pts = sorted(row.pts for row in report.tables["small"].packets)
    assert len(set(pts)) == FRAMES
    assert max(abs(ours - theirs) for ours, theirs in zip(pts, source.pts, strict=True)) == 1


def test_a_clock_that_is_set_back_goes_on(tmp_path: Path) -> None:
    """All frames of such a source follow one another."""
    parts = [numbered(tmp_path / f"{first}.ts", 40, *X264, first=first) for first in (0, 40)]
    whole = tmp_path / "a.ts"
    whole.write_bytes(b"".join(part.read_bytes() for part in parts))
    source = describe(whole)
    report = encode(source, source.payload(Segment(number=0, first_frame=0, frames=80), rendition()), tmp_path / "whole")
    assert numbers_shown(tmp_path / "whole" / SEGMENT_FILE.format(0)) == list(range(80))
    pts = sorted(row.pts for row in report.tables["small"].packets)
    assert {later - earlier for earlier, later in pairwise(pts)} == {3600}


def test_packets_are_copied_where_no_codec_is_asked_for(tmp_path: Path) -> None:
    """Beside a rendition that is encoded from the same source."""
    source = describe(numbered(tmp_path / "a.mp4", FRAMES))
    copied = rendition("source", (160, 96), "copy")
    shown = list[int]()
    for segment in source.segments([25, 50]):
        folder = tmp_path / f"segment{segment.number}"
        encode(source, source.payload(segment, copied, rendition()), folder)
        shown += numbers_shown(folder / SEGMENT_FILE.format(0))
        assert numbers_shown(folder / SEGMENT_FILE.format(1)) == numbers_shown(folder / SEGMENT_FILE.format(0))
    assert shown == list(range(FRAMES))


def test_a_plan_that_does_not_fit_the_source_is_refused(tmp_path: Path) -> None:
    """Counts are compared, and a keyframe is not taken for granted."""
    source = describe(numbered(tmp_path / "a.mp4", FRAMES))
    segment = source.segments([25, 57])[1]
    for at, (change, reason) in enumerate(
        [
            ({"frames": 33}, "has 32 frames, and the plan has 33"),
            ({"start_pts": 10**9, "end_pts": 2 * 10**9, "lead_pts": None, "tail_pts": None}, "has 0 frames"),
            ({"lead_frames": 7}, "is no keyframe"),
        ]
    ):
        payload = source.payload(segment.model_copy(update=change), rendition())
        with pytest.raises(BadInput, match=reason):
            encode(source, payload, tmp_path / str(at))
