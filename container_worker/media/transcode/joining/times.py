"""Computes the times of a joined picture's packets: pure functions of the plan and the segments' tables."""

from array import array
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import NamedTuple

from container_worker.codes import Code
from container_worker.media.transcode.packet_table import ranks_of
from scenequeue.errors import BadInput
from scenequeue.jobs.transcode.plan import PacketTable, Segment


def places_of(table: PacketTable, segment: Segment, frame_pts: Sequence[int]) -> "array[int]":
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
    return array("q", (segment.first_frame + rank for rank in ranks_of([packet.pts for packet in table.packets])))


class Decoding(NamedTuple):
    """The delay between the times at which packets are decoded and shown."""

    #: In frames.
    depth: int
    #: Ticks from the first DTS to the first PTS.
    lead: int
    #: Ticks from the last DTS to the end of the track. MP4 takes it for the last packet's duration, and adds up the length of
    #: the track from the distances between the DTS and this.
    rest: int


def decoding_of(pts: Sequence[int], ranks: Sequence[int], last: int) -> Decoding:
    """Choose the smallest delay at which no packet is decoded after it is shown.

    Args:
        pts: PTS of all frames, in the order in which they are shown; two are never equal.
        ranks: positions in `pts` of the packets, in the order of decoding.
        last: how long the frame that is shown last is shown, in ticks.
    """
    depth = max(position - rank for position, rank in enumerate(ranks))
    from_last_dts = pts[-1] + last - pts[len(pts) - 1 - depth]
    if not depth:
        return Decoding(0, 0, from_last_dts)
    usual = depth * (pts[1] - pts[0])
    # With less, the packet that is decoded last would be shown beyond the end.
    least = max(depth, pts[ranks[-1]] - pts[len(pts) - 1 - depth])
    lead = max(least, min(usual, from_last_dts - 1))
    return Decoding(depth, lead, max(1, from_last_dts - lead))


def decoding_times(pts: Sequence[int], decoding: Decoding) -> Iterable[int]:
    """Yield the DTS of each packet in the order of decoding: the times of the frames, later by the depth of the reordering.

    Args:
        pts: PTS of all frames, in the order in which they are shown; two are never equal.
        decoding: of `decoding_of`.
    """
    depth, lead = decoding.depth, decoding.lead
    for position in range(len(pts)):
        yield pts[position - depth] if position >= depth else pts[0] - lead * (depth - position) // depth


def durations(pts: Sequence[int], last: int) -> "array[int]":
    """Return how long each frame is shown, in ticks; the last one as long as is given."""
    return array("q", [*(later - earlier for earlier, later in pairwise(pts)), last])
