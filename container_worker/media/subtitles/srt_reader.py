"""Reads SRT files, tolerant of what people and programs write.

A cue is a line of times and all lines up to the next one, except the number before that. Empty lines and numbers may be
missing; times may lack hours, fractions or their usual separators.
"""

import re

from container_worker.media.subtitles.cue import Cue

#: [-][hours:]minutes:seconds[,fraction]; negative where an editor shifted a cue to before the start.
_STAMP = r"(-)?\s*(?:(\d{1,3})\s*[:：]\s*)?(\d{1,3})\s*[:：]\s*(\d{1,2})(?:\s*[.,:;，．]\s*(\d{1,6}))?"
#: Two dashes, or the single one that text editors replace them with.
_ARROW = r"\s*(?:[-–—]\s?[-–—]|[–—])\s?>\s*"
_TIMES = re.compile(rf"^(?:\d+[ \t]+)?{_STAMP}{_ARROW}{_STAMP}(?:\s.*)?$")
#: With another arrow, or none, both times must be complete, because text may contain times of day.
_WHOLE = r"(-)?(\d{1,2}):(\d{1,2}):(\d{1,2})[.,](\d{1,3})"
_WHOLE_TIMES = re.compile(rf"^(?:\d+[ \t]+)?{_WHOLE}(?:\s*(?:[-=]>|→|--?|[–—])\s*|[\s,]+){_WHOLE}(?:\s.*)?$")
_NUMBER = re.compile(r"^\s*\d{1,9}\s*$")
#: Characters of a line that are searched for times.
_MAX_TIMES_CHARS = 200


def srt_cues(text: str) -> list[Cue] | None:
    """Return the cues in the file's order, with signed times and mark-up; None if there is no line of times."""
    cues: list[Cue] = []
    times: tuple[float, float] | None = None
    lines: list[str] = []
    for line in text.split("\n"):
        found = _times_in(line)
        if found is None:
            lines.append(line)
            continue
        if times is not None:
            cues.append(Cue(*times, _text(lines, len(cues) + 2)))
        times, lines = found, []
    if times is None:
        return None
    cues.append(Cue(*times, "\n".join(lines).strip("\n")))
    return cues


def _times_in(line: str) -> tuple[float, float] | None:
    # A cheap test for most lines, which are text.
    if ":" not in line and "：" not in line:
        return None
    line = line.strip()[:_MAX_TIMES_CHARS]
    found = _TIMES.match(line) or _WHOLE_TIMES.match(line)
    if found is None:
        return None
    return _seconds(*found.group(1, 2, 3, 4, 5)), _seconds(*found.group(6, 7, 8, 9, 10))


def _seconds(sign: str | None, hours: str | None, minutes: str, seconds: str, fraction: str | None) -> float:
    ms = (int(hours or 0) * 3600 + int(minutes) * 60 + int(seconds)) * 1000 + int((fraction or "0").ljust(3, "0")[:3])
    return -ms / 1000 if sign else ms / 1000


def _text(lines: list[str], next_number: int) -> str:
    """Return a cue's text without the number of the next cue, which precedes its times or stands alone."""
    end = len(lines)
    while end and not lines[end - 1].strip():
        end -= 1
    if end and _NUMBER.match(lines[end - 1]):
        stands_before = end == len(lines)
        stands_alone = end == 1 or not lines[end - 2].strip()
        if stands_before or (stands_alone and int(lines[end - 1]) == next_number):
            end -= 1
    return "\n".join(lines[:end]).strip("\n")
