"""Divides a source into segments by half-open intervals of PTS."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property
from itertools import pairwise

from scenequeue.jobs.transcode.plan import Segment
from scenequeue.jobs.transcode.source import Ratio

#: Frames that are encoded before a segment and dropped, so that the encoder's decisions have settled at its first frame.
RUN_UP_FRAMES = 25
#: Frames that are encoded after a segment and dropped, so that the encoder's look-ahead (40 frames of x264) sees what follows.
TAIL_FRAMES = 45
#: Seconds between the keyframes of a rendition; packages for streaming are cut at them.
KEYFRAME_S = 2
#: No keyframe is this near, in seconds, to the beginning of a segment, which has one.
_KEYFRAME_DISTANCE_S = 1
#: A cut is moved to a keyframe of the source by at most this share of a segment's length; decoding then begins there.
_NEAR_SHARE = Fraction(1, 4)
#: Shortest segment, as a share of the requested length, and in frames: run-up and tail would cost many times its own frames.
_SHORTEST_SHARE = Fraction(1, 2)
_FEWEST_FRAMES = 12


@dataclass(frozen=True)
class Frames:
    """The frames that a player shows, in presentation order. Times are in ticks of the picture's time base."""

    #: Strictly increasing; at least one.
    pts: Sequence[int]
    #: Positions of frames at which decoding can begin, increasing.
    keyframes: Sequence[int]
    #: Duration of the last frame.
    last_duration: int = 1
    #: Seconds per tick.
    time_base: Ratio = field(default=(1, 1000), kw_only=True)

    def __len__(self) -> int:
        return len(self.pts)

    @property
    def end_pts(self) -> int:
        """Time at which the last frame ends."""
        return self.pts[-1] + self.last_duration

    @cached_property
    def key_pts(self) -> Sequence[int]:
        """PTS of the frames at which decoding can begin, increasing."""
        return [self.pts[position] for position in self.keyframes]

    def ticks(self, seconds: float) -> Fraction:
        """Return a duration in ticks."""
        return Fraction(seconds) / Fraction(*self.time_base)

    def seconds(self, ticks: int) -> float:
        """Return a duration in seconds."""
        return float(ticks * Fraction(*self.time_base))

    def time_at(self, position: int) -> int:
        """Return a frame's PTS; behind the last one, the time at which it ends."""
        return self.pts[position] if position < len(self.pts) else self.end_pts


def divide(frames: Frames, segment_s: float) -> list[Segment]:
    """Return the segments, which together have every frame exactly once.

    Args:
        frames: all frames.
        segment_s: length of a segment, in seconds; a segment is between half and one and a half times as long, the last one
            up to twice. It is longer where it had fewer than 12 frames, or where the source has a gap.
    """
    cuts = [*_cuts(frames, frames.ticks(segment_s)), len(frames)]
    forced = list(grid(frames, frames.ticks(KEYFRAME_S)))
    return [_segment(frames, number, first, end, forced) for number, (first, end) in enumerate(pairwise(cuts))]


def whole(frame_count: int, frame_rate: Ratio) -> Segment:
    """Return the one segment of a source that is not divided.

    Args:
        frame_count: as far as it is known.
        frame_rate: frames per second.
    """
    step = max(1, round(KEYFRAME_S * Fraction(*frame_rate)))
    return Segment(number=0, first_frame=0, frames=frame_count, keyframes=list(range(0, max(1, frame_count), step)))


def _cuts(frames: Frames, length: Fraction) -> Iterator[int]:
    """Yield the positions at which segments begin.

    They follow a grid over the whole film, so that moves to keyframes do not add up.
    """
    yield (last := 0)
    shortest = length * _SHORTEST_SHARE
    target = frames.pts[0] + length
    while target + shortest <= frames.end_pts:
        behind = bisect_left(frames.pts, target)
        near = _near_keyframe(frames, target, length * _NEAR_SHARE)
        cut = behind if near is None else near
        is_long = frames.time_at(cut) - frames.pts[last] >= shortest and cut - last >= _FEWEST_FRAMES
        if is_long and frames.end_pts - frames.time_at(cut) >= shortest and len(frames) - cut >= _FEWEST_FRAMES:
            yield cut
            last = cut
        # Over a gap without frames in one go.
        target += length * max(1, (frames.time_at(behind) - target) // length)


def _near_keyframe(frames: Frames, target: Fraction, distance: Fraction) -> int | None:
    """Return the position of the keyframe nearest to a time; None if none is near."""
    behind = bisect_left(frames.key_pts, target)
    around = range(max(0, behind - 1), min(len(frames.keyframes), behind + 1))
    nearest = min(around, key=lambda number: abs(frames.key_pts[number] - target), default=None)
    if nearest is None or abs(frames.key_pts[nearest] - target) > distance:
        return None
    return frames.keyframes[nearest]


def grid(frames: Frames, step: Fraction) -> Iterator[int]:
    """Yield the first frame at or after each multiple of a step from the film's beginning, each once."""
    last, target = -1, Fraction(frames.pts[0])
    while target <= frames.pts[-1]:
        position = bisect_left(frames.pts, target)
        if position > last:
            yield (last := position)
        target += step * max(1, (frames.pts[position] - target) // step)


def _segment(frames: Frames, number: int, first: int, end: int, forced: Sequence[int]) -> Segment:
    """Return the segment of the frames from one position up to, not including, another."""
    lead, tail = max(0, first - RUN_UP_FRAMES), end + TAIL_FRAMES
    key = bisect_right(frames.keyframes, lead) - 1
    # The first keyframe is reached from the start of the file, whatever stands before it.
    seek = frames.key_pts[key] if first and key > 0 else None
    distance = frames.ticks(_KEYFRAME_DISTANCE_S)
    inside = forced[bisect_right(forced, first) : bisect_left(forced, end)]
    begin_time, end_time = frames.pts[first], frames.time_at(end)
    apart = [each for each in inside if min(frames.pts[each] - begin_time, end_time - frames.pts[each]) >= distance]
    return Segment(
        number=number, first_frame=first, frames=end - first,
        start_pts=frames.pts[first], end_pts=frames.pts[end] if end < len(frames) else None,
        lead_pts=frames.pts[lead], lead_frames=first - lead,
        tail_pts=frames.pts[tail] if tail < len(frames) else None, tail_frames=min(tail, len(frames)) - end,
        seek_pts=seek, keyframes=[0, *(each - first for each in apart)],
    )  # fmt: skip
