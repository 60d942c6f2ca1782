"""Captions that roll up are shown once."""

from pathlib import Path

import pytest

from tests.container_worker.media.subtitles.reading import Cues, read

_ROLLING_VTT = """WEBVTT
Kind: captions

00:00:00.200 --> 00:00:02.000 align:start position:0%
\x20
hello<00:00:00.480><c> there</c><00:00:00.900><c> my</c>

00:00:02.000 --> 00:00:02.010 align:start position:0%
hello there my
\x20

00:00:02.010 --> 00:00:03.900 align:start position:0%
hello there my
second<00:00:02.480><c> line</c>

00:00:03.900 --> 00:00:03.910 align:start position:0%
second line
\x20

00:00:03.910 --> 00:00:05.000 align:start position:0%
second line
third
"""


_ROLLED: Cues = [(0.2, 2.01, "hello there my"), (2.01, 3.91, "second line"), (3.91, 5.0, "third")]


def test_rolling_lines_are_shown_once(tmp_path: Path) -> None:
    """YouTube's automatic captions, as WebVTT and as the SRT that is made of it."""
    assert read(tmp_path, _ROLLING_VTT) == _ROLLED
    srt = _ROLLING_VTT.replace("WEBVTT\nKind: captions\n", "").replace(" align:start position:0%", "").replace(".", ",")
    for tag in ("<c>", "</c>", "<00:00:00,480>", "<00:00:00,900>", "<00:00:02,480>"):
        srt = srt.replace(tag, "")
    assert read(tmp_path, srt) == _ROLLED


def test_live_captions_of_three_lines_roll(tmp_path: Path) -> None:
    """Each cue repeats two lines of the one before."""
    lines = ["one", "two", "three", "four", "five"]
    cues = [f"{n + 1}\n00:00:0{n},000 --> 00:00:0{n + 1},000\n" + "\n".join(lines[max(0, n - 2) : n + 1]) for n in range(5)]
    assert read(tmp_path, "\n\n".join(cues)) == [(n, n + 1, line) for n, line in enumerate(lines)]


@pytest.mark.parametrize("gap_s", ["000", "500"])
def test_words_that_are_said_again_are_shown_again(tmp_path: Path, gap_s: str) -> None:
    """A repeated line in an ordinary file is no rolling one."""
    times = [f"00:00:0{n},{gap_s if n else '000'} --> 00:00:0{n + 1},000" for n in range(4)]
    texts = ["No.", "No.\nYes.", "Why?", "Because."]
    cues = "\n\n".join(f"{n}\n{time}\n{text}" for n, (time, text) in enumerate(zip(times, texts, strict=True)))
    assert [text for _, _, text in read(tmp_path, cues)] == texts
