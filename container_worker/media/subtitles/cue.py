"""Defines a subtitle cue, and removes mark-up from its text."""

import html
import re
from dataclasses import dataclass

_TAG = re.compile(
    r"</?(?:i|b|u|s|em|strong|font|span|c|v|ruby|rt|rp|lang|p|div)(?:[\s./][^<>]*)?>"
    # a word's time
    r"|<(?:\d+:)?\d{1,2}:\d\d[.,]\d+>",
    re.IGNORECASE,
)
_BREAK = re.compile(r"<br\s*/?>|\\[Nn]", re.IGNORECASE)
_OVERRIDE = re.compile(r"\{\\[^{}]*\}")
_NO_CHARACTER = re.compile(r"&#(?:[0-9]{9,}|[xX][0-9a-fA-F]{9,});?")
#: Control characters and direction overrides; newline, direction marks and isolates are kept.
_CONTROL = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\ufeff\ufff9-\ufffb]")


@dataclass(frozen=True)
class Cue:
    """Text shown from `start_s` to `end_s`, its lines joined by newlines; plain once `read_cues` has returned it."""

    start_s: float
    end_s: float
    text: str


def plain(text: str) -> str:
    """Remove tags and ASS override blocks, turn breaks into newlines, resolve entities; unknown tags stay as text."""
    return tidy(unescape(without_overrides(_TAG.sub("", _BREAK.sub("\n", text)))))


def unescape(text: str) -> str:
    """Resolve character references; those with huge numbers, which Python refuses to parse, become U+FFFD."""
    return html.unescape(_NO_CHARACTER.sub("\ufffd", text))


def without_overrides(text: str) -> str:
    r"""Remove ASS override blocks (`{\an8}`), which converters leave in files of every kind."""
    return _OVERRIDE.sub("", text)


def tidy(text: str) -> str:
    """Remove control characters, empty lines and redundant spaces."""
    text = _CONTROL.sub("", text.replace("\t", " "))
    lines = (re.sub(r" {2,}", " ", line).strip() for line in text.split("\n"))
    return "\n".join(line for line in lines if line)
