"""Subtitles become WebVTT files beside the videos, and are checked."""

from fractions import Fraction
from pathlib import Path

import pytest

from container_worker.media.transcode.captions.file_names import CAPTIONS_FILE, CAPTIONS_REPORT_FILE
from container_worker.media.transcode.captions.times import cue_times_ms, with_durations
from container_worker.media.transcode.verify.captions_checks import check_captions
from scenequeue.jobs.transcode.plan import Packet, PacketTable, TranscodePlan
from scenequeue.jobs.transcode.verification import TranscodeReport
from tests.container_worker.media.transcode.encode.clips import ffmpeg, numbered
from tests.support.transcoding import Transcoding

_FIRST = "1\n00:00:00,500 --> 00:00:01,250\n<i>a</i> --> <b>b & c\n\nWEBVTT\n\n2\n00:00:01,000 --> 00:00:01,800\n{\\an8}bye\n"
_SECOND = "1\n00:00:01,000 --> 00:00:02,000\nfünf\n"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Transcoding:
    """A clip with two tracks of one language, for a container that holds no subtitles."""
    folder = tmp_path_factory.mktemp("captions")
    clip, source = numbered(folder / "clip.mp4", 50), folder / "film.mkv"
    for name, text in (("first.srt", _FIRST), ("second.srt", _SECOND)):
        (folder / name).write_text(text, encoding="utf-8")
    ffmpeg(
        "-i", clip, "-i", folder / "first.srt", "-i", folder / "second.srt", "-map", "0:v", "-map", "1",
        "-map", "2", "-c:v", "copy", "-c:s:0", "ass", "-c:s:1", "srt", "-metadata:s:s", "language=deu", source,
    )  # fmt: skip
    transcoding = Transcoding(source, folder / "out", {"container": "flv", "webvtt": True, "segment_s": 1})
    transcoding.run()
    return transcoding


def test_each_track_becomes_a_file(made: Transcoding) -> None:
    """Text that looks like WebVTT stays text."""
    assert (made.folder / "film-deu.vtt").read_text(encoding="utf-8") == (
        "WEBVTT\n\n00:00:00.500 --> 00:00:01.250\n<i>a</i> --&gt; <b>b &amp; c\nWEBVTT</b>\n\n"
        "00:00:01.000 --> 00:00:01.800\nbye\n"
    )
    assert (made.folder / "film-deu-2.vtt").read_text(encoding="utf-8") == ("WEBVTT\n\n00:00:01.000 --> 00:00:02.000\nfünf\n")


def test_the_report_and_the_artifacts_name_the_files(made: Transcoding) -> None:
    """They are delivered like videos."""
    report = TranscodeReport.model_validate_json((made.folder / "film-report.json").read_text())
    output = f"file://{made.folder}/film-deu"
    assert [(each.name, each.output, each.language, each.cues) for each in report.captions] == [
        ("deu", f"{output}.vtt", "deu", 2), ("deu-2", f"{output}-2.vtt", "deu", 1),
    ]  # fmt: skip
    assert [(each.rendition, each.ok) for each in report.checks if each.name == "captions"] == [("deu", True), ("deu-2", True)]
    artifacts = made.finished[-1][1].result.artifacts
    assert [(each.media_type, each.address) for each in artifacts if each.role == "captions"] == [
        ("text/vtt", f"{output}.vtt"), ("text/vtt", f"{output}-2.vtt"),
    ]  # fmt: skip


def _dropped(text: str) -> str:
    return text.partition("\n\n00:00:01.000")[0] + "\n"


def _shifted(text: str) -> str:
    return text.replace("00:00:01.000", "00:00:01.040")


def _emptied(text: str) -> str:
    return text.replace("bye", "<b>")


def _no_webvtt(text: str) -> str:
    return text.replace("WEBVTT", "WEBVTTX", 1)


@pytest.mark.parametrize(
    ("fault", "code"),
    [(_dropped, "differ"), (_shifted, "differ"), (_emptied, "differ"), (_no_webvtt, "unreadable"), (str.upper, "as_source")],
)
def test_a_file_that_is_not_the_source_s_is_found(made: Transcoding, tmp_path: Path, fault: object, code: str) -> None:
    """A cue that is missing, late, or without text."""
    assert callable(fault)
    for each in made.plan.captions:
        text = (made.work / "captions" / f"{each.index}.vtt").read_text(encoding="utf-8")
        (tmp_path / CAPTIONS_FILE.format(each.index)).write_text(fault(text), encoding="utf-8")
    (tmp_path / CAPTIONS_REPORT_FILE).write_bytes((made.work / "captions" / "report.json").read_bytes())
    plan = TranscodePlan.model_validate(made.plan)
    checks, _, _ = check_captions(plan, tmp_path)
    assert checks[0].detail.code == f"captions_{code}"
    assert checks[0].ok is (code == "as_source")


def _packets(*times: tuple[int, int]) -> list[Packet]:
    return [Packet(pts=pts, dts=None, duration=duration, bytes=1, digest="0" * 16) for pts, duration in times]


def test_a_cue_without_a_duration_is_shown_until_the_next_one() -> None:
    """Five seconds at most, and at least a tick."""
    rows = with_durations(_packets((0, 0), (1000, 0), (9000, 700), (9000, 0)), (1, 1000))
    assert [row.duration for row in rows] == [1000, 5000, 700, 5000]


def test_cues_before_the_picture_are_left_out_or_begin_with_it() -> None:
    """The clock begins at the origin."""
    table = PacketTable(time_base=(1, 1000), codec="subrip", headers="", packets=_packets((-900, 200), (-900, 600), (0, 1)))
    assert cue_times_ms(table, Fraction(-1, 2)) == [None, (0, 200), (500, 501)]
