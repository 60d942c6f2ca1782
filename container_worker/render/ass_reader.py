"""Reads the dialogue of ASS and SSA files as plain cues; styles, positions and drawings are left out."""

import re

from container_worker.render.cue import Cue

_STAMP = re.compile(r"\s*(\d+):(\d{1,2}):(\d{1,2})[.:,](\d{1,3})\s*$")
_HEADER = re.compile(r"^\s*\[(?:script info|v4\+? styles|events)\]\s*$", re.IGNORECASE | re.MULTILINE)
#: Vector drawings stand between an override that turns them on and one that turns them off.
_DRAWING = re.compile(r"\{[^{}]*\\p[1-9][^{}]*\}.*?(?:\{[^{}]*\\p0[^{}]*\}|$)")
_FIELDS = ("layer", "start", "end", "style", "name", "marginl", "marginr", "marginv", "effect", "text")


def is_ass(text: str) -> bool:
    """True where a section of such files begins near the file's beginning."""
    return _HEADER.search(text[:4096]) is not None


def ass_cues(text: str) -> list[Cue]:
    """The cues in the file's order, breaks and overrides as they stand."""
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
                shown = _DRAWING.sub("", values.get("text", "")).replace("\\h", " ")
                cues.append(Cue(_seconds(start), _seconds(end), shown))
    return cues


def _seconds(found: re.Match[str]) -> float:
    hours, minutes, seconds, fraction = found.groups()
    return int(hours) * 3600 + int(minutes) * 60 + int(seconds) + float(f"0.{fraction}")
