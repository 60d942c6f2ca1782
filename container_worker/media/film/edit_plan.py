"""Decides which encoded frames of rendered scenes a film copies, and which it encodes again. Pure."""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TypeAlias


@dataclass(frozen=True)
class _FrameRange:
    """Consecutive frames of a scene."""

    scene: int
    first: int
    end: int

    @property
    def frames(self) -> int:
        """Return the number of frames."""
        return self.end - self.first


@dataclass(frozen=True)
class CopyRange(_FrameRange):
    """Encoded frames that are copied, from a keyframe to another one or to the scene's end."""


@dataclass(frozen=True)
class ReencodeRange(_FrameRange):
    """Frames between a fade and the next keyframe, that are decoded and encoded again."""


@dataclass(frozen=True)
class Fade:
    """The last frames of a scene blended with the first of the next one."""

    scene: int
    frames: int


@dataclass(frozen=True)
class EncodeRange:
    """Consecutive frames that one ffmpeg encodes."""

    pieces: tuple[ReencodeRange | Fade, ...]

    @property
    def frames(self) -> int:
        """Return the number of frames."""
        return sum(piece.frames for piece in self.pieces)


Segment: TypeAlias = CopyRange | EncodeRange


def fade_frames_between(frames: Sequence[int], wanted: int) -> list[int]:
    """Return the length, in frames, of the fade after each scene but the last: at most half of either scene.

    Args:
        frames: number of frames of each scene.
        wanted: length of a fade, in frames.
    """
    return [min(wanted, a // 2, b // 2) for a, b in pairwise(frames)]


def scene_starts(frames: Sequence[int], fades: Sequence[int]) -> list[int]:
    """Return the film's frame at which each scene begins."""
    found = [0]
    for count, fade in zip(frames, fades, strict=False):
        found.append(found[-1] + count - fade)
    return found


def plan_edit(frames: Sequence[int], keyframes: Sequence[Sequence[int]], fades: Sequence[int]) -> list[Segment]:
    """Return the film's segments in order, with as few frames as possible encoded again.

    Args:
        frames: number of frames of each scene.
        keyframes: of each scene, ascending; empty for a scene that cannot be copied.
        fades: from `fade_frames_between`.

    Returns:
        Segments, none empty, no two EncodeRanges in a row; their frames add up to the film's.
    """
    segments: list[Segment] = []
    pending: list[ReencodeRange | Fade] = []
    for scene, count in enumerate(frames):
        head = fades[scene - 1] if scene else 0
        tail = count - (fades[scene] if scene < len(fades) else 0)
        first, end = _copyable_range(keyframes[scene], head, tail, count)
        if first < end:
            pending.append(ReencodeRange(scene, head, first))
            _close_range(pending, segments)
            segments.append(CopyRange(scene, first, end))
        pending.append(ReencodeRange(scene, max(head, end), tail))
        if scene < len(fades):
            pending.append(Fade(scene, fades[scene]))
    _close_range(pending, segments)
    return segments


def _copyable_range(keyframes: Sequence[int], head: int, tail: int, count: int) -> tuple[int, int]:
    """Return the first and end frame of the longest run of whole GOPs between head and tail; (head, head) for none."""
    at = bisect_left(keyframes, head)
    if at == len(keyframes):
        return head, head
    end = count if tail == count else keyframes[bisect_right(keyframes, tail) - 1]
    return (keyframes[at], end) if keyframes[at] < end else (head, head)


def _close_range(pending: list[ReencodeRange | Fade], segments: list[Segment]) -> None:
    pieces = tuple(piece for piece in pending if piece.frames > 0)
    pending.clear()
    if pieces:
        segments.append(EncodeRange(pieces))
