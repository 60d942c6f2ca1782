"""Reads WebVTT files by the rules of its standard (W3C, WebVTT: "WebVTT parser" and "cue text parsing rules").

Steps are named as there. A cue's identifier, settings, region, voices and classes are ignored.
"""

import re

from container_worker.media.subtitles.cue import Cue, tidy, unescape, without_overrides

_SPACE = " \t\f"
#: Hours of at most nine digits, because more become numbers that cannot be computed with.
_STAMP = re.compile(r"(?:([0-9]{1,9}):)?([0-9]{2}):([0-9]{2})\.([0-9]{3})(?![0-9])")
#: Beginnings of blocks that are not cues.
_NO_CUE = ("NOTE", "STYLE", "REGION")
_BREAK = re.compile(r"<br\s*/?>", re.IGNORECASE)
#: In cue text a "<" always opens a tag, up to the next ">" or the end.
_TAG = re.compile(r"<[^>]*(?:>|$)")


def is_webvtt(text: str) -> bool:
    """Return True if the text begins with the WebVTT signature."""
    return text.startswith("WEBVTT") and text[6:7] in {"", " ", "\t", "\n"}


def webvtt_cues(text: str) -> tuple[list[Cue], int]:
    """Return the cues of a file with LF newlines, in its order, and the number of cues with unreadable times."""
    lines = text.replace("\x00", "\ufffd").split("\n")
    # A final newline does not begin another line.
    if lines[-1] == "":
        lines.pop()
    cues: list[Cue] = []
    unreadable = 0
    # The header is a block that ends before the first line with an arrow.
    at = 1
    while at < len(lines) and lines[at] and "-->" not in lines[at]:
        at += 1
    while at < len(lines):
        if lines[at] == "":
            at += 1
            continue
        at, times, body, has_arrow = _block(lines, at)
        if times is not None:
            cues.append(Cue(*times, cue_text("\n".join(body))))
        elif has_arrow and not "".join(body[:1]).startswith(_NO_CUE):
            unreadable += 1
    return cues, unreadable


def _block(lines: list[str], first: int) -> tuple[int, tuple[float, float] | None, list[str], bool]:
    """Collect a block: the index after it, a cue's times and lines, and True if it had an arrow in a line of times."""
    times: tuple[float, float] | None = None
    body: list[str] = []
    has_arrow = False
    at = first
    while at < len(lines) and lines[at] != "":
        if "-->" in lines[at]:
            if has_arrow or at - first > 1:
                break  # the next cue begins without an empty line
            has_arrow = True
            times = _times(lines[at])
            if times is not None:
                body = []
        else:
            body.append(lines[at])
        at += 1
    return at, times, body, has_arrow


def _times(line: str) -> tuple[float, float] | None:
    start = _STAMP.match(line.lstrip(_SPACE))
    if start is None:
        return None
    rest = line.lstrip(_SPACE)[start.end() :].lstrip(_SPACE)
    if not rest.startswith("-->"):
        return None
    end = _STAMP.match(rest[3:].lstrip(_SPACE))
    if end is None:
        return None
    first, last = _seconds(start), _seconds(end)
    return None if first is None or last is None else (first, last)


def _seconds(found: re.Match[str]) -> float | None:
    hours, minutes, seconds, ms = (int(part or 0) for part in found.groups())
    return None if minutes > 59 or seconds > 59 else hours * 3600 + minutes * 60 + seconds + ms / 1000


def cue_text(text: str) -> str:
    """Return a cue's visible text: all tags removed, character references resolved."""
    text = _BREAK.sub("\n", without_overrides(text))
    return tidy("".join(unescape(piece) for piece in _TAG.split(text)))
