"""Measures sound by decoding it."""

from dataclasses import dataclass
from fractions import Fraction
from math import ceil

from container_worker.codes import Code
from container_worker.media.defaults import AUDIO_NAMES, MAX_SOUND_S
from container_worker.media.sound.sound_file import SoundFile
from scenequeue.errors import BadInput

#: Largest share of damaged packets in a sound that is used.
_MAX_DAMAGED_SHARE = 0.5


@dataclass(frozen=True)
class MeasuredSound:
    """The properties of a narration or of music that only decoding shows."""

    #: Exact length of all that could be decoded, in seconds.
    duration_s: Fraction
    #: Number of packets that could not be decoded.
    damaged_packets: int
    #: False if its format changes midway or several files were concatenated: ffmpeg would not play all of it.
    is_steady: bool = True


def measure_sound(path: str, what: str = "narration") -> MeasuredSound:
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
            if seconds > MAX_SOUND_S:
                raise BadInput(Code.SOUND_TOO_LONG, input=what, limit_h=MAX_SOUND_S / 3600)
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
    return MeasuredSound(seconds, sound.damaged, sound.is_steady)


def frame_count(duration_s: Fraction, fps: int) -> int:
    """Return the number of frames that covers the narration, rounded up so that no word is cut."""
    return max(1, ceil(duration_s * fps))
