"""Loudness of a sound over time, by which it is recognised after it was encoded."""

import base64
import binascii
import zlib
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from container_worker.media.sound.sound_file import Format, format_of
from container_worker.media.transcode.encode.formats import SOURCE_FORMATS
from container_worker.media.transcode.working_files import open_only

if TYPE_CHECKING:
    from av import AudioFrame, AudioResampler

#: Samples of all channels are mixed to one of this rate before they are measured.
_HZ = 8_000
_STEP_SAMPLES = 40
STEP_S = _STEP_SAMPLES / _HZ
#: Longest sound, in steps: a day.
MAX_STEPS = round(24 * 3600 / STEP_S)
_ZLIB_LEVEL = 6
#: One level from 0 to 255 per step: the square root of the RMS, of which 1.0 is 255.
Levels: TypeAlias = "np.ndarray[Any, np.dtype[np.uint8]]"


class Envelope:
    """The levels of one sound, from the time of its first sample on."""

    def __init__(self) -> None:
        self._resampler: AudioResampler | None = None
        self._format: Format | None = None
        self._start: int | None = None
        #: Sums of squares of the samples of each step.
        self._sums = np.zeros(0, np.float64)
        self._end = 0

    def add(self, frame: "AudioFrame") -> None:
        """Add a decoded frame, at its own time; frames without a time are left out."""
        if frame.pts is None or frame.time_base is None:
            return
        at = round(frame.pts * frame.time_base * _HZ)
        frame.pts = None
        parts = [part.to_ndarray().reshape(-1) for part in self._resampler_for(frame).resample(frame)]
        samples = np.concatenate(parts) if parts else np.zeros(0, np.float32)
        if self._start is None:
            self._start = at
        begin = at - self._start
        if begin < 0 or not samples.size or begin + samples.size > MAX_STEPS * _STEP_SAMPLES:
            return
        first, end = begin // _STEP_SAMPLES, (begin + samples.size - 1) // _STEP_SAMPLES + 1
        if end > self._sums.size:
            self._sums = np.concatenate([self._sums, np.zeros(max(end, self._sums.size) * 2 - self._sums.size)])
        padded = np.zeros((end - first) * _STEP_SAMPLES, np.float64)
        offset = begin - first * _STEP_SAMPLES
        padded[offset : offset + samples.size] = samples
        self._sums[first:end] += (padded.reshape(-1, _STEP_SAMPLES) ** 2).sum(axis=1)
        self._end = max(self._end, end)

    def _resampler_for(self, frame: "AudioFrame") -> "AudioResampler":
        """Return the present resampler; a new one where the sound's format changes, which PyAV's refuses."""
        import av

        found = format_of(frame)
        if self._resampler is None or self._format != found:
            self._resampler, self._format = av.AudioResampler(format="flt", layout="mono", rate=_HZ), found
        return self._resampler

    @property
    def start_s(self) -> float:
        """Time of the first step."""
        return (self._start or 0) / _HZ

    @property
    def levels(self) -> Levels:
        """The levels so far."""
        rms = np.sqrt(self._sums[: self._end] / _STEP_SAMPLES)
        levels: Levels = np.clip(np.rint(255 * np.sqrt(rms)), 0, 255).astype(np.uint8)
        return levels


def read_envelope(path: Path, index: int, formats: str = ",".join(SOURCE_FORMATS)) -> Envelope:
    """Decode one stream of a file, and return its envelope; packets that cannot be decoded are silence.

    Args:
        path: any file that may be decoded here.
        index: of the stream in the file.
        formats: FFmpeg's names of those that it may have, with commas; those of sources by default.

    Raises:
        FFmpegError: the file cannot be read at all.
    """
    import av

    envelope = Envelope()
    with open_only(path, formats) as container:
        stream = container.streams[index]
        assert isinstance(stream, av.AudioStream)
        stream.codec_context.thread_count = 1
        for frame in _frames(container.demux(stream)):
            envelope.add(frame)
    return envelope


def _frames(packets: Any) -> "Iterator[AudioFrame]":
    import av

    for packet in packets:
        with suppress(av.FFmpegError):
            yield from packet.decode()


def pack(levels: Levels) -> str:
    """Return the text in which a report stores levels."""
    return base64.b64encode(zlib.compress(levels.tobytes(), _ZLIB_LEVEL)).decode("ascii")


def unpack(text: str) -> Levels:
    """Return the levels that a report stores.

    Raises:
        ValueError: the text is no such.
    """
    try:
        # Bounded, whatever a hostile text expands to.
        raw = zlib.decompressobj().decompress(base64.b64decode(text, validate=True), MAX_STEPS)
    except (binascii.Error, zlib.error) as error:
        raise ValueError(str(error)) from None
    return np.frombuffer(raw, np.uint8)
