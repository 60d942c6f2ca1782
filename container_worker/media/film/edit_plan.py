"""Decides which parts of rendered scenes a film takes as they are, and which few frames are made anew. Pure."""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TypeAlias


@dataclass(frozen=True)
class CopyRange:
    """Encoded frames of a scene that go over untouched, from a keyframe up to another, or to the scene's end."""

    scene: int
    first: int
    end: int

    @property
    def frames(self) -> int:
        """Return the number of frames."""
        return self.end - self.first


@dataclass(frozen=True)
class ReencodeRange:
    """Frames of a scene that are decoded and encoded again: they lie between a fade and the next keyframe."""

    scene: int
    first: int
    end: int

    @property
    def frames(self) -> int:
        """Return the number of frames."""
        return self.end - self.first


@dataclass(frozen=True)
class Fade:
    """The last frames of a scene turning into the first of the next one."""

    scene: int
    frames: int


@dataclass(frozen=True)
class EncodeRange:
    """Frames that are encoded in one go."""

    pieces: tuple[ReencodeRange | Fade, ...]

    @property
    def frames(self) -> int:
        """Return the number of frames."""
        return sum(piece.frames for piece in self.pieces)


Segment: TypeAlias = CopyRange | EncodeRange


def fade_frames_between(frames: Sequence[int], wanted: int) -> list[int]:
    """Frames of the fade after each scene but the last: as wanted, but at most half of either scene.

    Args:
        frames: how many each scene has.
        wanted: a fade's length.
    """
    return [min(wanted, a // 2, b // 2) for a, b in pairwise(frames)]


def scene_starts(frames: Sequence[int], fades: Sequence[int]) -> list[int]:
    """The film's frame on which each scene begins to show."""
    found = [0]
    for count, fade in zip(frames, fades, strict=False):
        found.append(found[-1] + count - fade)
    return found


def plan_edit(frames: Sequence[int], keyframes: Sequence[Sequence[int]], fades: Sequence[int]) -> list[Segment]:
    """The film in its order, as few frames as possible encoded again.

    Args:
        frames: how many each scene has.
        keyframes: of each scene, ascending; an empty list is a scene that cannot be copied.
        fades: from `fade_frames_between`.

    Returns:
        Segments, none empty, no two encodes in a row; their frames add up to the film's.
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
    """The longest run of whole groups of pictures inside head and tail; (head, head) for none."""
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
