"""Reads the dialogue of ASS and SSA files; styles, positions, drawings and notes are ignored."""

import re

from container_worker.media.subtitles.cue import Cue

#: Hours of at most nine digits, because more become numbers that cannot be computed with.
_STAMP = re.compile(r"\s*(\d{1,9}):(\d{1,2}):(\d{1,2})[.:,](\d{1,3})\s*$")
_HEADER = re.compile(r"^\s*\[(?:script info|v4\+? styles|events)\]\s*$", re.IGNORECASE | re.MULTILINE)
#: A block of overrides and notes, which is never shown, from "{" to the next "}"; or a brace that is escaped, which is shown.
_BLOCK = re.compile(r"(\\[{}]|\{[^}]*\})")
#: In an override block: \p0 ends a vector drawing, any other number begins one.
_DRAWING = re.compile(r"\\p(\d+)")
_FIELDS = ("layer", "start", "end", "style", "name", "marginl", "marginr", "marginv", "effect", "text")


def is_ass(text: str) -> bool:
    """Return True if a section header of such files is near the beginning."""
    return _HEADER.search(text[:4096]) is not None


def ass_cues(text: str) -> tuple[list[Cue], int]:
    r"""Return the cues in the file's order, and the number of lines with unreadable times; breaks (`\N`) are unchanged."""
    cues, unreadable = [], 0
    fields: tuple[str, ...] = _FIELDS
    for line in text.split("\n"):
        kind, _, rest = line.strip().partition(":")
        if kind.lower() == "format":
            names = tuple(name.strip().lower() for name in rest.split(","))
            # Not the Format line of the styles, which have no start.
            fields = names if "start" in names else fields
        elif kind.lower() == "dialogue":
            values = dict(zip(fields, rest.split(",", len(fields) - 1), strict=False))
            start, end = (_STAMP.match(values.get(name, "")) for name in ("start", "end"))
            if start and end:
                cues.append(Cue(_seconds(start), _seconds(end), _visible(values.get("text", ""))))
            else:
                unreadable += 1
    return cues, unreadable


def _visible(text: str) -> str:
    """Return the text without blocks in braces, and without the drawings that blocks begin and end."""
    # Behind the last "}" no block ends; without this, a file of many "{" would be searched to its end for each.
    end = text.rfind("}") + 1
    kept, is_drawing = [], False
    for piece in [*_BLOCK.split(text[:end]), text[end:]]:
        if piece.startswith("{") and piece.endswith("}"):
            switches = _DRAWING.findall(piece)
            is_drawing = bool(switches[-1].strip("0")) if switches else is_drawing
        elif not is_drawing:
            kept.append(piece.replace("\\{", "{").replace("\\}", "}").replace("\\h", " "))
    return "".join(kept)


def _seconds(found: re.Match[str]) -> float:
    hours, minutes, seconds, fraction = found.groups()
    return int(hours) * 3600 + int(minutes) * 60 + int(seconds) + float(f"0.{fraction}")
