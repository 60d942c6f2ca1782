"""One subtitle cue, and its text without mark-up."""

import html
import re
from dataclasses import dataclass

_TAG = re.compile(
    r"</?(?:i|b|u|s|em|strong|font|span|c|v|ruby|rt|rp|lang|p|div)(?:[\s./][^<>]*)?>"
    # The time of a word.
    r"|<(?:\d+:)?\d{1,2}:\d\d[.,]\d+>",
    re.IGNORECASE,
)
_BREAK = re.compile(r"<br\s*/?>|\\[Nn]", re.IGNORECASE)
_OVERRIDE = re.compile(r"\{\\[^{}]*\}")
_NO_CHARACTER = re.compile(r"&#(?:[0-9]{9,}|[xX][0-9a-fA-F]{9,});?")
#: Control characters, and the direction overrides that could turn text round; kept: newline, marks, isolates.
_CONTROL = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\ufeff\ufff9-\ufffb]")


@dataclass(frozen=True)
class Cue:
    """Plain text shown from `start_s` to `end_s`; its lines are joined by newlines."""

    start_s: float
    end_s: float
    text: str


def plain(text: str) -> str:
    """Take out tags and ASS override blocks, make breaks newlines, resolve entities; what only looks like a tag stays."""
    return tidy(unescape(without_overrides(_TAG.sub("", _BREAK.sub("\n", text)))))


def unescape(text: str) -> str:
    """Resolve character references. Python refuses to read numbers of thousands of digits, which are no characters anyway."""
    return html.unescape(_NO_CHARACTER.sub("\ufffd", text))


def without_overrides(text: str) -> str:
    r"""Take out ASS override blocks (`{\an8}`), which converters leave in files of every kind."""
    return _OVERRIDE.sub("", text)


def tidy(text: str) -> str:
    """Take out control characters, empty lines, and spaces that are not seen."""
    text = _CONTROL.sub("", text.replace("\t", " "))
    lines = (re.sub(r" {2,}", " ", line).strip() for line in text.split("\n"))
    return "\n".join(line for line in lines if line)
