"""Collects the subtitles of a film's scenes.

They are in the sidecars and soft tracks that the scenes were rendered with, beside which others may have write access: what a
renderer would not have written is left out with a warning, or refused.
"""

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path

from container_worker.codes import Code
from container_worker.media.child_protocol import warn
from container_worker.media.defaults import MAX_CUES, MAX_SUBTITLE_BYTES
from container_worker.media.film.rendered_scene import Rendered, open_mp4
from container_worker.media.subtitles.charset import NAMES, decode
from container_worker.media.subtitles.cue import Cue, tidy
from container_worker.media.subtitles.webvtt_reader import is_webvtt, webvtt_cues
from scenequeue.errors import BadInput

#: Largest sidecar, in bytes, and most cues of a scene. Both are more than of a subtitle file: where cues of that overlap, a scene
#: has a cue for each moment at which one begins or ends, with the text of all that are shown.
MAX_SIDECAR_BYTES = 8 * MAX_SUBTITLE_BYTES
MAX_SCENE_CUES = 2 * MAX_CUES


def film_cues(scenes: Sequence[Rendered], begins: Sequence[int], fps: int, language: str | None) -> list[Cue]:
    """Return the subtitles of all scenes on the film's clock, none overlapping another: during a fade, those of the next scene.

    Cues that are unreadable, backwards or outside of their scene are left out. Each kind of these is one warning for the film.

    Args:
        scenes: the scenes.
        begins: number of the frame of the film that each begins with.
        fps: frames per second.
        language: BCP 47 tag of the text, if known; a hint at the encoding of a sidecar that is not in UTF-8.

    Raises:
        BadInput: a scene's sidecar is no WebVTT file or too large, or a scene has too many cues.
    """
    oddities = Counter[tuple[Code, str]]()
    cues: list[Cue] = []
    for scene, begin in zip(scenes, begins, strict=True):
        length_s = scene.frames / fps
        for cue in _cues_of(scene.path, language, oddities):
            if cue.end_s <= cue.start_s:
                oddities[Code.CUES_BACKWARDS, ""] += 1
            elif cue.end_s <= 0:
                oddities[Code.CUES_BEFORE_START, ""] += 1
            elif cue.start_s >= length_s:
                oddities[Code.CUES_AFTER_END, ""] += 1
            else:
                cues.append(Cue(begin / fps + max(0.0, cue.start_s), begin / fps + min(cue.end_s, length_s), cue.text))
    for (code, encoding), count in oddities.items():
        warn(code, **({"encoding": encoding} if encoding else {"cues": count}))
    return _apart(cues)


def _cues_of(scene: Path, language: str | None, oddities: Counter[tuple[Code, str]]) -> list[Cue]:
    """Return a scene's subtitles, from its sidecar or its soft track."""
    sidecar = scene.with_suffix(".vtt")
    name, found = scene.name, list[Cue]()
    if sidecar.exists():
        name, found = sidecar.name, _sidecar_cues(sidecar, language, oddities)
    else:
        found = list(islice(_soft_cues(scene), MAX_SCENE_CUES + 1))
    if len(found) > MAX_SCENE_CUES:
        raise BadInput(Code.CUES_TOO_MANY, input=name, cues=len(found), limit=MAX_SCENE_CUES)
    return [cue for cue in found if cue.text]


def _sidecar_cues(path: Path, language: str | None, oddities: Counter[tuple[Code, str]]) -> list[Cue]:
    size = path.stat().st_size
    if size > MAX_SIDECAR_BYTES:
        raise BadInput(Code.SUBTITLES_TOO_LARGE, input=path.name, bytes=size, limit=MAX_SIDECAR_BYTES)
    decoded = decode(path.read_bytes(), language)
    if decoded.is_doubtful or decoded.damaged:
        code = Code.CHARSET_GUESSED if decoded.is_doubtful else Code.CHARSET_DAMAGED
        oddities[code, NAMES.get(decoded.encoding, decoded.encoding)] += 1
    text = decoded.text.lstrip("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    if not text.strip():
        return []
    if not is_webvtt(text):
        raise BadInput(Code.SUBTITLES_UNREADABLE, input=path.name)
    cues, unreadable = webvtt_cues(text)
    if unreadable:
        oddities[Code.CUES_UNREADABLE, ""] += unreadable
    return cues


def _soft_cues(path: Path) -> Iterator[Cue]:
    with open_mp4(path) as container:
        if not container.streams.subtitles:
            return
        track = container.streams.subtitles[0]
        for packet in container.demux(track):
            # A mov_text sample: the length in two bytes, then the text; ours have no styles after it.
            text = bytes(packet)[2 : 2 + int.from_bytes(bytes(packet)[:2], "big")].decode("utf-8", errors="replace")
            if text and packet.pts is not None and packet.time_base:
                start = float(packet.pts * packet.time_base)
                yield Cue(start, start + float((packet.duration or 0) * packet.time_base), tidy(text))


def _apart(cues: Sequence[Cue]) -> list[Cue]:
    """Return the cues in order and without overlap."""
    cues = sorted(cues, key=lambda cue: cue.start_s)
    ends = [*(cue.start_s for cue in cues[1:]), math.inf]
    return [Cue(cue.start_s, min(cue.end_s, end), cue.text) for cue, end in zip(cues, ends, strict=False) if cue.start_s < end]
