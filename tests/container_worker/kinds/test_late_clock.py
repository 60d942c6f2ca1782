"""A source whose clock begins late becomes files that begin at zero, with everything else in its place."""

from pathlib import Path

import av

from tests.support.numbered_clips.making import run_ffmpeg
from tests.support.numbered_clips.reading import read_pictures
from tests.support.transcoding import Transcoding

_TEXT = "1\n00:00:01,000 --> 00:00:01,500\nHello\n"
_CHAPTER = "[CHAPTER]\nTIMEBASE=1/1000\nSTART={}\nEND={}\ntitle=a\n"


def test_subtitles_and_chapters_follow_the_picture(tmp_path: Path) -> None:
    """MP4 fills the time before the first text, which is counted from the zero of the source's clock."""
    (tmp_path / "a.srt").write_text(_TEXT)
    (tmp_path / "a.txt").write_text(";FFMETADATA1\n" + _CHAPTER.format(100_000, 101_000) + _CHAPTER.format(101_000, 102_000))
    run_ffmpeg(
        "-f", "lavfi", "-i", "testsrc2=s=64x36:r=25:d=2", "-i", tmp_path / "a.srt", "-i", tmp_path / "a.txt",
        "-map", "0", "-map", "1", "-map_chapters", "2", "-c:v", "libx264", "-c:s", "srt", "-output_ts_offset", "100",
        tmp_path / "a.mkv",
    )  # fmt: skip

    made = Transcoding(tmp_path / "a.mkv", tmp_path / "made", {"webvtt": True})
    made.run()

    assert read_pictures(made.file("source")).start_s == 0
    assert "00:01.000 --> " in (tmp_path / "made" / "film-1.vtt").read_text()
    with av.open(str(made.file("source"))) as opened:
        texts = [packet.pts * packet.time_base for packet in opened.demux(opened.streams.subtitles[0]) if packet.size > 2]
        assert (texts, [each["start"] * each["time_base"] for each in opened.chapters()]) == ([1], [0, 1])
