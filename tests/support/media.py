"""Makes small pictures, sounds and subtitles for tests; each picture and sine is encoded once."""

import functools
import io
import wave
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import numpy.typing as npt
from PIL import Image

_RATE_HZ = 48_000


class Media:
    """Makes media files in one folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def image(self, name: str = "picture.jpg", width: int = 640, height: int = 360) -> Path:
        """Make a detailed picture, on which motion can be measured."""
        path = self.folder / name
        path.write_bytes(_picture(path.suffix, width, height))
        return path

    def tone(self, name: str = "narration.mp3", seconds: float = 1.0, hertz: float = 440.0) -> Path:
        """Make a sine; the suffix picks the codec (.mp3 or .wav)."""
        path = self.folder / name
        path.write_bytes(_sine(path.suffix, seconds, hertz))
        return path

    def silence_then_tone(self, name: str, silent_s: float, sounding_s: float, level: float = 0.4) -> Path:
        """Make a WAV that is silent at first, and has a tone of 1 kHz from a known sample on."""
        return self.tone_between(name, silent_s, silent_s + sounding_s, silent_s + sounding_s, level)

    def tone_between(self, name: str, begin_s: float, end_s: float, length_s: float, level: float = 0.4) -> Path:
        """Make a WAV with a tone of 1 kHz in one part of it."""
        samples = np.zeros(round(length_s * _RATE_HZ))
        first, end = round(begin_s * _RATE_HZ), round(end_s * _RATE_HZ)
        samples[first:end] = np.sin(np.arange(end - first) * 2 * np.pi * 1000 / _RATE_HZ) * level
        return self._wav(name, samples)

    def late_sound(self, name: str, late_s: float, sounding_s: float) -> Path:
        """Make a video (.mkv or .mp4) whose tone of 1 kHz begins this much after its picture."""
        path = self.folder / name
        tone = np.sin(np.arange(round(sounding_s * _RATE_HZ)) * 2 * np.pi * 1000 / _RATE_HZ).astype(np.float32) * 0.4
        with av.open(str(path), "w") as container:
            video = container.add_stream("mpeg4", rate=25, width=64, height=64, pix_fmt="yuv420p")
            audio = container.add_stream("aac", rate=_RATE_HZ, layout="mono")
            for number in range(round((late_s + sounding_s) * 25)):
                picture = av.VideoFrame.from_ndarray(np.full((96, 64), 128, np.uint8), format="yuv420p")
                picture.pts, picture.time_base = number, Fraction(1, 25)
                container.mux(video.encode(picture))
            frame = av.AudioFrame.from_ndarray(tone[None, :], format="fltp", layout="mono")
            frame.rate, frame.time_base, frame.pts = _RATE_HZ, Fraction(1, _RATE_HZ), round(late_s * _RATE_HZ)
            container.mux([*video.encode(None), *audio.encode(frame), *audio.encode(None)])
        return path

    def spiky(self, name: str, seconds: float) -> Path:
        """Make a WAV of a quiet tone with ten short loud peaks a second."""
        at = np.arange(round(seconds * _RATE_HZ))
        return self._wav(name, np.sin(at * 2 * np.pi * 500 / _RATE_HZ) * np.where(at % 4800 < 240, 0.9, 0.05))

    def _wav(self, name: str, samples: npt.NDArray[np.float64]) -> Path:
        path = self.folder / name
        with wave.open(str(path), "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(2)
            file.setframerate(_RATE_HZ)
            file.writeframes((samples * 32_767).astype("<i2").tobytes())
        return path

    def srt(self, name: str, cues: Sequence[tuple[float, float, str]]) -> Path:
        """Write subtitles from (start s, end s, text)."""
        blocks = [f"{i}\n{_stamp(start)} --> {_stamp(end)}\n{text}\n" for i, (start, end, text) in enumerate(cues, 1)]
        path = self.folder / name
        path.write_text("\n".join(blocks), encoding="utf-8")
        return path


@functools.cache
def _picture(suffix: str, width: int, height: int) -> bytes:
    x, y = np.meshgrid(np.arange(width), np.arange(height))
    noise = np.random.default_rng(7).integers(0, 60, (height, width))
    red = (x * 255 // max(1, width - 1) + noise) % 256
    green = (y * 255 // max(1, height - 1) + noise) % 256
    blue = (((x // 16 + y // 16) % 2) * 160 + noise) % 256
    made = io.BytesIO()
    picture = Image.fromarray(np.stack([red, green, blue], axis=-1).astype(np.uint8))
    picture.save(made, Image.registered_extensions()[suffix], quality=90)
    return made.getvalue()


@functools.cache
def _sine(suffix: str, seconds: float, hertz: float) -> bytes:
    codec = "mp3" if suffix == ".mp3" else "pcm_s16le"
    samples = (np.sin(np.arange(int(seconds * _RATE_HZ)) * 2 * np.pi * hertz / _RATE_HZ) * 12_000).astype(np.int16)
    made = io.BytesIO()
    with av.open(made, "w", format=suffix.removeprefix(".")) as container:
        stream = container.add_stream(codec, rate=_RATE_HZ, layout="mono")
        frame = av.AudioFrame.from_ndarray(samples[None, :], format="s16", layout="mono")
        frame.rate = _RATE_HZ
        resampler = av.AudioResampler(
            format=stream.codec_context.format, layout="mono", rate=_RATE_HZ, frame_size=1152 if codec == "mp3" else None
        )
        for piece in [*resampler.resample(frame), *resampler.resample(None)]:
            container.mux(stream.encode(piece))
        container.mux(stream.encode(None))
    return made.getvalue()


def _stamp(seconds: float) -> str:
    ms = round(seconds * 1000)
    return f"{ms // 3_600_000:02}:{ms // 60_000 % 60:02}:{ms // 1000 % 60:02},{ms % 1000:03}"
