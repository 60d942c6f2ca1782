"""Subtitle files as they come, each read into its cues: WebVTT by its standard, SRT and ASS as generously as players do."""

import contextlib
import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from scenequeue.errors import BadInput
from tests.container_worker.media.subtitles.reading import Cues, S, T, read

_ONE: Cues = [(1.0, 2.0, "a")]

#: What a WebVTT file holds -> what a browser shows of it.
VTT: dict[str, tuple[str, Cues]] = {
    "nothing": ("WEBVTT", []),
    "nothing and a newline": ("WEBVTT\n", []),
    "a title": (f"WEBVTT title\n\n{T}\na", _ONE),
    "a title after a tab": (f"WEBVTT\ttitle\n\n{T}\na", _ONE),
    "a header": (f"WEBVTT\nKind: captions\nLanguage: en\n\n{T}\na", _ONE),
    "a header and no empty line": (f"WEBVTT\nKind: captions\n{T}\na", _ONE),
    "times right after the signature": (f"WEBVTT\n{T}\na", _ONE),
    "an arrow behind the signature": (f"WEBVTT {T}\n\n{T}\na", _ONE),
    "many empty lines": (f"WEBVTT\n\n\n\n\n{T}\na\n\n\n\n", _ONE),
    "no newline at the end": (f"WEBVTT\n\n{T}\na", _ONE),
    "times at the very end": (f"WEBVTT\n\n{T}", []),
    "CRLF": (f"WEBVTT\r\n\r\n{T}\r\na\r\nb\r\n", [(1.0, 2.0, "a\nb")]),
    "CR": (f"WEBVTT\r\r{T}\ra\rb\r", [(1.0, 2.0, "a\nb")]),
    "newlines of all kinds": (f"WEBVTT\r\n\n{T}\ra\nb\r\nc", [(1.0, 2.0, "a\nb\nc")]),
    "NUL": (f"WEBVTT\n\n{T}\na\x00b", [(1.0, 2.0, "a\ufffdb")]),
    "a name": (f"WEBVTT\n\nintro\n{T}\na", _ONE),
    "a name of digits": (f"WEBVTT\n\n1\n{T}\na", _ONE),
    "a name of two lines": (f"WEBVTT\n\nname\nmore\n{T}\na", _ONE),
    "no empty line between cues": (f"WEBVTT\n\n{T}\na\n00:02.000 --> 00:03.000\nb", [(1.0, 2.0, "a"), (2.0, 3.0, "b")]),
    "no empty line before a named cue": (
        f"WEBVTT\n\n{T}\na\nname\n00:02.000 --> 00:03.000\nb", [(1, 2, "a\nname"), (2, 3, "b")]
    ),
    "two lines of times": (f"WEBVTT\n\n{T}\n00:02.000 --> 00:03.000\nb", [(2.0, 3.0, "b")]),
    "an arrow in the text": (f"WEBVTT\n\n{T}\na --> b\n", []),
    "a line of spaces ends no cue": (f"WEBVTT\n\n{T}\na\n \nb", [(1.0, 2.0, "a\nb")]),
    "a note": (f"WEBVTT\n\nNOTE a\nb\n\n{T}\na", _ONE),
    "a note of one line": (f"WEBVTT\n\nNOTE\n\n{T}\na", _ONE),
    "a note right before times is a name": (f"WEBVTT\n\nNOTE\n{T}\na", _ONE),
    "a style": (f"WEBVTT\n\nSTYLE\n::cue {{ color: red }}\n\n{T}\na", _ONE),
    "a style with an arrow": (f"WEBVTT\n\nSTYLE\n::cue(b) --> {{}}\n\n{T}\na", _ONE),
    "a style after a cue": (f"WEBVTT\n\n{T}\na\n\nSTYLE\n::cue {{}}\n", _ONE),
    "a region": (f"WEBVTT\n\nREGION\nid:fred\nwidth:40%\n\n{T} region:fred\na", _ONE),
    "settings": (f"WEBVTT\n\n{T} align:start position:10%,line-left line:-1 size:35% vertical:rl\na", _ONE),
    "settings that are none": (f"WEBVTT\n\n{T} foo:bar ::: line:x%\na", _ONE),
    "anything behind the times": (f"WEBVTT\n\n{T}xyz\na", _ONE),
    "no hours": ("WEBVTT\n\n00:01.000 --> 00:02.000\na", _ONE),
    "hours at one end": ("WEBVTT\n\n00:01.000 --> 00:00:02.000\na", _ONE),
    "many hours": ("WEBVTT\n\n100:00:01.000 --> 100:00:02.000\na", [(360_001.0, 360_002.0, "a")]),
    "hours of one digit": ("WEBVTT\n\n0:00:01.000 --> 0:00:02.000\na", _ONE),
    "sixty hours": ("WEBVTT\n\n60:00:01.000 --> 60:00:02.000\na", [(216_001.0, 216_002.0, "a")]),
    "no spaces": ("WEBVTT\n\n00:00:01.000-->00:00:02.000\na", _ONE),
    "tabs": ("WEBVTT\n\n\t00:00:01.000\t-->\t00:00:02.000\t\na", _ONE),
    "a comma": ("WEBVTT\n\n00:00:01,000 --> 00:00:02,000\na", []),
    "sixty seconds": ("WEBVTT\n\n00:00:60.000 --> 00:01:02.000\na", []),
    "sixty minutes": ("WEBVTT\n\n60:01.000 --> 61:02.000\na", []),
    "two digits of a second": ("WEBVTT\n\n00:01.00 --> 00:02.00\na", []),
    "four digits of a second": ("WEBVTT\n\n00:01.0000 --> 00:02.0000\na", []),
    "minutes of one digit": ("WEBVTT\n\n0:01.000 --> 0:02.000\na", []),
    "no digits": ("WEBVTT\n\n --> \na", []),
    "digits of another script": ("WEBVTT\n\n0٠:01.000 --> 00:02.000\na", []),
    "another arrow": (f"WEBVTT\n\n00:01.000 -> 00:02.000\na\n\n{T}\na", _ONE),
    "the end before the start": ("WEBVTT\n\n00:02.000 --> 00:01.000\na", []),
    "out of order": ("WEBVTT\n\n00:03.000 --> 00:04.000\nb\n\n00:01.000 --> 00:02.000\na", [(1.0, 2.0, "a"), (3.0, 4.0, "b")]),
    "a mark of the byte order": (f"\ufeffWEBVTT\n\n{T}\na", _ONE),
}  # fmt: skip

#: A WebVTT cue's text -> what is shown.
PAYLOADS = {
    "<i>a</i> <b>b</b> <u>c</u>": "a b c",
    "<v Anna Schmidt>a</v>": "a",
    "<v.loud.fast Anna &amp; Bo>a": "a",
    "<c.yellow.bg_blue>a</c>": "a",
    "<lang de>a</lang>": "a",
    "<ruby>漢<rt>かん</rt></ruby>": "漢かん",
    "<00:00:01.500>a <00:00:01.700><c>b</c>": "a b",
    "a<00:00>b": "ab",
    "<i>never closed": "never closed",
    "closed only</i>": "closed only",
    "<i><b>crossed</i></b>": "crossed",
    "<unknown>a</unknown>": "a",
    "<I>a</I>": "a",
    "a <i": "a",
    "a < b > c": "a c",
    "a <": "a",
    "a <>b": "a b",
    "a > b": "a > b",
    "<i\nclass>a": "a",
    "&lt;i&gt;a&lt;/i&gt;": "<i>a</i>",
    "&amp;lt;": "&lt;",
    "a&nbsp;b": "a\u00a0b",
    "a &amp b &copy; &eacute;&#233;&#xe9;": "a & b © ééé",
    "a & b &; &unknown;": "a & b &; &unknown;",
    "a&lrm;b": "a\u200eb",
    "{\\an8}a": "a",
    "{a}": "{a}",
    "C:\\new": "C:\\new",
    "a<br>b<br/>c": "a\nb\nc",
}

_DAY = "10:30 - 11:00\n10:30 -> 11:00\n12:00:00"
#: What an SRT file holds -> its cues.
SRT: dict[str, tuple[str, Cues]] = {
    "nothing": ("", []),
    "a byte order mark": ("\ufeff", []),
    "empty lines": ("\n\r\n \t\n", []),
    "a number": ("1\n\n", []),
    "a cue without text": (f"1\n{S}\n\n2\n00:00:03,000 --> 00:00:04,000\n\n", []),
    "a cue": (f"1\n{S}\na\n", _ONE),
    "no number": (f"{S}\na\n\n00:00:03,000 --> 00:00:04,000\nb", [(1.0, 2.0, "a"), (3.0, 4.0, "b")]),
    "no empty line": (f"1\n{S}\na\n2\n00:00:03,000 --> 00:00:04,000\nb", [(1.0, 2.0, "a"), (3.0, 4.0, "b")]),
    "an empty line in the text": (f"1\n{S}\na\n\nb\n\n2\n00:00:03,000 --> 00:00:04,000\nc", [(1, 2, "a\nb"), (3, 4, "c")]),
    "an empty line behind the number": (f"1\n\n{S}\na\n\n2\n\n00:00:03,000 --> 00:00:04,000\nb", [(1, 2, "a"), (3, 4, "b")]),
    "a number as text": (f"1\n{S}\n42\n\n2\n00:00:03,000 --> 00:00:04,000\nin\n1984\n", [(1, 2, "42"), (3, 4, "in\n1984")]),
    "a number as text, no numbers": (f"{S}\n42\n\n00:00:03,000 --> 00:00:04,000\nb", [(1, 2, "42"), (3, 4, "b")]),
    "wrong numbers": (f"7\n{S}\na\n\n7\n00:00:03,000 --> 00:00:04,000\nb", [(1.0, 2.0, "a"), (3.0, 4.0, "b")]),
    "the number on the line of times": (f"1 {S}\na", _ONE),
    "words before the first cue": (f"Subtitles by somebody\n\n1\n{S}\na", _ONE),
    "points": (f"1\n{S.replace(',', '.')}\na", _ONE),
    "no hours": ("1\n00:01,000 --> 00:02,000\na", _ONE),
    "no fractions": ("1\n00:00:01 --> 00:00:02\na", _ONE),
    "short fractions": ("1\n0:0:1,0 --> 0:0:2,5\na", [(1.0, 2.5, "a")]),
    "long fractions": ("1\n00:00:01,000000 --> 00:00:02,500000\na", [(1.0, 2.5, "a")]),
    "colons": ("1\n00:00:01:000 --> 00:00:02:000\na", _ONE),
    "spaces in times": ("1\n00: 00: 01, 000 --> 00: 00: 02, 000\na", _ONE),
    "spaces around": (f"1\n  {S}  \na", _ONE),
    "no spaces": ("1\n00:00:01,000-->00:00:02,000\na", _ONE),
    "places": (f"1\n{S}  X1:100 X2:600 Y1:050 Y2:100\na", _ONE),
    "a short arrow": ("1\n00:00:01,000 -> 00:00:02,000\na", _ONE),
    "a long arrow": ("1\n00:00:01,000 —> 00:00:02,000\na", _ONE),
    "an arrow taken apart": ("1\n00:00:01,000 -- > 00:00:02,000\na", _ONE),
    "an arrow of one sign": ("1\n00:00:01,000 → 00:00:02,000\na", _ONE),
    "no arrow": ("1\n00:00:01,000 00:00:02,000\na", _ONE),
    "times of the day in the text": (f"1\n{S}\n{_DAY}", [(1, 2, _DAY)]),
    "overlapping": (f"1\n{S}\na\n\n2\n00:00:01,500 --> 00:00:03,000\nb", [(1.0, 2.0, "a"), (1.5, 3.0, "b")]),
    "out of order": (f"1\n00:00:03,000 --> 00:00:04,000\nb\n\n2\n{S}\na", [(1.0, 2.0, "a"), (3.0, 4.0, "b")]),
    "no length": ("1\n00:00:01,000 --> 00:00:01,000\na", []),
    "a negative length": ("1\n00:00:02,000 --> 00:00:01,000\na", []),
    "before the start": (f"1\n-00:00:02,000 --> -00:00:01,000\na\n\n2\n{S}\na", _ONE),
    "CR": (f"1\r{S}\ra\r", _ONE),
    "NUL": (f"1\n{S}\na\x00\x00", _ONE),
    "mark-up": (f'1\n{S}\n<font color="#fff"><i>a</i></font> < b > c &lt;\\N{{\\an8}}d', [(1.0, 2.0, "a < b > c <\nd")]),
    "word times": (f"1\n{S}\na<00:00:01.500><c> b</c>", [(1.0, 2.0, "a b")]),
    "a WebVTT file without its signature": (f"\n{T} align:start\na", _ONE),
}  # fmt: skip

_ASS_HEAD = "[Script Info]\nTitle: x\n\n[V4+ Styles]\nFormat: Name\nStyle: D\n\n[Events]\n"
_ASS_FORMAT = "Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text\n"
#: What an ASS or SSA file holds -> its cues.
ASS: dict[str, tuple[str, Cues]] = {
    "nothing": (_ASS_HEAD + _ASS_FORMAT, []),
    "only a header": ("[Script Info]\n", []),
    "a line": (_ASS_HEAD + _ASS_FORMAT + "Dialogue: 0,0:00:01.00,0:00:02.00,D,,0,0,0,,a", _ONE),
    "commas in the text": (_ASS_HEAD + _ASS_FORMAT + "Dialogue: 0,0:00:01.00,0:00:02.00,D,,0,0,0,,a, b, c", [(1, 2, "a, b, c")]),
    "breaks and overrides": (
        _ASS_HEAD + _ASS_FORMAT + r"Dialogue: 0,0:00:01.00,0:00:02.50,D,,0,0,0,,{\an8\b1}a\Nb\hc{\b0}", [(1, 2.5, "a\nb c")]
    ),
    "a drawing": (_ASS_HEAD + _ASS_FORMAT + r"Dialogue: 0,0:00:01.00,0:00:02.00,D,,0,0,0,,{\p1}m 0 0 l 9 9{\p0}a", _ONE),
    "a comment": (_ASS_HEAD + _ASS_FORMAT + "Comment: 0,0:00:01.00,0:00:02.00,D,,0,0,0,,a", []),
    "a drawing that a later block ends": (
        _ASS_HEAD + _ASS_FORMAT + r"Dialogue: 0,0:00:01.00,0:00:02.00,D,,0,0,0,,{\p1}m 0 0{a note}l 9 9{\p0\b1}a{", [(1, 2, "a{")]
    ),
    "notes in braces": (
        _ASS_HEAD + _ASS_FORMAT + "Dialogue: 0,0:00:01.00,0:00:02.00,D,,0,0,0,,{TL note: check}a{*}{=2} {b}{}b", [(1, 2, "a b")]
    ),
    "a brace in a note": (_ASS_HEAD + _ASS_FORMAT + "Dialogue: 0,0:00:01.00,0:00:02.00,D,,0,0,0,,{one {two}a", _ONE),
    "a note that never ends": (_ASS_HEAD + _ASS_FORMAT + "Dialogue: 0,0:00:01.00,0:00:02.00,D,,0,0,0,,a {b", [(1, 2, "a {b")]),
    "escaped braces": (_ASS_HEAD + _ASS_FORMAT + r"Dialogue: 0,0:00:01.00,0:00:02.00,D,,0,0,0,,\{a\}{b}\{", [(1, 2, "{a}{")]),
    "another order of fields": (_ASS_HEAD + "Format: Start, End, Text\nDialogue: 0:00:01.00,0:00:02.00,a", _ONE),
    "no format": (_ASS_HEAD + "Dialogue: 0,0:00:01.00,0:00:02.00,D,,0,0,0,,a", _ONE),
    "broken lines": (_ASS_HEAD + _ASS_FORMAT + "Dialogue: 0,soon\nDialogue: 0,0:00:01.00,later,D,,0,0,0,,a\nDialogue:", []),
    "SSA": (
        ("[Script Info]\n\n[V4 Styles]\n\n[Events]\nFormat: Marked, Start, End, Text\n"
        "Dialogue: Marked=0,0:00:01.00,0:00:02.00,a"),
        _ONE,
    ),
}  # fmt: skip


#: What files are made of, in any order.
_PIECES = [
    "WEBVTT", "\n", "\n\n", "\r", T, S, "-->", "1", "00:", "00:01.000", " ", "<i>", "<00:00:01.500>", "</c>", "&#0;", "&amp",
    "a", "{\\an8}", "{\\p1}", "{", "}", "[Script Info]", "[Events]\n", "Dialogue: ", "0,0:00:01.00,0:00:02.00,D,,0,0,0,,",
    "Format: Start,", "NOTE", "STYLE", "REGION", "\x00", "\ufeff", "-00:00:01,000 --> 00:00:02,000",
]  # fmt: skip


@pytest.mark.parametrize("case", VTT)
def test_webvtt_is_read_as_its_standard_says(tmp_path: Path, case: str) -> None:
    """Blocks, times and what stands around them."""
    text, cues = VTT[case]
    assert read(tmp_path, text) == cues


@pytest.mark.parametrize("payload", PAYLOADS)
def test_the_text_of_a_webvtt_cue_is_read_as_its_standard_says(tmp_path: Path, payload: str) -> None:
    """Tags of every name are no text, closed or not; character references are characters."""
    assert read(tmp_path, f"WEBVTT\n\n{T}\n{payload}\n") == [(1.0, 2.0, PAYLOADS[payload])]


@pytest.mark.parametrize("case", SRT)
def test_srt_is_read_as_people_write_it(tmp_path: Path, case: str) -> None:
    """Whatever is missing or odd, as long as it can be told what is meant."""
    text, cues = SRT[case]
    assert read(tmp_path, text) == cues


@pytest.mark.parametrize("case", ASS)
def test_the_dialogue_of_ass_files_is_read(tmp_path: Path, case: str) -> None:
    """Their words and times; how they look is the options' affair."""
    text, cues = ASS[case]
    assert read(tmp_path, text) == cues


@pytest.mark.parametrize("text", ["WEBVTTfoo\n\nhello", "hello", "[Ver]\nhello", "{1}{2}MicroDVD", '{"a": "b"}', "<tt>a</tt>"])
def test_what_is_no_subtitle_file_is_refused_by_name(tmp_path: Path, text: str) -> None:
    """It would be a video without what was ordered."""
    with pytest.raises(BadInput, match=r"^subtitles is not an SRT, WebVTT, ASS or SSA subtitle file"):
        read(tmp_path, text)


def test_times_that_cannot_be_read_are_a_warning(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """A browser says nothing; here somebody waits for the words."""
    assert read(tmp_path, f"WEBVTT\n\n00:01,000 --> 00:02,000\na\n\n{T}\na") == _ONE
    assert json.loads(capfd.readouterr().out)["warning"] == {"code": "cues_unreadable", "parameters": {"cues": 1}}
    dialogue = "".join(f"Dialogue: 0,{start},0:00:02.00,D,,0,0,0,,a\n" for start in ("soon", "0:00:01.00", ""))
    assert read(tmp_path, _ASS_HEAD + _ASS_FORMAT + dialogue) == _ONE
    assert json.loads(capfd.readouterr().out)["warning"] == {"code": "cues_unreadable", "parameters": {"cues": 2}}


_LINES = "a\n" * 999
#: Files that readers of other programs have taken hours for.
_HUGE = {
    "open tags": f"WEBVTT\n\n{T}\n" + "<c " * 500_000,
    "open overrides": f"1\n{S}\n" + "{\\an8" * 300_000,
    "open tags in SRT": f"1\n{S}\n" + "<font " * 300_000,
    "a huge character number": f"1\n{S}\n&#{'9' * 1_000_000};",
    "a huge character number in WebVTT": f"WEBVTT\n\n{T}\n&#x{'9' * 1_000_000}",
    "a line of spaces and colons": f"1\n{S}\n" + " " * 1_000_000 + ":" + " " * 1_000_000 + "\n:" + "1 : " * 300_000,
    "a huge number before times": "9" * 1_000_000 + f"\n{S}\na",
    "cues of many lines": "".join(f"{n // 60:02}:{n % 60:02},000 --> {n // 60:02}:{n % 60:02},999\n{_LINES}" for n in range(600)),
    "open drawings": _ASS_HEAD + "Dialogue: 0,0:00:01.00,0:00:02.00,D,,0,0,0,," + "{\\p1" * 300_000,
    "open notes": _ASS_HEAD + "Dialogue: 0,0:00:01.00,0:00:02.00,D,,0,0,0,," + "{a" * 500_000,
    "open notes before a block": _ASS_HEAD + "Dialogue: 0,0:00:01.00,0:00:02.00,D,,0,0,0,,{}" + "{a" * 500_000,
    "arrows": "WEBVTT\n\n" + "-->\n" * 500_000,
}  # fmt: skip


@pytest.mark.parametrize("case", _HUGE)
def test_a_malicious_file_is_read_in_a_moment(tmp_path: Path, case: str) -> None:
    """Each within the size that is allowed; a reader whose time grew with the square would never come back."""
    assert len(read(tmp_path, _HUGE[case])) <= 600


@given(text=st.one_of(st.text(), st.lists(st.sampled_from(_PIECES)).map("".join)))
@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_text_is_cues_or_one_clear_error(tmp_path: Path, text: str) -> None:
    """Never a traceback, which would be tried three times."""
    with contextlib.suppress(BadInput):
        cues = read(tmp_path, text)
        assert all(0 <= start < end and shown for start, end, shown in cues)
        assert cues == sorted(cues, key=lambda cue: cue[:2])


@pytest.mark.parametrize("digits", [10, 400, 5000])
@pytest.mark.parametrize(
    "text",
    [
        "WEBVTT\n\n{hours}:00:00.000 --> {hours}:00:01.000\nlate\n",
        "[Events]\nFormat: Start, End, Text\nDialogue: {hours}:00:00.00,{hours}:00:01.00,late\n",
    ],
    ids=["webvtt", "ass"],
)
def test_hours_of_hundreds_of_digits_are_unreadable(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], text: str, digits: int
) -> None:
    """Python computes no times with such numbers."""
    assert read(tmp_path, text.format(hours="9" * digits)) == []
    assert "cues_unreadable" in capfd.readouterr().out
