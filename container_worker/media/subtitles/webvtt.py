"""Writes subtitles as WebVTT, for the sidecar and for the soft track."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from container_worker.media.file_names import CAPTIONS, SUBTITLE_TRACK
from container_worker.media.subtitles.cue import Cue
from container_worker.media.subtitles.timeline import Span

#: Full-width braces for the soft track, because ffmpeg leaves backslashes before ordinary ones in mov_text.
_BRACES = str.maketrans("{}", "\uff5b\uff5d")


def cues_of(spans: Sequence[Span], fps: int) -> list[Cue]:
    """Return the text shown on each range of frames, with times in seconds."""
    return [Cue(span.first / fps, span.end / fps, span.text) for span in spans]


def _stamp(seconds: float) -> str:
    ms = round(seconds * 1000)
    return f"{ms // 3_600_000:02}:{ms // 60_000 % 60:02}:{ms // 1000 % 60:02}.{ms % 1000:03}"


def escaped(text: str) -> str:
    """Return the text with entities in place of the characters of mark-up."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def webvtt(cues: Sequence[Cue]) -> str:
    """Return cues of plain text as a WebVTT file; characters of mark-up are written as entities."""
    return webvtt_of_markup([replace(cue, text=escaped(cue.text)) for cue in cues])


def webvtt_of_markup(cues: Sequence[Cue]) -> str:
    """Return cues whose text is in WebVTT's mark-up already as a WebVTT file."""
    blocks = ["WEBVTT"]
    for cue in cues:
        # An empty line ends a cue.
        lines = "\n".join(line for line in cue.text.split("\n") if line.strip())
        blocks.append(f"{_stamp(cue.start_s)} --> {_stamp(cue.end_s)}\n{lines}")
    return "\n\n".join(blocks) + "\n"


def write_captions(cues: Sequence[Cue], folder: Path, *, beside: bool, soft: bool) -> None:
    """Write the requested files in UTF-8: the sidecar, and the source of the soft track."""
    text = webvtt(cues)
    if beside:
        (folder / CAPTIONS).write_text(text, encoding="utf-8")
    if soft and cues:
        (folder / SUBTITLE_TRACK).write_text(text.translate(_BRACES), encoding="utf-8")
