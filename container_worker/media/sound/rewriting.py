"""Rewrites sound that ffmpeg would not play to its end."""

from pathlib import Path
from typing import TYPE_CHECKING

from container_worker.media.defaults import AUDIO_HZ
from container_worker.media.file_names import STEADY_SOUND
from container_worker.media.sound.measuring import MeasuredSound
from container_worker.media.sound.sound_file import SoundFile, format_of

if TYPE_CHECKING:
    from av import AudioFrame


def playable(path: str, measured: MeasuredSound, folder: Path, what: str) -> str:
    """Return a path that ffmpeg can play: the file itself if it is steady, else a rewritten copy in this folder."""
    if measured.is_steady:
        return path
    target = folder / STEADY_SOUND.format(what)
    rewrite_steady(path, target, what)
    return str(target)


def rewrite_steady(path: str, target: Path, what: str) -> None:
    """Write the sound to a W64 file, in stereo at AUDIO_HZ, without gaps.

    ffmpeg itself rebuilds its filters where a file's format changes, and loses their state: the position, the remaining
    length, and the samples in the resampler.

    Cost: one decode, and 12 MB on disk per minute.
    """
    import av

    resampler, format_before = None, None
    with av.open(str(target), "w", format="w64") as container:
        stream = container.add_stream("pcm_s16le", rate=AUDIO_HZ, layout="stereo")

        def write(pieces: "list[AudioFrame]") -> None:
            for piece in pieces:
                piece.pts = None
                container.mux(stream.encode(piece))

        for frame in SoundFile(path, what).frames():
            if format_of(frame) != format_before:
                if resampler is not None:
                    write(resampler.resample(None))
                format_before = format_of(frame)
                resampler = av.AudioResampler(format="s16", layout="stereo", rate=AUDIO_HZ)
            assert resampler is not None
            frame.pts = None
            write(resampler.resample(frame))
        if resampler is not None:
            write(resampler.resample(None))
        container.mux(stream.encode(None))
