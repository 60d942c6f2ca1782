"""The spans of a source that its segments read."""

from collections.abc import Sequence
from itertools import pairwise
from random import Random

from hypothesis import given, settings, strategies as st

from container_worker.media.transcode.planning.dividing import Frames, divide
from container_worker.media.transcode.planning.spans import BEHIND_PACKETS, HEAD_PACKETS, add_ranges
from container_worker.media.transcode.probing.packets import Flag, Packets, Row
from scenequeue.jobs.transcode.plan import Segment
from scenequeue.jobs.transcode.spans import is_within
from tests.container_worker.media.transcode.sources import picture, source

_INDEX = [(0, 3_000)]
_FACTS = source(index=_INDEX)


def _packets(frames: int, group: int, positions: Sequence[int], length: int, depth: int = 1) -> Packets:
    """Packets of 40 ms each; each group begins with a keyframe, and its others are decoded in another order than shown."""
    packets = Packets()
    for first in range(0, frames, group):
        shown = list(range(first, min(frames, first + group)))
        rest = shown[1:]
        for at in range(0, len(rest) - depth, depth + 1):
            rest[at : at + depth + 1] = [rest[at + depth], *rest[at : at + depth]]
        for number in (shown[0], *rest):
            row = len(packets)
            flags = Flag.KEY if number == first else Flag(0)
            packets.append(Row(number * 40, row * 40, positions[row], length, flags))
    return packets


def _segments(packets: Packets, segment_s: float) -> list[Segment]:
    pts = sorted(packets.pts)
    keys = [pts.index(row.pts) for row in packets if row.flags & Flag.KEY]
    return divide(Frames(pts, keys, 40, time_base=(1, 1000)), segment_s)


def _total(segment: Segment) -> int:
    return sum(end - begin for begin, end in segment.ranges)


@settings(max_examples=40, deadline=None)
@given(
    frames=st.integers(1, 300), group=st.integers(1, 120), depth=st.integers(0, 4), length=st.integers(1, 20_000),
    gap=st.sampled_from([0, 5_000, 100_000, 3_000_000]), segment_s=st.sampled_from([1.0, 3.0, 600.0]),
    shuffle=st.none() | st.randoms(), missing=st.integers(0, 10_000),
)  # fmt: skip
def test_every_packet_that_is_decoded_is_read(
    frames: int, group: int, depth: int, length: int, gap: int, segment_s: float, shuffle: Random | None, missing: int
) -> None:
    """From the keyframe to some behind the last one, with the index and the first packets; wherever they lie in the file."""
    positions = [3_000 + number * (length + gap) for number in range(frames)]
    if shuffle:
        shuffle.shuffle(positions)
    size = max(4_000, max(positions) + length - missing)
    packets = _packets(frames, group, positions, length, depth)
    for segment in add_ranges(_segments(packets, segment_s), packets, _FACTS, size):
        if not segment.ranges:
            continue
        assert len(segment.ranges) <= 32
        assert all(0 <= begin < end <= size for begin, end in segment.ranges)
        assert all(end < begin for (_, end), (begin, _) in pairwise(segment.ranges))
        rows = list(packets)
        first = 0 if segment.seek_pts is None else next(at for at, row in enumerate(rows) if row.pts == segment.seek_pts)
        end = segment.tail_pts if segment.tail_frames else segment.end_pts
        last = max(at for at, row in enumerate(rows) if end is None or row.pts < end)
        needed = [*rows[:HEAD_PACKETS], *rows[first : last + 1 + BEHIND_PACKETS]]
        spans = [(row.pos, min(size, row.pos + row.size)) for row in needed if row.pos < size]
        assert all(is_within(span, segment.ranges) for span in [*_INDEX, *spans])


def test_a_long_film_is_read_little_more_than_once() -> None:
    """A segment of a minute has the packets of 70 frames and a group more than its own; sound between them is read, too."""
    positions = [3_000 + number * 22_000 for number in range(15_000)]
    packets = _packets(15_000, 50, positions, 20_000)
    size = positions[-1] + 22_000
    segments = add_ranges(_segments(packets, 60), packets, _FACTS, size)
    assert len(segments) == 10
    assert sum(map(_total, segments)) <= 1.15 * size
    assert all(len(segment.ranges) <= 3 for segment in segments)


def test_a_source_is_read_whole_where_spans_are_not_known_or_of_no_use() -> None:
    """Without an index, without positions, or where nearly all of it is needed."""
    positions = [3_000 + number * 20_000 for number in range(500)]
    packets = _packets(500, 25, positions, 20_000)
    segments = _segments(packets, 2)
    assert all(segment.ranges for segment in add_ranges(segments, packets, _FACTS, 10_003_000))
    assert not any(segment.ranges for segment in add_ranges(segments, packets, source(), 10_003_000))
    (whole,) = add_ranges(_segments(packets, 600), packets, _FACTS, 10_003_000)
    assert whole.ranges == []
    packets.pos[3] = -1
    assert add_ranges(segments, packets, _FACTS, 10_003_000) == segments


def test_a_file_without_an_index_is_read_in_runs() -> None:
    """From a keyframe at least a second and a half before the one at which decoding begins; not if packets stand anywhere."""
    positions = [500 + number * 20_000 for number in range(1_000)]
    packets = _packets(1_000, 25, positions, 15_000)
    facts = source("mpegts", picture=picture())
    segments = add_ranges(_segments(packets, 4), packets, facts, 20_000_000)
    later = segments[5]
    assert later.seek_pts is not None
    (head, run) = later.ranges
    assert head == (0, positions[HEAD_PACKETS])
    assert packets.pts[positions.index(run[0])] == later.seek_pts - 2_000
    positions[3], positions[4] = positions[4], positions[3]
    packets = _packets(1_000, 25, positions, 15_000)
    assert not any(segment.ranges for segment in add_ranges(_segments(packets, 4), packets, facts, 20_000_000))
