"""Reads a video as a player shows it: the numbers of its frames with their times, and its sound on the same clock."""

import contextlib
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import numpy.typing as npt

from tests.support.numbered_clips.pattern import RATE_HZ, read

#: Times in milliseconds are wrong by less.
_ROUNDED_S = 0.002


@dataclass(frozen=True)
class Pictures:
    """The frames of a video in the order in which they are shown."""

    #: None for a frame that shows no number.
    numbers: list[int | None]
    #: In ticks; None where the file has none.
    pts: list[int | None]
    #: Seconds per tick.
    tick_s: Fraction
    #: Seconds from the first frame's beginning to the last one's end, as the packets say it.
    span_s: Fraction
    #: As shown.
    size: tuple[int, int]

    @property
    def start_s(self) -> Fraction:
        """Time of the first frame."""
        return (self.pts[0] or 0) * self.tick_s

    def times_s(self) -> list[Fraction]:
        """Return the times of the frames, from the first one's on."""
        return [((pts or 0) - (self.pts[0] or 0)) * self.tick_s for pts in self.pts]


def read_pictures(path: Path, quarter_turns: int = 0) -> Pictures:
    """Decode a video's first picture stream.

    Args:
        path: of the video.
        quarter_turns: counter-clockwise turns after which the numbers stand upright.
    """
    numbers: list[int | None] = []
    pts: list[int | None] = []
    size = (0, 0)
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        for frame in _decoded(container, stream):
            numbers.append(read(np.ascontiguousarray(np.rot90(frame.to_ndarray(format="gray"), quarter_turns))))
            pts.append(frame.pts)
            size = (frame.width, frame.height)
        tick_s = Fraction(stream.time_base or 1)
    with av.open(str(path)) as container:
        shown = [each for each in container.demux(container.streams.video[0]) if each.pts is not None and not each.is_discard]
        ends = [each.pts + (each.duration or 0) for each in shown]
        span = max(ends) - min(each.pts for each in shown) if shown else 0
    return Pictures(numbers, pts, tick_s, span * tick_s, size)


def _decoded(container: av.container.InputContainer, stream: av.VideoStream | av.AudioStream) -> Iterator[Any]:
    """Yield the frames; those of a broken packet are left out."""
    for packet in container.demux(stream):
        with contextlib.suppress(av.InvalidDataError):
            yield from packet.decode()


@dataclass(frozen=True)
class Sound:
    """One track, decoded to mono."""

    #: Time of the first sample, in seconds.
    start_s: Fraction
    #: At 48 kHz.
    samples: npt.NDArray[np.float32]


def read_sound(path: Path, track: int = 0) -> Sound:
    """Decode a track of sound; gaps between its frames are silent.

    Frames that follow one another but for a rounded time are put together without a gap.
    """
    behind: int | None = None
    parts: list[tuple[int, npt.NDArray[np.float32]]] = []
    resampler = av.AudioResampler(format="flt", layout="mono", rate=RATE_HZ)
    with av.open(str(path)) as container:
        for frame in _decoded(container, container.streams.audio[track]):
            if frame.pts is None:
                continue
            at = round(frame.pts * Fraction(frame.time_base) * RATE_HZ)
            for each in resampler.resample(frame):
                samples = each.to_ndarray()[0]
                begin = at if behind is None or abs(at - behind) > _ROUNDED_S * RATE_HZ else behind
                parts.append((begin, samples))
                behind = begin + len(samples)
    first = min((at for at, _samples in parts), default=0)
    length = max((at + len(samples) - first for at, samples in parts), default=0)
    joined = np.zeros(length, np.float32)
    for at, samples in parts:
        joined[at - first : at - first + len(samples)] = samples
    return Sound(Fraction(first, RATE_HZ), joined)


@dataclass(frozen=True)
class PacketDigests:
    """The packets of a track of sound, in the order of the file."""

    digests: list[str]
    #: Number of packets at the beginning of which nothing is heard.
    hidden: int


def packet_digests(path: Path, track: int) -> PacketDigests:
    """Return the digests of a sound track's packets, without the headers that MPEG-TS puts before each frame of AAC."""
    with av.open(str(path)) as container:
        stream = container.streams.audio[track]
        is_aac = stream.codec_context.name.startswith("aac")
        packets = [packet for packet in container.demux(stream) if packet.size]
        digests = [hashlib.sha256(_content(bytes(packet), is_aac=is_aac)).hexdigest()[:16] for packet in packets]
        return PacketDigests(digests, sum(packet.is_discard for packet in packets))


def _content(packet: bytes, *, is_aac: bool) -> bytes:
    if is_aac and packet[0] == 0xFF and packet[1] & 0xF0 == 0xF0:
        return packet[7 if packet[1] & 1 else 9 :]
    return packet


def languages(path: Path) -> list[str | None]:
    """Return the languages of the tracks of sound."""
    with av.open(str(path)) as container:
        return [stream.language for stream in container.streams.audio]


def file_start_s(path: Path) -> Fraction:
    """Return the time at which a file begins on its own clock; 0 if that is before zero."""
    with av.open(str(path)) as container:
        return Fraction(max(0, container.start_time or 0), av.time_base)
