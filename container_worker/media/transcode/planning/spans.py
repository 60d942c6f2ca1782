"""Decides which spans of a source the items read: what a demuxer needs to open it, and what they decode."""

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from itertools import accumulate

from container_worker.media.transcode.probing.packets import Flag, Packets
from scenequeue.jobs.transcode.plan import Segment
from scenequeue.jobs.transcode.spans import GAP_BYTES, Span, merge_spans

#: Packets at the start of the picture in which a demuxer looks for what the index does not tell, such as the depth of the
#: reordering; and packets that a decoder may need behind the last one, until it gives that one's frame.
HEAD_PACKETS = BEHIND_PACKETS = 32
#: Most spans of one item. Each is a request, and a part of the item's payload.
_MOST_SPANS = 32
#: Share of the file from which on it is read as a whole.
_NEARLY_WHOLE = 0.9


def add_ranges(segments: Sequence[Segment], packets: Packets, index: Sequence[Span], size: int) -> list[Segment]:
    """Return the segments with the spans of the file that each one reads; without, where it reads the whole.

    Args:
        segments: of a source that is divided.
        packets: of the picture.
        index: spans that a demuxer reads before it reads packets; nothing if packets cannot be read by their positions.
        size: of the file, in bytes.
    """
    if not index or min(packets.pos) < 0:
        return list(segments)
    head = [*index, *_places(packets, range(HEAD_PACKETS))]
    needed = _Needed(packets)
    return [segment.model_copy(update={"ranges": _few(head, needed.rows(segment), packets, size)}) for segment in segments]


class _Needed:
    """Finds the packets that are decoded for a segment, in decoding order."""

    def __init__(self, packets: Packets) -> None:
        order = sorted(range(len(packets)), key=packets.pts.__getitem__)
        self._count = len(packets)
        #: Times in presentation order; and the last packet, in decoding order, among those up to each time.
        self._times = [packets.pts[row] for row in order]
        self._last = list(accumulate(order, max))
        # The first one of a time.
        self._keyframes = {packets.pts[row]: row for row in reversed(order) if packets.flags[row] & Flag.KEY}

    def rows(self, segment: Segment) -> range | None:
        """Return their positions; None if they are not known."""
        first = 0 if segment.seek_pts is None else self._keyframes.get(segment.seek_pts)
        if first is None:
            return None
        if segment.tail_pts is None:
            return range(first, self._count)
        shown = bisect_left(self._times, segment.tail_pts)
        last = self._last[shown - 1] if shown else first
        return range(first, min(self._count, last + 1 + BEHIND_PACKETS))


def _places(packets: Packets, rows: Iterable[int]) -> list[Span]:
    return [(packets.pos[row], packets.pos[row] + packets.size[row]) for row in rows if row < len(packets)]


def _few(head: Sequence[Span], rows: range | None, packets: Packets, size: int) -> list[Span]:
    """Return the spans of the rows and the head as a few; none if they are nearly the whole file."""
    if rows is None:
        return []
    gap, spans = GAP_BYTES, [*head, *_places(packets, rows)]
    while len(merged := merge_spans(spans, size, gap)) > _MOST_SPANS:
        gap *= 2
    return [] if sum(end - begin for begin, end in merged) > _NEARLY_WHOLE * size else merged
