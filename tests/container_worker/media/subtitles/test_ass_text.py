"""The text of decoded subtitles in WebVTT's mark-up."""

import pytest
from hypothesis import given, strategies as st

from container_worker.media.subtitles.ass_text import webvtt_text
from container_worker.media.subtitles.cue import Cue
from container_worker.media.subtitles.webvtt import webvtt_of_markup
from container_worker.media.subtitles.webvtt_reader import webvtt_cues


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (r"{\i1}Hello{\i0} & {\b1}bye{\b0} {\an8}you", "<i>Hello</i> &amp; <b>bye</b> you"),
        (r"{\b1}a{\i1}b{\b0}c{\r}d", "<b>a</b><b><i>b</i></b><i>c</i>d"),
        (r"x --> y <script> &amp;", "x --&gt; y &lt;script&gt; &amp;amp;"),
        (r"line one\N{\i1}line two\N{\i0}", "line one\n<i>line two</i>"),
        (r"\N\N a \h b\n\n\nc", "a b\nc"),
        (r"{\i1}{\i0}{\b1} {\b0}", ""),
        (r"{\p1}m 0 0 l 10 10{\p0}shown{\pos(1,2)}", "shown"),
        (r"{\bord2\iclip(1,2)\b700}bold{\b0\blur3} not", "<b>bold</b> not"),
        (r"\{braces\} and {text}", "{braces} and {text}"),
        ("a\x00\x1b\u202eb\r\u2028c", "abc"),
    ],
)
def test_styles_are_kept_and_all_else_is_text(text: str, expected: str) -> None:
    """Bold, italic, underlined; positions, drawings and empty lines are left out."""
    assert webvtt_text(text, has_notes=False) == expected


def test_notes_in_braces_are_hidden_where_the_subtitles_are_ass() -> None:
    """In others, a brace is a brace."""
    assert webvtt_text("{note}said{open", has_notes=True) == "said{open"
    assert webvtt_text("{note}said", has_notes=False) == "{note}said"


@given(
    st.lists(st.text(st.sampled_from(list("ab <>&-\\{}\n\r\tNnhibup019;#\x00\u2028")) | st.characters(), max_size=30), max_size=4)
)
def test_no_text_can_break_out_of_its_cue(texts: list[str]) -> None:
    """As many cues are read as were written, with the same times, whatever they say."""
    shown = [made for text in texts if (made := webvtt_text(text, has_notes=True))]
    cues, unreadable = webvtt_cues(webvtt_of_markup([Cue(at, at + 0.5, text) for at, text in enumerate(shown)]))
    assert unreadable == 0
    assert [(cue.start_s, cue.end_s) for cue in cues] == [(at, at + 0.5) for at in range(len(shown))]
    assert all(cue.text for cue in cues)
