"""Reads SRT and WebVTT subtitles, whatever their encoding, into plain text with times."""

import html
import io
import re
from collections.abc import Sequence
from dataclasses import dataclass
from heapq import heappop, heappush
from itertools import islice, pairwise
from pathlib import Path

from container_worker.render.charset import decode
from container_worker.render.defaults import MAX_CUE_CHARS, MAX_CUES, MAX_SUBTITLE_BYTES
from container_worker.render.timeline import Span
from container_worker.render.words import warn
from scenequeue.errors import BadInput

#: Most cues that are drawn at one moment; more at once is a broken file.
_MOST_AT_ONCE = 6
#: A WebVTT cue's times: hours may be missing, settings may follow.
_VTT_TIMES = re.compile(r"^((?:\d+:)?\d\d:\d\d[.,]\d{3})[ \t]+-->[ \t]+((?:\d+:)?\d\d:\d\d[.,]\d{3})(?:[ \t].*)?$", re.MULTILINE)
#: A time in an SRT file, with the sign that some editors write where cues were moved to before the start.
_STAMP = re.compile(r"((?<!\d)-)?(\d{1,2}):(\d{1,2}):(\d{1,2})[.,](\d{1,3})")
_TAG = re.compile(r"</?(?:i|b|u|s|em|strong|font|span|c|v|ruby|rt|rp|lang|p|div)(?:[\s./][^<>]*)?>", re.IGNORECASE)
_BREAK = re.compile(r"<br\s*/?>|\\[Nn]", re.IGNORECASE)
_OVERRIDE = re.compile(r"\{\\[^{}]*\}")
#: Control characters, and the direction overrides that could turn text round; kept: newline, marks, isolates.
_CONTROL = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\ufeff\ufff9-\ufffb]")


@dataclass(frozen=True)
class Cue:
    """Plain text shown from `start_s` to `end_s`; its lines are joined by newlines."""

    start_s: float
    end_s: float
    text: str


def plain(text: str) -> str:
    """Cue text without mark-up: tags and ASS override blocks taken out, breaks made newlines, entities resolved."""
    text = _OVERRIDE.sub("", _TAG.sub("", _BREAK.sub("\n", text)))
    text = _CONTROL.sub("", html.unescape(text).replace("\u00a0", " ").replace("\t", " "))
    lines = (re.sub(r" {2,}", " ", line).strip() for line in text.split("\n"))
    return "\n".join(line for line in lines if line)


def srt_of_webvtt(text: str) -> str:
    """A WebVTT file as SRT: cue times and texts; header, notes, styles, regions, names and settings left out."""
    blocks = []
    for block in re.split(r"\n{2,}", text):
        found = _VTT_TIMES.search(block)
        if found and not block.startswith(("NOTE", "STYLE", "REGION")):
            start, end = (time if time.count(":") == 2 else f"00:{time}" for time in found.groups())
            words = block[found.end() :].strip("\n")
            blocks.append(f"{start.replace('.', ',')} --> {end.replace('.', ',')}\n{words}\n")
    return "\n".join(f"{number}\n{block}" for number, block in enumerate(blocks, 1))


def read_cues(path: str, name: str) -> list[Cue]:
    """The cues of an SRT or WebVTT file in order of their start, empty ones left out.

    Those that end before they begin or before 0 are left out, longer ones than can be read are cut; that is said as a
    warning, as is that more cues are due at one moment than are drawn.

    Args:
        path: the file.
        name: what to call it in messages.

    Raises:
        BadInput: it is neither, too large, or holds too many cues.
    """
    size = Path(path).stat().st_size
    if size > MAX_SUBTITLE_BYTES:
        raise BadInput(f"{name} has {size} bytes, more than the {MAX_SUBTITLE_BYTES} that subtitles may have")
    text = decode(Path(path).read_bytes()).replace("\r\n", "\n").replace("\r", "\n")
    if text.startswith("WEBVTT"):
        text = srt_of_webvtt(text)
        if not text:
            return []
    found = _parsed(text)
    if found is None:
        raise BadInput(f"{name} is not an SRT or WebVTT subtitle file: no line 'HH:MM:SS,mmm --> HH:MM:SS,mmm' in it")
    if len(found) > MAX_CUES:
        raise BadInput(f"{name} has {len(found)} cues, more than the {MAX_CUES} allowed")
    forward = [cue for cue in found if cue.end_s > cue.start_s]
    inside = [Cue(max(0.0, cue.start_s), cue.end_s, plain(cue.text)) for cue in forward if cue.end_s > 0]
    cues = [Cue(cue.start_s, cue.end_s, cue.text[:MAX_CUE_CHARS].rstrip()) for cue in inside if cue.text]
    cues.sort(key=lambda cue: (cue.start_s, cue.end_s))
    _warn("cues_backwards", len(found) - len(forward))
    _warn("cues_before_start", len(forward) - len(inside))
    _warn("cues_cut_short", sum(len(cue.text) > MAX_CUE_CHARS for cue in inside), limit=MAX_CUE_CHARS)
    _warn("cues_crowded", crowded(cues), most=_MOST_AT_ONCE)
    return cues


def _warn(code: str, cues: int, **parameters: int) -> None:
    if cues:
        warn(code, cues=cues, **parameters)


def _parsed(text: str) -> list[Cue] | None:
    """The cues of an SRT file as they stand, times signed; None where the text is none."""
    import pysubs2
    from pysubs2.formats.subrip import SubripFormat

    class SignedSubrip(SubripFormat):
        """SRT whose times may be negative."""

        TIMESTAMP = _STAMP

        @staticmethod
        def timestamp_to_ms(groups: Sequence[str]) -> int:
            ms = SubripFormat.timestamp_to_ms(groups[1:])
            return -ms if groups[0] else ms

    if SignedSubrip.guess_format(text) != "srt":
        return None
    # The parser's time grows with the square of the empty lines in a row.
    text = re.sub(r"\n{3,}", "\n\n", text)
    events = pysubs2.SSAFile()
    SignedSubrip.from_file(events, io.StringIO(text), "srt", keep_html_tags=True)
    return [Cue(event.start / 1000, event.end / 1000, event.text) for event in events]


def crowded(cues: Sequence[Cue]) -> int:
    """How many cues begin while as many others as are drawn at one moment are shown."""
    count, ends = 0, list[float]()
    for cue in cues:
        while ends and ends[0] <= cue.start_s:
            heappop(ends)
        count += len(ends) >= _MOST_AT_ONCE
        heappush(ends, cue.end_s)
    return count


def spans(cues: Sequence[Cue], fps: int, frames: int) -> list[Span]:
    """What is shown on which frames: cues clipped to the scene, overlapping ones stacked in order of their start.

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
        texts = dict.fromkeys(cues[index].text for index in islice(showing, _MOST_AT_ONCE))
        if texts and moment < following:
            text = "\n".join(texts)
            if result and result[-1].end == moment and result[-1].text == text:
                result[-1] = Span(result[-1].first, following, text)
            else:
                result.append(Span(moment, following, text))
    return result
