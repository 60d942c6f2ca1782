"""Faults planted into joined files: each is found, by the checks that must find it; a file without one passes."""

from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest
from PIL import Image

from container_worker.media.transcode.file_names import SEGMENT_REPORT_FILE
from container_worker.media.transcode.signatures import SIGNATURE_BYTES, pack
from container_worker.media.transcode.verify.child import make
from container_worker.media.transcode.verify.file_names import JOINED_FILE, REPORT_FILE
from container_worker.media.transcode.verify.worker import CHECKS
from scenequeue.errors import BadInput
from scenequeue.jobs.transcode.plan import SegmentReport
from scenequeue.jobs.transcode.verification import Check, TranscodeReport
from tests.container_worker.media.transcode.encode.clips import ffmpeg
from tests.container_worker.media.transcode.verify.joining import CUTS, Encoded, Frame, Mistakes, encode, rendition


@pytest.fixture(scope="module")
def encoded(tmp_path_factory: pytest.TempPathFactory) -> Encoded:
    """A source in three segments, of which two have the same length, and in two sizes."""
    return encode(tmp_path_factory.mktemp("encoded") / "a", rendition(), rendition("tiny", (64, 40)), cuts=(25, 50))


def _report(folder: Path) -> TranscodeReport:
    make({"folder": str(folder)})
    return TranscodeReport.model_validate_json((folder / REPORT_FILE).read_text())


def _failed(encoded: Encoded, folder: Path, mistakes: Mistakes) -> dict[str, Check]:
    report = _report(encoded.folder_with(folder, mistakes=mistakes))
    return {check.name: check for check in report.checks if not check.ok and check.rendition == "small"}


def test_files_without_a_fault_pass(encoded: Encoded, tmp_path: Path) -> None:
    """Every check was made of every rendition, and holds."""
    report = _report(encoded.folder_with(tmp_path / "good"))
    assert [check for check in report.checks if not check.ok] == []
    assert [check.name for check in report.checks].count("frames") == 2
    assert {check.name for check in report.checks} == CHECKS | {"sound"}
    found = {check.name: check.detail.parameters for check in report.checks if check.rendition == "small"}
    assert found["frames"] == {"rendition": "small", "frames": 100, "off_ms": 0.0}
    assert found["sync"]["shift_ms"] == 0.0
    assert found["likeness"]["difference"] < 4
    assert found["joins"]["joins"] == 2
    small, tiny = report.renditions
    assert (small.name, small.width, small.height, small.codec, small.frames, small.duration_s) == (
        "small",
        80,
        48,
        "h264",
        100,
        4.0,
    )
    assert (tiny.width, tiny.bytes) == (64, (tmp_path / "good" / JOINED_FILE.format(1)).stat().st_size)


@pytest.mark.parametrize("container", ["mkv", "flv"])
def test_containers_that_count_in_milliseconds_pass(encoded: Encoded, tmp_path: Path, container: str) -> None:
    """They cannot begin before zero, so all tracks are shifted alike; a shifted sound is found there too."""
    made = replace(encoded, plan=encoded.plan.model_copy(update={"container": container}))
    name = {"mkv": "matroska"}.get(container, container)
    report = _report(made.folder_with(tmp_path / "good", container=name))
    assert [check for check in report.checks if not check.ok] == []
    bad = _report(made.folder_with(tmp_path / "bad", container=name, mistakes=Mistakes(sound_shift_s=Fraction(80, 1000))))
    assert {check.name for check in bad.checks if not check.ok} == {"sync"}


def _retimed(frames: list[Frame], like: list[Frame]) -> list[Frame]:
    """Give frames the times of others, packet by packet."""
    return [
        Frame(frame.data, other.pts, other.dts, frame.is_key, frame.segment) for frame, other in zip(frames, like, strict=False)
    ]


def _of(frames: list[Frame], *segments: int) -> list[Frame]:
    return [frame for number in segments for frame in frames if frame.segment == number]


def _dropped(frames: list[Frame]) -> list[Frame]:
    return _of(frames, 0, 2)


def _dropped_and_closed_up(frames: list[Frame]) -> list[Frame]:
    return _retimed(_of(frames, 0, 2), frames)


def _doubled(frames: list[Frame]) -> list[Frame]:
    return _retimed(_of(frames, 0, 1, 1), frames)


def _swapped(frames: list[Frame]) -> list[Frame]:
    return _retimed(_of(frames, 1, 0, 2), frames)


def _truncated(frames: list[Frame]) -> list[Frame]:
    return frames[:-7]


def _flipped_bit(frames: list[Frame]) -> list[Frame]:
    frame = frames[40]
    at = len(frame.data) - 3
    frame.data = frame.data[:at] + bytes([frame.data[at] ^ 1]) + frame.data[at + 1 :]
    return frames


def _two_ticks(frames: list[Frame]) -> list[Frame]:
    frames[30].pts += 2
    return frames


def _swapped_times(frames: list[Frame]) -> list[Frame]:
    frames[30].pts, frames[31].pts = frames[31].pts, frames[30].pts
    return frames


@pytest.mark.parametrize(
    ("fault", "finders"),
    [
        (_dropped, {"frames", "packets", "likeness"}),
        (_dropped_and_closed_up, {"frames", "packets", "duration", "likeness"}),
        (_doubled, {"packets", "likeness"}),
        (_swapped, {"packets", "likeness"}),
        (_truncated, {"frames", "packets", "duration"}),
        (_flipped_bit, {"packets"}),
        (_two_ticks, {"frames"}),
        (_swapped_times, {"frames"}),
    ],
)
def test_a_fault_of_the_picture_is_found(
    encoded: Encoded, tmp_path: Path, fault: Callable[[list[Frame]], list[Frame]], finders: set[str]
) -> None:
    """Segments dropped, doubled, swapped, truncated; a single bit; a time off by two ticks; two times exchanged."""
    found = _failed(encoded, tmp_path / "bad", Mistakes(fault))
    assert found.keys() >= finders


@pytest.fixture(scope="module")
def watermarked(tmp_path_factory: pytest.TempPathFactory) -> Encoded:
    """The same source with a watermark on it."""
    folder = tmp_path_factory.mktemp("watermarked")
    Image.new("RGB", (40, 40), "white").save(folder / "logo.png")
    return encode(folder / "a", rendition(), cuts=(25, 50), watermark=folder / "logo.png")


@pytest.mark.parametrize("fault", [_dropped, _doubled, _swapped])
def test_a_watermark_hides_no_fault(watermarked: Encoded, tmp_path: Path, fault: Callable[[list[Frame]], list[Frame]]) -> None:
    """The picture beside it counts as much as without it; it is itself where it belongs."""
    good = _report(watermarked.folder_with(tmp_path / "good"))
    assert [check for check in good.checks if not check.ok] == []
    assert {check.name for check in good.checks} == CHECKS | {"sound", "watermark"}
    assert _failed(watermarked, tmp_path / "bad", Mistakes(fault)).keys() >= {"packets", "likeness"}


def test_a_file_without_its_watermark_is_found(encoded: Encoded, watermarked: Encoded, tmp_path: Path) -> None:
    """Although the rest of its picture is right; so is a segment that had another watermark than the others."""
    bare = replace(watermarked, segments=encoded.segments)
    found = {check.name for check in _report(bare.folder_with(tmp_path / "bare")).checks if not check.ok}
    assert found == {"packets", "watermark"}
    folder = watermarked.folder_with(tmp_path / "mixed")
    path = folder / SEGMENT_REPORT_FILE.format(1)
    report = SegmentReport.model_validate_json(path.read_text())
    path.write_text(report.model_copy(update={"watermark": pack(bytes(SIGNATURE_BYTES))}).model_dump_json())
    with pytest.raises(BadInput, match="segment-00001"):
        _report(folder)


def test_what_was_swapped_is_named(encoded: Encoded, tmp_path: Path) -> None:
    """The first segment that is not where it belongs, and a frame that shows something else."""
    found = _failed(encoded, tmp_path / "bad", Mistakes(_swapped))
    assert found["packets"].detail.code == "packets_foreign"
    assert found["packets"].detail.parameters["segment"] == 0
    assert found["likeness"].detail.code == "picture_foreign"
    assert "frames" not in found


def test_a_file_of_another_size_is_found(encoded: Encoded, tmp_path: Path) -> None:
    """The other rendition stands in its place."""
    folder = encoded.folder_with(tmp_path / "bad")
    (folder / JOINED_FILE.format(1)).rename(folder / JOINED_FILE.format(0))
    encoded.join(folder / JOINED_FILE.format(1), name="tiny")
    failed = {check.name: check for check in _report(folder).checks if not check.ok}
    assert failed.keys() >= {"picture", "packets", "headers"}
    assert failed["picture"].detail.parameters["width_px"] == 64


def test_other_headers_are_found(encoded: Encoded, tmp_path: Path) -> None:
    """The joiner has taken them from another file."""
    found = _failed(encoded, tmp_path / "bad", Mistakes(headers=encoded.segments["tiny"][0]))
    assert "headers" in found


def test_silent_sound_is_found(encoded: Encoded, tmp_path: Path) -> None:
    """Its packets are as many, at the same times."""
    silence = tmp_path / "silence.mp4"
    ffmpeg("-i", encoded.sound, "-map", "0:a", "-af", "volume=0", "-c:a", "aac", silence)
    found = _failed(encoded, tmp_path / "bad", Mistakes(sound=silence))
    assert found.keys() == {"tracks"}


@pytest.mark.parametrize("shift_s", [Fraction(80, 1000), Fraction(-80, 1000), Fraction(3, 1000)])
def test_sound_that_is_shifted_is_found(encoded: Encoded, tmp_path: Path, shift_s: Fraction) -> None:
    """Its packets are right, and their times are not; the shift is named."""
    found = _failed(encoded, tmp_path / "bad", Mistakes(sound_shift_s=shift_s))
    assert found.keys() == {"sync"}
    assert found["sync"].detail.parameters["shift_ms"] == pytest.approx(float(shift_s * 1000), abs=0.1)


def test_a_file_that_is_cut_off_is_found(encoded: Encoded, tmp_path: Path) -> None:
    """Without its table of contents it cannot be read at all; the other rendition is checked all the same."""
    folder = encoded.folder_with(tmp_path / "bad")
    whole = (folder / JOINED_FILE.format(0)).read_bytes()
    (folder / JOINED_FILE.format(0)).write_bytes(whole[: len(whole) // 2])
    report = _report(folder)
    assert [check.name for check in report.checks if not check.ok] == ["file"]
    assert [each.name for each in report.renditions] == ["tiny"]


def test_a_source_that_is_not_divided_is_checked_too(tmp_path: Path) -> None:
    """Against the times that were encoded; its ends and its keyframes are decoded."""
    whole = encode(tmp_path / "whole", cuts=None)
    report = _report(whole.folder_with(tmp_path / "good"))
    assert [check for check in report.checks if not check.ok] == []
    assert (report.is_divided, report.segments, report.source.frames, report.source.duration_s) == (False, 1, 100, 4.0)
    assert _failed(whole, tmp_path / "bad", Mistakes(_truncated)).keys() >= {"frames", "packets", "duration"}
    assert _failed(whole, tmp_path / "worse", Mistakes(_two_ticks)).keys() == {"frames"}


@pytest.mark.parametrize("text", ["!", ""])
def test_a_report_whose_signatures_are_none_is_refused(encoded: Encoded, tmp_path: Path, text: str) -> None:
    """A copied picture has no signatures, and is not compared."""
    folder = encoded.folder_with(tmp_path / "bad")
    for number in range(3):
        path = folder / SEGMENT_REPORT_FILE.format(number)
        report = SegmentReport.model_validate_json(path.read_text())
        path.write_text(report.model_copy(update={"signatures": text}).model_dump_json())
    if text:
        with pytest.raises(BadInput, match="segment-0000"):
            _report(folder)
    else:
        codes = {check.detail.code for check in _report(folder).checks if check.name == "likeness"}
        assert codes == {"not_compared"}


def test_the_cuts_are_those_of_the_plan(encoded: Encoded) -> None:
    """So that the faults are what they are called."""
    assert [segment.first_frame for segment in encoded.plan.segments] == [0, 25, 50]
    assert CUTS
