"""Computes the times of a joined picture's packets: pure functions of the plan and the segments' tables."""

from array import array
from collections.abc import Iterable, Sequence
from itertools import pairwise

from container_worker.codes import Code
from scenequeue.errors import BadInput
from scenequeue.jobs.transcode.plan import PacketTable, Segment


def ranks_of(table: PacketTable, segment: Segment, frame_pts: Sequence[int]) -> "array[int]":
    """Return for each packet of a segment, in the order of decoding, the position of its frame in the whole picture.

    Args:
        table: the segment's packets.
        segment: the plan's.
        frame_pts: PTS of all frames, in the order in which they are shown; empty for a source that is not divided.

    Raises:
        BadInput: these are not the frames of the plan.
    """
    shown = sorted(packet.pts for packet in table.packets)
    expected = list(frame_pts[segment.first_frame : segment.first_frame + segment.frames])
    if any(earlier == later for earlier, later in pairwise(shown)) or (frame_pts and shown != expected):
        raise BadInput(Code.JOIN_FRAMES_DIFFER, segment=segment.number, expected=len(expected), found=len(shown))
    place = {pts: segment.first_frame + position for position, pts in enumerate(shown)}
    return array("q", (place[packet.pts] for packet in table.packets))


def reorder_depth(ranks: Sequence[int]) -> int:
    """Return the smallest delay, in frames, at which no packet is decoded after it is shown."""
    return max((position - rank for position, rank in enumerate(ranks)), default=0)


def decoding_times(pts: Sequence[int], depth: int) -> Iterable[int]:
    """Yield the DTS of each packet in the order of decoding: the times of the frames, later by the depth of the reordering.

    Args:
        pts: PTS of all frames, in the order in which they are shown; two are never equal.
        depth: of `reorder_depth`.
    """
    step = pts[1] - pts[0] if len(pts) > 1 else 1
    for position in range(len(pts)):
        yield pts[position - depth] if position >= depth else pts[0] - (depth - position) * step


def durations(pts: Sequence[int], last: int) -> "array[int]":
    """Return how long each frame is shown, in ticks; the last one as long as is given."""
    return array("q", [*(later - earlier for earlier, later in pairwise(pts)), last])
