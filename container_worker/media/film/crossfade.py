"""Crossfades the sound of rendered scenes, exact to the sample."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from container_worker.media.defaults import AUDIO_HZ
from container_worker.media.film.edit_plan import scene_starts
from container_worker.media.film.rendered_scene import Rendered, open_mp4

#: Samples x 2 channels, -1 to 1.
Sound = npt.NDArray[np.float32]
_BLOCK = 8192


def decode_sound(path: Path, samples: int) -> Iterator[Sound]:
    """Yield a scene's decoded sound in blocks, in stereo at AUDIO_HZ, padded or trimmed to `samples`."""
    import av

    left = samples
    with open_mp4(path) as container:
        resampler = av.AudioResampler(format="fltp", layout="stereo", rate=AUDIO_HZ)
        for frame in container.decode(audio=0) if container.streams.audio else ():
            for piece in resampler.resample(frame):
                block = piece.to_ndarray().T[:left].astype(np.float32, copy=False)
                left -= len(block)
                if len(block):
                    yield block
            if not left:
                return
    while left:
        count = min(left, _BLOCK)
        left -= count
        yield np.zeros((count, 2), np.float32)


def film_samples(scenes: Sequence[Rendered], fades: Sequence[int], fps: int) -> int:
    """Return the length of the film's sound, in samples, which is that of its picture."""
    return (sum(scene.frames for scene in scenes) - sum(fades)) * AUDIO_HZ // fps


def crossfade_sound(scenes: Sequence[Rendered], fades: Sequence[int], fps: int) -> Iterator[Sound]:
    """Yield the film's sound in blocks, with crossfades of equal power (a quarter of a sine each).

    Args:
        scenes: in order.
        fades: frames between each and the next.
        fps: frames per second.

    Memory: one fade and one block.
    """
    begins = scene_starts([scene.frames for scene in scenes], fades)
    begins = [begin * AUDIO_HZ // fps for begin in begins] + [film_samples(scenes, fades, fps)]
    tail = np.zeros((0, 2), np.float32)
    for index, scene in enumerate(scenes):
        # Samples up to the next scene's begin, then those of the fade.
        alone = begins[index + 1] - begins[index]
        fading = fades[index] * AUDIO_HZ // fps if index < len(fades) else 0
        out = np.cos(_quarter_sine(fading))[:, None]
        rise = np.sin(_quarter_sine(len(tail)))[:, None]
        at, kept = 0, []
        for block in decode_sound(scene.path, alone + fading):
            mixed = block.copy()
            rising = max(0, min(len(tail) - at, len(mixed)))
            mixed[:rising] = mixed[:rising] * rise[at : at + rising] + tail[at : at + rising]
            staying = max(0, min(alone - at, len(mixed)))
            if staying:
                yield mixed[:staying]
            if staying < len(mixed):
                gone = at + staying - alone
                kept.append(mixed[staying:] * out[gone : gone + len(mixed) - staying])
            at += len(block)
        tail = np.concatenate(kept) if kept else np.zeros((0, 2), np.float32)


def _quarter_sine(samples: int) -> Sound:
    return ((np.arange(samples) + 0.5) / max(1, samples) * np.pi / 2).astype(np.float32)
