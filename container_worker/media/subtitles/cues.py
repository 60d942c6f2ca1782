"""Reads subtitle files of any supported format and encoding, and maps their cues to frames."""

import re
from collections.abc import Sequence
from heapq import heappop, heappush
from itertools import islice, pairwise
from pathlib import Path

from container_worker.codes import Code
from container_worker.media.child_protocol import warn
from container_worker.media.defaults import MAX_CUE_CHARS, MAX_CUES, MAX_SUBTITLE_BYTES
from container_worker.media.subtitles.ass_reader import ass_cues, is_ass
from container_worker.media.subtitles.charset import NAMES, decode
from container_worker.media.subtitles.cue import Cue, plain
from container_worker.media.subtitles.rolling import has_word_times, without_repeats
from container_worker.media.subtitles.srt_reader import srt_cues
from container_worker.media.subtitles.timeline import Span
from container_worker.media.subtitles.webvtt_reader import is_webvtt, webvtt_cues
from scenequeue.errors import BadInput

#: Largest number of cues drawn at one moment.
_MAX_AT_ONCE = 6
#: A file without any letter counts as empty; it may hold a byte order mark, empty lines or a number.
_LETTER = re.compile(r"[^\W\d_]")


def read_cues(path: str, name: str, language: str | None = None) -> list[Cue]:
    """Read the cues of an SRT, WebVTT, ASS or SSA file, in order of their start, empty ones left out.

    Cues that end before they begin or before 0 are dropped, and too long texts are cut. Both are warnings, as are more
    cues at one moment than are drawn.

    Args:
        path: the file; an empty one has no cues.
        name: the file's name in messages.
        language: BCP 47 tag of the text, if known; a hint at the encoding.

    Raises:
        BadInput: it has another format, is too large, or has too many cues.
    """
    size = Path(path).stat().st_size
    if size > MAX_SUBTITLE_BYTES:
        raise BadInput(Code.SUBTITLES_TOO_LARGE, input=name, bytes=size, limit=MAX_SUBTITLE_BYTES)
    text = _text_of(Path(path).read_bytes(), language).replace("\r\n", "\n").replace("\r", "\n")
    found = _cues_in(text, name)
    if len(found) > MAX_CUES:
        raise BadInput(Code.CUES_TOO_MANY, input=name, cues=len(found), limit=MAX_CUES)
    forward = [cue for cue in found if cue.end_s > cue.start_s]
    inside = [Cue(max(0.0, cue.start_s), cue.end_s, cue.text) for cue in forward if cue.end_s > 0]
    cues = [Cue(cue.start_s, cue.end_s, cue.text[:MAX_CUE_CHARS].rstrip()) for cue in inside if cue.text]
    cues.sort(key=lambda cue: (cue.start_s, cue.end_s))
    cues = without_repeats(cues, is_rolling=has_word_times(text))
    _warn(Code.CUES_BACKWARDS, len(found) - len(forward))
    _warn(Code.CUES_BEFORE_START, len(forward) - len(inside))
    _warn(Code.CUES_CUT_SHORT, sum(len(cue.text) > MAX_CUE_CHARS for cue in inside), limit=MAX_CUE_CHARS)
    _warn(Code.CUES_CROWDED, count_crowded_cues(cues), most=_MAX_AT_ONCE)
    return cues


def _text_of(data: bytes, language: str | None) -> str:
    decoded = decode(data, language)
    if decoded.is_doubtful:
        warn(Code.CHARSET_GUESSED, encoding=NAMES.get(decoded.encoding, decoded.encoding))
    elif decoded.damaged:
        warn(Code.CHARSET_DAMAGED, encoding=NAMES.get(decoded.encoding, decoded.encoding))
    return decoded.text.lstrip("\ufeff")


def _warn(code: Code, cues: int, **parameters: int) -> None:
    if cues:
        warn(code, cues=cues, **parameters)


def _cues_in(text: str, name: str) -> list[Cue]:
    """Return all cues of the file as plain text."""
    if is_webvtt(text):
        shown, unreadable = webvtt_cues(text)
        _warn(Code.CUES_UNREADABLE, unreadable)
        return shown
    found: list[Cue] | None
    if is_ass(text):
        found, unreadable = ass_cues(text)
        _warn(Code.CUES_UNREADABLE, unreadable)
    else:
        found = srt_cues(text)
    if found is None:
        if _LETTER.search(text):
            raise BadInput(Code.SUBTITLES_UNREADABLE, input=name)
        return []
    # Too many are refused by the caller; do not clean each first.
    return found if len(found) > MAX_CUES else [Cue(cue.start_s, cue.end_s, plain(cue.text)) for cue in found]


def count_crowded_cues(cues: Sequence[Cue]) -> int:
    """Count the cues that begin while the largest number drawn at once is already shown."""
    count, ends = 0, list[float]()
    for cue in cues:
        while ends and ends[0] <= cue.start_s:
            heappop(ends)
        count += len(ends) >= _MAX_AT_ONCE
        heappush(ends, cue.end_s)
    return count


def count_late_cues(cues: Sequence[Cue], fps: int, frames: int) -> int:
    """Count the cues that begin after the last of this many frames."""
    return sum(round(cue.start_s * fps) >= frames for cue in cues)


def spans(cues: Sequence[Cue], fps: int, frames: int) -> list[Span]:
    """Return the text of each range of frames: cues clipped to the scene, overlapping ones stacked in order of start.

    Args:
        cues: in order of their start.
        fps: frames per second.
        frames: length of the scene.

    Returns:
        Spans in order, none overlapping another, each at least one frame long.
    """
    edges: dict[int, tuple[list[int], list[int]]] = {}
    for index, cue in enumerate(cues):
        first = min(max(0, round(cue.start_s * fps)), frames)
        end = min(max(first + 1, round(cue.end_s * fps)), frames)
        if first < end:
            edges.setdefault(first, ([], []))[0].append(index)
            edges.setdefault(end, ([], []))[1].append(index)
    result: list[Span] = []
    showing: dict[int, None] = {}
    for moment, following in pairwise([*sorted(edges), frames]):
        starting, ending = edges[moment]
        for index in ending:
            showing.pop(index, None)
        showing.update(dict.fromkeys(starting))
        texts = dict.fromkeys(cues[index].text for index in islice(showing, _MAX_AT_ONCE))
        if texts and moment < following:
            text = "\n".join(texts)
            if result and result[-1].end == moment and result[-1].text == text:
                result[-1] = Span(result[-1].first, following, text)
            else:
                result.append(Span(moment, following, text))
    return result
