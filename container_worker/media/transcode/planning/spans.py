"""Decides which spans of a source the items read: what a demuxer needs to open it, and what they decode."""

from bisect import bisect_left
from collections.abc import Callable, Iterable, Sequence
from fractions import Fraction
from functools import partial
from itertools import accumulate, pairwise
from math import ceil
from typing import TypeAlias

from container_worker.media.transcode.probing.facts import SourceFacts
from container_worker.media.transcode.probing.packets import NO_TIME, Flag, Packets
from scenequeue.jobs.transcode.plan import Segment
from scenequeue.jobs.transcode.spans import GAP_BYTES, Span, merge_spans

#: Packets at the start of the picture in which a demuxer looks for what the index does not tell, such as the depth of the
#: reordering; and packets that a decoder may need behind the last one, until it gives that one's frame.
HEAD_PACKETS = BEHIND_PACKETS = 32
#: Most spans of one item. Each is a request, and a part of the item's payload.
_MOST_SPANS = 32
#: More than the header of a packet, which is in front of its position.
_BLOCK_BYTES = 64
#: Formats without an index: their spans are put together to a file without holes, which is read from its beginning. Decoding
#: begins this many seconds before the keyframe, as a seek does.
CONTINUOUS = frozenset({"mpegts"})
_MARGIN_S = Fraction(3, 2)
#: Share of the file from which on it is read as a whole.
_NEARLY_WHOLE = 0.9

#: Returns the places of packets: time at which decoding begins, or None for the start; their rows.
_Places: TypeAlias = Callable[[int | None, range], list[Span]]


def add_ranges(segments: Sequence[Segment], packets: Packets, facts: SourceFacts, size: int) -> list[Segment]:
    """Return the segments with the spans of the file that each one reads; without, where it reads the whole.

    Args:
        segments: of a source that is divided.
        packets: of the picture.
        facts: of the source.
        size: of the file, in bytes.
    """
    places = _places_of(packets, facts, size)
    if places is None:
        return list(segments)
    needed = _Needed(packets)
    found = []
    for segment in segments:
        rows = needed.rows(segment)
        spans = [] if rows is None else [*facts.index, *places(None, range(HEAD_PACKETS)), *places(segment.seek_pts, rows)]
        found.append(segment.model_copy(update={"ranges": _few(spans, size)}))
    return found


def _places_of(packets: Packets, facts: SourceFacts, size: int) -> "_Places | None":
    """Return the way in which the places of packets are found; None if the whole must be read."""
    if min(packets.pos) < 0:
        return None
    if facts.format in CONTINUOUS:
        if any(later < earlier for earlier, later in pairwise(packets.pos)):
            return None
        margin = _MARGIN_S / Fraction(*facts.picture.time_base)
        keyframes = [(row.pts, row.pos) for row in packets if row.flags & Flag.KEY and row.pts != NO_TIME]
        cues = [(NO_TIME, 0), *((pts + ceil(margin), pos) for pts, pos in keyframes)]
        return partial(_run, sorted(cues), 0, packets, size)
    if not facts.index:
        return None
    return partial(_run, facts.cues, _BLOCK_BYTES, packets, size) if facts.cues else partial(_single, packets)


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


def _single(packets: Packets, seek_pts: int | None, rows: Iterable[int]) -> list[Span]:  # noqa: ARG001 - by their positions
    """Return the spans of the rows, each by itself."""
    return [(packets.pos[row], packets.pos[row] + packets.size[row]) for row in rows if row < len(packets)]


def _run(
    cues: Sequence[tuple[int, int]], header_bytes: int, packets: Packets, size: int, seek_pts: int | None, rows: range
) -> list[Span]:
    """Return the span from a cue up to the packet behind the last of the rows.

    Args:
        cues: times and positions at which a demuxer begins that reads everything from there on, the beginning first.
        header_bytes: of a packet, in front of its position.
        packets: of the picture.
        size: of the file, in bytes.
        seek_pts: time at which decoding begins; None for the start.
        rows: positions of the packets.
    """
    at = 0 if seek_pts is None else bisect_left(cues, (seek_pts + 1, 0)) - 1
    end = packets.pos[rows.stop] + header_bytes if rows.stop < len(packets) else size
    return [(cues[max(0, at)][1], end)]


def _few(spans: Sequence[Span], size: int) -> list[Span]:
    """Return the spans as a few; none if they are nearly the whole file."""
    gap = GAP_BYTES
    while len(merged := merge_spans(spans, size, gap)) > _MOST_SPANS:
        gap *= 2
    return [] if sum(end - begin for begin, end in merged) > _NEARLY_WHOLE * size else merged
