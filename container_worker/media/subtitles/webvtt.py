"""Writes subtitles as WebVTT: the sidecar file, and what ffmpeg makes a soft track of."""

from collections.abc import Sequence
from pathlib import Path

from container_worker.media.file_names import CAPTIONS, SUBTITLE_TRACK
from container_worker.media.subtitles.cue import Cue
from container_worker.media.subtitles.timeline import Span

#: ffmpeg leaves marks of its escaping in a mov_text track where braces were; their wide forms pass as they are.
_BRACES = str.maketrans("{}", "\uff5b\uff5d")


def cues_of(spans: Sequence[Span], fps: int) -> list[Cue]:
    """Return the text shown on each range of frames, with times in seconds."""
    return [Cue(span.first / fps, span.end / fps, span.text) for span in spans]


def _stamp(seconds: float) -> str:
    ms = round(seconds * 1000)
    return f"{ms // 3_600_000:02}:{ms // 60_000 % 60:02}:{ms // 1000 % 60:02}.{ms % 1000:03}"


def webvtt(cues: Sequence[Cue]) -> str:
    """The file's text. Cue text is plain: what could be read as mark-up is written as entities."""
    blocks = ["WEBVTT"]
    for cue in cues:
        text = cue.text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
        # An empty line ends a cue.
        lines = "\n".join(line for line in text.split("\n") if line.strip())
        blocks.append(f"{_stamp(cue.start_s)} --> {_stamp(cue.end_s)}\n{lines}")
    return "\n\n".join(blocks) + "\n"


def write_captions(cues: Sequence[Cue], folder: Path, *, beside: bool, soft: bool) -> None:
    """Write what is asked for, in UTF-8: the sidecar, and the file that a soft track is made of."""
    text = webvtt(cues)
    if beside:
        (folder / CAPTIONS).write_text(text, encoding="utf-8")
    if soft and cues:
        (folder / SUBTITLE_TRACK).write_text(text.translate(_BRACES), encoding="utf-8")


def read_webvtt(text: str) -> list[Cue]:
    """The cues of a file that `webvtt` wrote."""
    cues = []
    for block in text.split("\n\n")[1:]:
        times, _, words = block.strip("\n").partition("\n")
        start, _, end = times.partition(" --> ")
        plain = words.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
        cues.append(Cue(_seconds(start), _seconds(end), plain))
    return cues


def _seconds(stamp: str) -> float:
    hours, minutes, seconds = stamp.split(":")
    return int(hours) * 3600 + int(minutes) * 60 + float(seconds)
