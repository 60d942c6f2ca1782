"""Computes the bit rates that a master playlist tells, as RFC 8216 defines them."""

from collections.abc import Sequence
from fractions import Fraction
from math import ceil

from scenequeue.jobs.transcode.hls import HlsMedia


def peak_bps(media: HlsMedia, target_s: int) -> int:
    """Return the largest bit rate of neighbouring segments that together last half to one and a half target durations."""
    sizes = [segment.bytes for segment in media.segments]
    lengths = [Fraction(segment.duration, media.timescale) for segment in media.segments]
    found = [_bps(sizes[first:last], lengths[first:last]) for first, last in _spans(lengths, target_s)]
    return max(found, default=average_bps(media))


def average_bps(media: HlsMedia) -> int:
    """Return the bit rate of all segments together."""
    return _bps([segment.bytes for segment in media.segments], [Fraction(media.duration, media.timescale)])


def _spans(lengths: Sequence[Fraction], target_s: int) -> "list[tuple[int, int]]":
    found = []
    for first in range(len(lengths)):
        total, last = Fraction(0), first
        while last < len(lengths) and total + lengths[last] <= Fraction(3, 2) * target_s:
            total += lengths[last]
            last += 1
            if total >= Fraction(1, 2) * target_s:
                found.append((first, last))
    return found


def _bps(sizes: Sequence[int], lengths: Sequence[Fraction]) -> int:
    return ceil(8 * sum(sizes) / max(sum(lengths), Fraction(1, 1000)))
