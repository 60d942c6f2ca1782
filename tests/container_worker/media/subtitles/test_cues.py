"""Subtitle files as people have them, read into plain cues."""

import json
from pathlib import Path

import pytest

from container_worker.media.subtitles import srt_reader
from container_worker.media.subtitles.cue import Cue
from container_worker.media.subtitles.cues import read_cues
from container_worker.media.subtitles.webvtt import webvtt
from scenequeue.errors import BadInput
from scenequeue.reasons import Reason

VTT = """\
WEBVTT - a title

STYLE
::cue { color: red --> blue }

NOTE a remark
of two lines

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
    """By the reader for foreign files."""
    cues = [Cue(0.04, 1.0, "a < b & c --> d\n{x} 世界"), Cue(3599.999, 3601.5, "مرحبا")]
    path = tmp_path / "s.vtt"
    path.write_text(webvtt(cues), encoding="utf-8")
    assert read_cues(str(path), "subtitles") == cues


def _read(tmp_path: Path, text: str | bytes) -> list[Cue]:
    path = tmp_path / "s.srt"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read_cues(str(path), "subtitles")


def _warnings(capfd: pytest.CaptureFixture[str]) -> list[str]:
    return [Reason.from_json(json.loads(line)["warning"]).text for line in capfd.readouterr().out.splitlines()]


def test_times_before_the_beginning_are_negative_and_not_positive(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """A cue that reaches into the scene begins with it; one that does not is left out, with a warning."""
    srt = (
        "1\n-00:00:01,000 --> 00:00:02,000\nreaches in\n\n2\n-00:00:03,000 --> -00:00:01,500\nbefore\n\n"
        "3\n00:00:03,000-->00:00:04,000\nno spaces\n"
    )
    assert _read(tmp_path, srt) == [Cue(0.0, 2.0, "reaches in"), Cue(3.0, 4.0, "no spaces")]
    assert _warnings(capfd) == ["subtitles: 1 cue before the beginning (negative times) was left out"]


def test_cues_that_end_before_they_begin_are_left_out_with_a_warning(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """Nobody could see them; the file's author should know."""
    stamps = ["00:00:02,000 --> 00:00:01,000", "00:00:01,000 --> 00:00:01,000", "00:00:01,000 --> 00:00:02,000"]
    assert _read(tmp_path, "\n".join(f"{n}\n{stamp}\ntext {n}\n" for n, stamp in enumerate(stamps))) == [Cue(1.0, 2.0, "text 2")]
    assert _warnings(capfd) == ["subtitles: 2 cues without a length or of a negative one were left out"]


def test_more_cues_at_once_than_are_drawn_give_a_warning(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """Six are drawn; the seventh and eighth are not, and that is said."""
    _read(tmp_path, "\n".join(f"{n}\n00:00:01,000 --> 00:00:02,000\ntext {n}\n" for n in range(8)))
    assert _warnings(capfd) == ["subtitles: 2 cues begin while 6 others are shown, and wait for them, or were left out"]


def test_a_cue_longer_than_can_be_read_is_cut_with_a_warning(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """Breaking it into lines would cost more than drawing all the others."""
    (cue,) = _read(tmp_path, f"1\n00:00:01,000 --> 00:00:02,000\n{'word ' * 100_000}\n")
    assert len(cue.text) <= 2000
    assert _warnings(capfd) == ["subtitles: 1 cue of more than 2000 characters was cut short"]


@pytest.mark.parametrize("arrow", [" --> ", " -> ", "   "])
def test_too_many_cues_are_counted_however_they_are_written(tmp_path: Path, arrow: str) -> None:
    """A cue needs no arrow to be read as one."""
    with pytest.raises(BadInput, match="subtitles has 20001 cues, more than the 20000 allowed"):
        _read(tmp_path, "".join(f"00:00:01,000{arrow}00:00:02,000\n{n}\n\n" for n in range(20_001)))


def test_each_of_a_million_empty_lines_is_looked_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Looked at from each other, they would take hours."""
    looks, inner = 0, srt_reader._times_in

    def count(line: str) -> tuple[float, float] | None:
        nonlocal looks
        looks += 1
        return inner(line)

    monkeypatch.setattr(srt_reader, "_times_in", count)
    text = "1\n00:00:01,000 --> 00:00:02,000\na" + "\n" * 1_000_000 + "b\n"
    assert _read(tmp_path, text)[0].text == "a\nb"
    assert looks == text.count("\n") + 1


CHINESE = "你好，世界。这是一个测试字幕，我们正在看一部很有意思的电影。他说：“走吧！”"
TRADITIONAL = "你好，世界。這是一個測試字幕，我們正在看一部很有意思的電影。"
GERMAN = "Übermäßig schöne Grüße aus München: „Äpfel“ für die Öffentlichkeit – größer, hören, müssen"
FRENCH = "L’été dernier, à la plage, j’étais « très » heureux. Où êtes-vous, mon cœur ? Noël, français, ÉCOLE"


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        *[(CHINESE, encoding) for encoding in ("utf-8", "utf-8-sig", "gbk", "gb18030", "utf-16", "utf-16-le", "utf-16-be")],
        *[(TRADITIONAL, encoding) for encoding in ("utf-8", "big5", "gbk", "utf-16")],
        *[(words, encoding) for words in (GERMAN, FRENCH) for encoding in ("cp1252", "utf-8", "utf-16", "utf-16-le")],
        ("Schöne Grüße", "cp1252"),
        ("Ärger", "cp1252"),
        ("世界", "gbk"),
        ("世界", "big5"),
        ("ASCII", "ascii"),
    ],
)
def test_the_encoding_is_found_out(tmp_path: Path, text: str, encoding: str) -> None:
    """Western text is not taken for Chinese because it could be read as such."""
    srt = f"1\n00:00:01,000 --> 00:00:02,000\n{text}\n\n2\n00:00:03,000 --> 00:00:04,000\n{text}\n"
    assert [cue.text for cue in _read(tmp_path, srt.encode(encoding))] == [text, text]
