"""Subtitle files as people have them, read into plain cues."""

from pathlib import Path

import pytest

from container_worker.render.cues import Cue, read_cues
from container_worker.render.webvtt import read_webvtt, webvtt
from scenequeue.errors import BadInput

VTT = """\
WEBVTT - a title

STYLE
::cue { color: red --> blue }

NOTE a remark
00:00:09.000 --> 00:00:10.000
that is no cue

intro
00:01.000 --> 00:02.500 align:start position:10%
<v Anna>Hello <i>there</i> &amp; you
second line

01:00:00.000 --> 01:00:01.000
{\\an8}Late
"""


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_webvtt_is_read_as_srt_is(tmp_path: Path, encoding: str, newline: str) -> None:
    """Hours may be missing; names, settings, notes and styles are no text; mark-up is taken out."""
    path = tmp_path / "s.vtt"
    path.write_bytes(VTT.replace("\n", newline).encode(encoding))
    assert read_cues(str(path), "subtitles") == [
        Cue(1.0, 2.5, "Hello there & you\nsecond line"), Cue(3600.0, 3601.0, "Late"),
    ]  # fmt: skip


def test_a_webvtt_file_without_cues_is_no_mistake(tmp_path: Path) -> None:
    """An empty sidecar is what a silent scene has."""
    path = tmp_path / "s.vtt"
    path.write_text("WEBVTT\n")
    assert read_cues(str(path), "subtitles") == []


def test_what_is_neither_is_named(tmp_path: Path) -> None:
    """Permanent."""
    path = tmp_path / "s.vtt"
    path.write_text("{1}{2}MicroDVD\n")
    with pytest.raises(BadInput, match="WebVTT"):
        read_cues(str(path), "subtitles")


def test_our_own_webvtt_comes_back_as_it_was(tmp_path: Path) -> None:
    """By our short reader, and by the one for foreign files."""
    cues = [Cue(0.04, 1.0, "a < b & c --> d\n{x} 世界"), Cue(3599.999, 3601.5, "مرحبا")]
    assert read_webvtt(webvtt(cues)) == cues
    path = tmp_path / "s.vtt"
    path.write_text(webvtt(cues), encoding="utf-8")
    assert read_cues(str(path), "subtitles") == cues
