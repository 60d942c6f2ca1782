"""Small pictures, sounds and subtitles for tests, made on the spot."""

from collections.abc import Sequence
from pathlib import Path

import av
import numpy as np
from PIL import Image

_RATE_HZ = 48_000


class Media:
    """Makes media files in one folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def image(self, name: str = "picture.jpg", width: int = 640, height: int = 360) -> Path:
        """A detailed picture, so that motion can be measured on it."""
        x, y = np.meshgrid(np.arange(width), np.arange(height))
        noise = np.random.default_rng(7).integers(0, 60, (height, width))
        red = (x * 255 // max(1, width - 1) + noise) % 256
        green = (y * 255 // max(1, height - 1) + noise) % 256
        blue = (((x // 16 + y // 16) % 2) * 160 + noise) % 256
        path = self.folder / name
        Image.fromarray(np.stack([red, green, blue], axis=-1).astype(np.uint8)).save(path, quality=90)
        return path

    def tone(self, name: str = "narration.mp3", seconds: float = 1.0, hertz: float = 440.0) -> Path:
        """A sine; the name's ending picks the codec (.mp3 or .wav)."""
        path = self.folder / name
        codec = "mp3" if path.suffix == ".mp3" else "pcm_s16le"
        samples = (np.sin(np.arange(int(seconds * _RATE_HZ)) * 2 * np.pi * hertz / _RATE_HZ) * 12_000).astype(np.int16)
        with av.open(str(path), "w") as container:
            stream = container.add_stream(codec, rate=_RATE_HZ, layout="mono")
            frame = av.AudioFrame.from_ndarray(samples[None, :], format="s16", layout="mono")
            frame.rate = _RATE_HZ
            resampler = av.AudioResampler(
                format=stream.codec_context.format, layout="mono", rate=_RATE_HZ, frame_size=1152 if codec == "mp3" else None
            )
            for piece in [*resampler.resample(frame), *resampler.resample(None)]:
                container.mux(stream.encode(piece))
            container.mux(stream.encode(None))
        return path

    def srt(self, name: str, cues: Sequence[tuple[float, float, str]]) -> Path:
        """Subtitles from (start s, end s, text)."""
        blocks = [f"{i}\n{_stamp(start)} --> {_stamp(end)}\n{text}\n" for i, (start, end, text) in enumerate(cues, 1)]
        path = self.folder / name
        path.write_text("\n".join(blocks), encoding="utf-8")
        return path


def _stamp(seconds: float) -> str:
    ms = round(seconds * 1000)
    return f"{ms // 3_600_000:02}:{ms // 60_000 % 60:02}:{ms // 1000 % 60:02},{ms % 1000:03}"
