"""Joins of real segments and tracks pass every check, whatever the source, the containers and the tracks are."""

from pathlib import Path
from typing import Any

import pytest

from container_worker.media.transcode.verify.child import make
from container_worker.media.transcode.verify.file_names import JOINED_FILE, REPORT_FILE
from scenequeue.jobs.transcode.source import Track
from scenequeue.jobs.transcode.verification import TranscodeReport
from tests.container_worker.media.transcode.encode.clips import X264, ffmpeg, numbered, numbers_shown, rendition
from tests.container_worker.media.transcode.joining.joins import Joined, join, track, with_sound

_COPIED = (track(1, "aac", "copy"),)
_CUES = "1\n00:00:00,500 --> 00:00:01,200\nhello\n\n2\n00:00:02,000 --> 00:00:02,500\nbye\n"


def _verified(joined: Joined) -> dict[str, dict[str, Any]]:
    """Every check holds; their details."""
    (joined.folder / JOINED_FILE.format(0)).write_bytes(joined.path.read_bytes())
    make({"folder": str(joined.folder)})
    report = TranscodeReport.model_validate_json((joined.folder / REPORT_FILE).read_text())
    assert [check for check in report.checks if not check.ok] == []
    return {check.name: check.detail.parameters for check in report.checks}


@pytest.mark.parametrize("container", ["mp4", "mkv", "flv"])
@pytest.mark.parametrize("name", ["a.mp4", "a.mkv", "a.ts", "a.flv", "a.mov"])
def test_sources_of_every_container(tmp_path: Path, name: str, container: str) -> None:
    """Frames without an error in MP4 and MOV, sound without a shift; Matroska and FLV count in milliseconds."""
    checks = _verified(join(with_sound(tmp_path, name), tmp_path / "join", container, _COPIED))
    assert checks["frames"]["off_ms"] <= (0.0 if container == "mp4" else 1.0)
    assert checks["sync"]["shift_ms"] <= (0.1 if container == "mp4" else 1.5)
    assert checks["joins"]["joins"] == 2


@pytest.mark.parametrize(
    ("container", "action"), [("mp4", "aac"), ("mkv", "aac"), ("webm", "opus"), ("mp4", "opus"), ("flv", "aac")]
)
def test_encoded_sound(tmp_path: Path, container: str, action: str) -> None:
    """It is compared with the source's, in steps of 5 ms."""
    checks = _verified(join(with_sound(tmp_path, "a.mp4"), tmp_path / "join", container, (track(1, "aac", action),)))
    assert checks["sound"]["tracks"] == 1
    assert checks["sound"]["lag_ms"] <= 5


@pytest.mark.parametrize("rate", ["24000/1001", "50", "120"])
def test_rates_and_cuts_of_one_frame(tmp_path: Path, rate: str) -> None:
    """Segments of a single frame, too."""
    checks = _verified(join(numbered(tmp_path / "a.mp4", 70, rate=rate), tmp_path / "join", cuts=(1, 2, 40)))
    assert checks["frames"]["off_ms"] == 0
    assert checks["joins"]["joins"] == 3


@pytest.mark.parametrize(
    ("container", "codec", "options"),
    [
        ("mp4", "h264", {"codec_profile": "baseline", "level": "3.0", "tune": "zerolatency"}),
        ("flv", "h264", {"codec_profile": "main", "level": "5.2", "tune": "film"}),
        ("mkv", "h264", {"codec_profile": "high422", "level": "4.1", "pix_fmt": "yuv422p10le"}),
        ("mp4", "h265", {"codec_profile": "main10", "level": "3.1", "pix_fmt": "yuv420p10le", "tune": "grain"}),
        ("mkv", "h265", {"codec_profile": "main422-10", "pix_fmt": "yuv422p"}),
        ("webm", "av1", {"codec_profile": "main", "level": "5.3", "pix_fmt": "yuv420p10le", "tune": "vq"}),
    ],
)
def test_profiles_levels_and_pixel_formats_are_those_that_were_asked_for(
    tmp_path: Path, container: str, codec: str, options: dict[str, Any]
) -> None:
    """A file of another profile or level, or with other pixels, is found."""
    joined = join(numbered(tmp_path / "a.mp4", 70), tmp_path / "join", container, made=rendition(codec=codec, **options))
    _verified(joined)
    assert numbers_shown(joined.path) == list(range(70))
    least = {"h264": "baseline", "h265": "main"}
    wrong = [{"level": "2.1"}, {"pix_fmt": "yuv444p"}]
    wrong += [{"codec_profile": least[codec]}] if options["codec_profile"] not in {"baseline", "main"} else []
    for each in wrong:
        planned = joined.plan.renditions[0].model_copy(update=each)
        plan = joined.plan.model_copy(update={"renditions": [planned]})
        (joined.folder / "plan.json").write_text(plan.model_dump_json())
        make({"folder": str(joined.folder)})
        report = TranscodeReport.model_validate_json((joined.folder / REPORT_FILE).read_text())
        (failed,) = [check for check in report.checks if not check.ok]
        assert (failed.name, failed.detail.code) == ("picture", "picture_format_differs")


@pytest.mark.parametrize("codec", ["h264", "h265", "av1"])
def test_a_source_of_full_range(tmp_path: Path, codec: str) -> None:
    """Its pixel format has another name to decoders, and is the planned one."""
    source = numbered(tmp_path / "a.mp4", 70, pix_fmt="yuvj420p")
    _verified(join(source, tmp_path / "join", "mp4", made=rendition(codec=codec)))


def _shifted(folder: Path, offset_s: str, name: str = "b.mkv") -> Path:
    ffmpeg("-itsoffset", offset_s, "-i", with_sound(folder, "a.mp4"), "-c", "copy", "-copyts", folder / name)
    return folder / name


@pytest.mark.parametrize("name", ["b.mkv", "b.mp4", "b.ts"])
def test_a_source_that_starts_late(tmp_path: Path, name: str) -> None:
    """Picture and sound keep their start."""
    _verified(join(_shifted(tmp_path, "5.24", name), tmp_path / "join", "mp4", _COPIED))


def test_a_source_whose_sound_starts_late(tmp_path: Path) -> None:
    """As in the source, against the picture."""
    clip = with_sound(tmp_path, "a.mp4")
    ffmpeg("-i", clip, "-itsoffset", "0.7", "-i", clip, "-map", "0:v", "-map", "1:a", "-c", "copy", tmp_path / "b.mkv")
    for action in ("copy", "aac"):
        checks = _verified(join(tmp_path / "b.mkv", tmp_path / action, "mp4", (track(1, "aac", action),)))
        assert checks["sync"]["shift_ms"] <= 0.5


def test_frames_of_varying_length(tmp_path: Path) -> None:
    """Every frame has its own time."""
    numbered(tmp_path / "a.mp4", 70, *X264, "-fps_mode", "passthrough", filters="settb=1/12800,setpts='(N+0.4*sin(N))/25/TB'")
    assert _verified(join(tmp_path / "a.mp4", tmp_path / "join"))["frames"]["off_ms"] == 0


@pytest.mark.parametrize(("container", "action"), [("mp4", "mov_text"), ("mkv", "copy"), ("webm", "webvtt")])
def test_subtitles(tmp_path: Path, container: str, action: str) -> None:
    """Copied and converted, with gaps between them."""
    (tmp_path / "a.srt").write_text(_CUES)
    clip = with_sound(tmp_path, "a.mp4")
    ffmpeg("-i", clip, "-i", tmp_path / "a.srt", "-map", "0", "-map", "1", "-c", "copy", "-c:s", "subrip", tmp_path / "b.mkv")
    sound = track(1, "aac", "opus" if container == "webm" else "copy")
    tracks: tuple[Track, ...] = (sound, track(2, "subrip", action, "subtitle"))
    assert _verified(join(tmp_path / "b.mkv", tmp_path / "join", container, tracks))["tracks"]["tracks"] == 2
