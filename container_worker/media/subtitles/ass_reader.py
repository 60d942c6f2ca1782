"""Reads the dialogue of ASS and SSA files; styles, positions and drawings are ignored."""

import re

from container_worker.media.subtitles.cue import Cue

_STAMP = re.compile(r"\s*(\d+):(\d{1,2}):(\d{1,2})[.:,](\d{1,3})\s*$")
_HEADER = re.compile(r"^\s*\[(?:script info|v4\+? styles|events)\]\s*$", re.IGNORECASE | re.MULTILINE)
_OVERRIDE = re.compile(r"(\{[^{}]*\})")
#: In an override block: \p0 ends a vector drawing, any other number begins one.
_DRAWING = re.compile(r"\\p(\d+)")
_FIELDS = ("layer", "start", "end", "style", "name", "marginl", "marginr", "marginv", "effect", "text")


def is_ass(text: str) -> bool:
    """Return True if a section header of such files is near the beginning."""
    return _HEADER.search(text[:4096]) is not None


def ass_cues(text: str) -> list[Cue]:
    """Return the cues in the file's order, with breaks and override blocks unchanged."""
    cues = []
    fields: tuple[str, ...] = _FIELDS
    for line in text.split("\n"):
        kind, _, rest = line.strip().partition(":")
        if kind.lower() == "format" and "start" in rest.lower():
            fields = tuple(name.strip().lower() for name in rest.split(","))
        elif kind.lower() == "dialogue" and {"start", "end", "text"} <= set(fields):
            values = dict(zip(fields, rest.split(",", len(fields) - 1), strict=False))
            start, end = (_STAMP.match(values.get(name, "")) for name in ("start", "end"))
            if start and end:
                shown = _without_drawings(values.get("text", "")).replace("\\h", " ")
                cues.append(Cue(_seconds(start), _seconds(end), shown))
    return cues


def _without_drawings(text: str) -> str:
    kept, is_drawing = [], False
    for piece in _OVERRIDE.split(text):
        if _OVERRIDE.fullmatch(piece):
            switches = _DRAWING.findall(piece)
            is_drawing = bool(switches[-1].strip("0")) if switches else is_drawing
            kept.append(piece)
        elif not is_drawing:
            kept.append(piece)
    return "".join(kept)


def _seconds(found: re.Match[str]) -> float:
    hours, minutes, seconds, fraction = found.groups()
    return int(hours) * 3600 + int(minutes) * 60 + int(seconds) + float(f"0.{fraction}")
