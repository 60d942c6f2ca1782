"""Reads a finished MP4: its length, its streams, and the offset between picture and sound."""

import struct
import subprocess
from collections.abc import Collection
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import av
import numpy as np
import numpy.typing as npt

from container_worker.media.ffmpeg import find_ffmpeg

_HZ = 48_000
#: BT.709 in the ISO's code points, and limited range in FFmpeg's.
BT709, LIMITED = 1, 1


@dataclass(frozen=True)
class Probed:
    """The contents of an MP4. Times in seconds, as a player shows them."""

    codec: str
    size: tuple[int, int]
    fps: float
    frames: int
    start_s: float
    duration_s: float
    #: primaries, transfer, matrix, range
    colour: tuple[int, int, int, int]
    pixel_format: str
    audio_codec: str
    audio_start_s: float
    audio_duration_s: float
    has_faststart: bool
    title: str | None
    subtitle_tracks: int
    #: Every frame's time is the one before plus one frame's length.
    has_even_frames: bool


def probe(path: Path) -> Probed:
    """Decode everything, and return what was found, whatever the headers claim."""
    with av.open(str(path)) as container:
        video, audio = container.streams.video[0], container.streams.audio[0]
        assert video.average_rate
        times, colour, pixel_format = [], (0, 0, 0, 0), ""
        for frame in container.decode(video):
            assert frame.pts is not None
            assert frame.time_base
            times.append(frame.pts * frame.time_base)
            colour = (int(frame.color_primaries), int(frame.color_trc), int(frame.colorspace), int(frame.color_range))
            pixel_format = frame.format.name
        sound_start, samples = None, 0
        container.seek(0)
        for piece in container.decode(audio):
            assert piece.pts is not None
            assert piece.time_base
            if sound_start is None:
                sound_start = float(piece.pts * piece.time_base)
            samples += piece.samples
        steps = {later - earlier for earlier, later in pairwise(times)}
        return Probed(
            codec=video.codec.canonical_name, size=(video.codec_context.width, video.codec_context.height),
            fps=float(video.average_rate), frames=len(times), start_s=float(times[0]),
            duration_s=float(times[-1] - times[0] + 1 / video.average_rate), colour=colour, pixel_format=pixel_format,
            audio_codec=audio.codec.canonical_name, audio_start_s=sound_start or 0.0,
            # A player stops at the track's end; the encoder's last block is longer.
            audio_duration_s=min(samples / _HZ, float((audio.duration or 0) * (audio.time_base or 0))),
            has_faststart=_is_moov_first(path),
            title=container.metadata.get("title"), subtitle_tracks=len(container.streams.subtitles),
            has_even_frames=len(steps) <= 1 or max(abs(step - 1 / video.average_rate) for step in steps) < 1e-4,
        )  # fmt: skip


def _is_moov_first(path: Path) -> bool:
    kinds = []
    with path.open("rb") as file:
        while header := file.read(8):
            length, kind = struct.unpack(">I4s", header)
            kinds.append(kind)
            if length == 1:
                length = struct.unpack(">Q", file.read(8))[0] - 8
            file.seek(length - 8, 1)
    return kinds.index(b"moov") < kinds.index(b"mdat")


def check(path: Path, *, frames: int, fps: int, size: tuple[int, int], codec: str = "h264") -> Probed:
    """Assert what holds for every video, and return what was found."""
    seen = probe(path)
    assert (seen.frames, seen.fps, seen.size, seen.codec) == (frames, fps, size, codec)
    assert abs(seen.duration_s - frames / fps) < 1e-3
    assert seen.has_even_frames
    assert (seen.colour, seen.pixel_format) == ((BT709, BT709, BT709, LIMITED), "yuv420p")
    assert seen.audio_codec == "aac"
    assert abs(seen.audio_start_s - seen.start_s) <= 0.010
    assert abs(seen.audio_duration_s - seen.duration_s) <= 0.010
    assert seen.has_faststart
    return seen


def sound(path: Path) -> npt.NDArray[np.float32]:
    """Return the mono mix at 48 kHz as a player plays it from the first frame on, with silence where there is no sound."""
    with av.open(str(path)) as container:
        resampler = av.AudioResampler(format="fltp", layout="mono", rate=_HZ)
        pieces, length = [np.zeros(0, np.float32)], 0
        for frame in container.decode(audio=0):
            assert frame.pts is not None
            assert frame.time_base
            late = round(frame.pts * frame.time_base * _HZ) - length
            heard = [np.zeros(max(0, late), np.float32), *(piece.to_ndarray()[0] for piece in resampler.resample(frame))]
            pieces += heard
            length += sum(len(piece) for piece in heard)
    return np.concatenate(pieces)


def first_sound_s(path: Path, after_s: float = 0.0, level: float = 0.05) -> float:
    """Return the time at which the sound first rises above this level after a moment."""
    heard = np.abs(sound(path)[round(after_s * _HZ) :]) > level
    assert heard.any()
    return after_s + int(np.argmax(heard)) / _HZ


def pictures(path: Path) -> list[npt.NDArray[np.uint8]]:
    """Return the luma of every frame."""
    with av.open(str(path)) as container:
        return [frame.to_ndarray(format="gray").astype(np.uint8) for frame in container.decode(video=0)]


def pictures_at(path: Path, numbers: Collection[int]) -> dict[int, npt.NDArray[np.uint8]]:
    """Return the luma of the frames of these numbers."""
    with av.open(str(path)) as container:
        found = zip(range(max(numbers) + 1), container.decode(video=0), strict=False)
        return {number: frame.to_ndarray(format="gray").astype(np.uint8) for number, frame in found if number in numbers}


def loudness_lufs(path: Path) -> float:
    """Measure the integrated loudness by EBU R 128."""
    argv = [str(find_ffmpeg().path), "-nostdin", "-hide_banner", "-nostats", "-i", str(path), "-map", "0:a"]
    argv += ["-af", "ebur128=framelog=quiet", "-f", "null", "-"]
    said = subprocess.run(argv, capture_output=True, check=True).stderr.decode()
    return float(said.rpartition("I:")[2].split()[0])


def true_peak_db(path: Path) -> float:
    """Measure the true peak in dBTP."""
    argv = [str(find_ffmpeg().path), "-nostdin", "-hide_banner", "-nostats", "-i", str(path), "-map", "0:a"]
    argv += ["-af", "ebur128=framelog=quiet:peak=true", "-f", "null", "-"]
    said = subprocess.run(argv, capture_output=True, check=True).stderr.decode()
    return float(said.rpartition("Peak:")[2].split()[0])
