"""Texts of subtitles that are not UTF-8, found in a real file."""

from pathlib import Path

import pytest

from container_worker.media.transcode.probing.demuxing import read_table
from tests.container_worker.media.transcode.probing.clips import clip, ffmpeg


@pytest.mark.parametrize(("codec", "ending"), [("srt", "mkv"), ("ass", "mkv")])
def test_a_text_in_another_encoding_is_counted(tmp_path: Path, codec: str, ending: str) -> None:
    """Others, also those beyond ASCII, are not."""
    (tmp_path / "a.srt").write_text("1\n00:00:00,000 --> 00:00:01,000\nPRI?\n\n2\n00:00:01,000 --> 00:00:02,000\nété\n")
    made = ffmpeg(tmp_path / f"b.{ending}", "-i", clip(tmp_path / "a.mp4"), "-i", tmp_path / "a.srt", "-c", "copy", "-c:s", codec)
    assert read_table(made, 0, "source", lambda _bytes: None).unreadable_texts == {}
    made.write_bytes(made.read_bytes().replace(b"PRI?", "При!".encode("cp1251")))
    table = read_table(made, 0, "source", lambda _bytes: None)
    assert (table.unreadable_texts, len(table.packets)) == ({1: 1}, 50)
