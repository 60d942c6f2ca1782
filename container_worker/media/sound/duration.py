"""Measures the length of narration and music by decoding, and makes them playable by ffmpeg."""

from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path

from container_worker.codes import Code
from container_worker.media.defaults import AUDIO_NAMES, MAX_NARRATION_S, MIN_MUSIC_S
from container_worker.media.file_names import STEADY_SOUND
from container_worker.media.request import RenderRequest
from container_worker.media.sound.rewriting import SoundFile, rewrite_steady
from scenequeue.errors import BadInput

#: Largest share of damaged packets in a narration that is rendered.
_MAX_DAMAGED_SHARE = 0.5


@dataclass(frozen=True)
class Narration:
    """The exact length in seconds, and the number of packets that could not be decoded."""

    duration_s: Fraction
    damaged_packets: int
    #: False if its format changes midway or several files were concatenated: ffmpeg would not play all of it.
    is_steady: bool = True


def measure_narration(path: str, what: str = "narration") -> Narration:
    """Measure the length by decoding, because headers, above all those of MP3, are often wrong.

    Raises:
        BadInput: it has no sound, is too long, or cannot be read.

    Cost: one decode, several hundred times faster than real time, up to the longest length allowed.
    """
    from av.error import FFmpegError

    sound, seconds = SoundFile(path, what), Fraction(0)
    try:
        for frame in sound.frames():
            seconds += Fraction(frame.samples, frame.sample_rate)
            if seconds > MAX_NARRATION_S:
                raise BadInput(Code.SOUND_TOO_LONG, input=what, limit_h=MAX_NARRATION_S / 3600)
    except MemoryError:
        # PyAV's is an FFmpegError too, and no fault of the file.
        raise
    except FFmpegError as error:
        problem, formats = error.strerror or str(error), ", ".join(AUDIO_NAMES)
        raise BadInput(Code.SOUND_UNREADABLE, input=what, problem=problem, formats=formats) from None
    if not sound.has_sound:
        raise BadInput(Code.SOUND_MISSING, input=what)
    if seconds <= 0:
        raise BadInput(Code.SOUND_EMPTY, input=what)
    if sound.damaged > sound.packets * _MAX_DAMAGED_SHARE:
        raise BadInput(Code.SOUND_DAMAGED, input=what, damaged=sound.damaged, packets=sound.packets)
    return Narration(seconds, sound.damaged, sound.is_steady)


def playable(path: str, measured: Narration, folder: Path, what: str) -> str:
    """Return a path that ffmpeg can play: the file itself if it is steady, else a rewritten copy in this folder."""
    if measured.is_steady:
        return path
    target = folder / STEADY_SOUND.format(what)
    rewrite_steady(path, target, what)
    return str(target)


def with_music(request: RenderRequest) -> RenderRequest:
    """Return the request with its music measured and playable; unchanged without music.

    Raises:
        BadInput: as `measure_narration`, or it is so short that repeating it would take longer than rendering.
    """
    spec = request.sound
    if spec.music is None:
        return request
    measured = measure_narration(spec.music, "music")
    if measured.duration_s < MIN_MUSIC_S:
        raise BadInput(Code.SOUND_TOO_SHORT, input="music", length_s=float(measured.duration_s), least_s=MIN_MUSIC_S)
    music = playable(spec.music, measured, Path(request.scratch), "music")
    return replace(request, sound=replace(spec, music=music, music_s=float(measured.duration_s)))


def frame_count(duration_s: Fraction, fps: int) -> int:
    """Return the number of frames that covers the narration, rounded up so that no word is cut."""
    return max(1, -(-duration_s * fps // 1))
