"""Reads SRT and WebVTT subtitles, whatever their encoding, into plain text with times."""

import codecs
import html
import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from container_worker.render.defaults import MAX_CUES, MAX_SUBTITLE_BYTES
from container_worker.render.timeline import Span
from scenequeue.errors import BadInput

#: Most cues that are drawn at one moment; more at once is a broken file.
_MOST_AT_ONCE = 6
#: A WebVTT cue's times: hours may be missing, settings may follow.
_VTT_TIMES = re.compile(r"^((?:\d+:)?\d\d:\d\d[.,]\d{3})[ \t]+-->[ \t]+((?:\d+:)?\d\d:\d\d[.,]\d{3})(?:[ \t].*)?$", re.MULTILINE)
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


def decode(data: bytes) -> str:
    """Text of a subtitle file: by its byte order mark, else UTF-8, else UTF-16 by its zeros, GB18030, Windows-1252."""
    for mark, encoding in ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16")):
        if data.startswith(mark):
            return data.decode(encoding, errors="replace")
    head = data[:4096]
    if head[1::2].count(0) > len(head) // 8:
        return data.decode("utf-16-le", errors="replace")
    if head[0::2].count(0) > len(head) // 8:
        return data.decode("utf-16-be", errors="replace")
    for encoding in ("utf-8", "gb18030"):
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    return data.decode("cp1252", errors="replace")


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
    """The cues of an SRT or WebVTT file in order of their start; empty ones and those that end before they start left out.

    Args:
        path: the file.
        name: what to call it in messages.

    Raises:
        BadInput: it is neither, too large, or holds too many cues.
    """
    import pysubs2
    from pysubs2.formats.subrip import SubripFormat

    size = Path(path).stat().st_size
    if size > MAX_SUBTITLE_BYTES:
        raise BadInput(f"{name} has {size} bytes, more than the {MAX_SUBTITLE_BYTES} that subtitles may have")
    text = decode(Path(path).read_bytes()).replace("\r\n", "\n").replace("\r", "\n")
    if text.startswith("WEBVTT"):
        text = srt_of_webvtt(text)
        if not text:
            return []
    if SubripFormat.guess_format(text) != "srt":
        raise BadInput(f"{name} is not an SRT or WebVTT subtitle file: no line 'HH:MM:SS,mmm --> HH:MM:SS,mmm' in it")
    if text.count("-->") > MAX_CUES:
        raise BadInput(f"{name} has more than the {MAX_CUES} cues allowed")
    events = pysubs2.SSAFile.from_string(text, format_="srt", keep_html_tags=True)
    cues = [Cue(e.start / 1000, e.end / 1000, plain(e.text)) for e in events if e.end > e.start]
    return sorted((cue for cue in cues if cue.text), key=lambda cue: (cue.start_s, cue.end_s))


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
    moments = sorted(edges)
    for moment, following in zip(moments, [*moments[1:], frames], strict=True):
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
