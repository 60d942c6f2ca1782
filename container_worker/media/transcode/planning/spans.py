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
#: More than the header of a packet, which is in front of its position.
_BLOCK_BYTES = 64
#: Share of the file from which on it is read as a whole.
_NEARLY_WHOLE = 0.9


def add_ranges(
    segments: Sequence[Segment], packets: Packets, index: Sequence[Span], size: int, cues: Sequence[tuple[int, int]] = ()
) -> list[Segment]:
    """Return the segments with the spans of the file that each one reads; without, where it reads the whole.

    Args:
        segments: of a source that is divided.
        packets: of the picture.
        index: spans that a demuxer reads before it reads packets; nothing if the whole must be read.
        size: of the file, in bytes.
        cues: times and positions at which a demuxer begins that reads everything from there on, the beginning first; nothing for
            one that reads packets by their positions.
    """
    if not index or min(packets.pos) < 0:
        return list(segments)
    needed = _Needed(packets)
    found = []
    for segment in segments:
        rows = needed.rows(segment)
        if rows is None:
            spans = []
        elif cues:
            spans = [_run(cues, None, packets, range(HEAD_PACKETS), size), _run(cues, segment.seek_pts, packets, rows, size)]
        else:
            spans = _places(packets, (*range(HEAD_PACKETS), *rows))
        found.append(segment.model_copy(update={"ranges": _few([*index, *spans], size) if spans else []}))
    return found


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


def _run(cues: Sequence[tuple[int, int]], seek_pts: int | None, packets: Packets, rows: range, size: int) -> Span:
    """Return the span from a cue up to the packet behind the last of the rows."""
    at = 0 if seek_pts is None else bisect_left(cues, (seek_pts + 1, 0)) - 1
    end = packets.pos[rows.stop] + _BLOCK_BYTES if rows.stop < len(packets) else size
    return cues[max(0, at)][1], end


def _few(spans: Sequence[Span], size: int) -> list[Span]:
    """Return the spans as a few; none if they are nearly the whole file."""
    gap = GAP_BYTES
    while len(merged := merge_spans(spans, size, gap)) > _MOST_SPANS:
        gap *= 2
    return [] if sum(end - begin for begin, end in merged) > _NEARLY_WHOLE * size else merged
