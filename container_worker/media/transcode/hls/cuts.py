"""Chooses where the segments of a ladder begin: pure functions of times and keyframes."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from fractions import Fraction
from math import ceil

from container_worker.media.transcode.packet_table import ranks_of
from scenequeue.jobs.transcode.plan import SegmentReport

#: Length of a segment, and by how much it may be longer: the playlists round it to whole seconds.
SEGMENT_S, _TOLERANCE_S = 6, Fraction(49, 100)


def shared_keyframes(report: SegmentReport) -> list[int]:
    """Return the positions in a segment at which every rendition can be cut, ascending."""
    tables = [table.packets for table in report.tables.values()]
    found = [
        set(cuttable_keyframes([row.pts for row in packets], [row.is_key for row in packets])) for packets in tables
    ]  # fmt: skip
    return sorted(set.intersection(*found)) if found else []


def cuttable_keyframes(pts: Sequence[int], keys: Sequence[bool]) -> Iterator[int]:
    """Yield the positions of keyframes before which all frames are shown that were decoded before, and no others.

    Frames that are decoded after it may be shown before the keyframe itself (an open group of pictures).

    Args:
        pts: of the packets, in the order of decoding.
        keys: True for a keyframe.
    """
    latest = -1
    for position, rank in enumerate(ranks_of(pts)):
        if keys[position] and latest == position - 1:
            yield position
        latest = max(latest, rank)


def choose_cuts(pts: Sequence[int], last: int, keyframes: Sequence[int], tick_s: Fraction) -> list[int]:
    """Return the positions of the frames with which segments begin, the first one included.

    Args:
        pts: of all frames, in the order in which they are shown.
        last: how long the last one is shown, in ticks.
        keyframes: positions at which all renditions can be cut, ascending.
        tick_s: seconds per tick.
    """
    wanted, most = SEGMENT_S / tick_s, (SEGMENT_S + _TOLERANCE_S) / tick_s
    cuts, times = [0], [pts[position] for position in keyframes]
    while True:
        begin = pts[cuts[-1]]
        low, high = bisect_right(times, begin), bisect_right(times, begin + most)
        if low >= len(times) or pts[-1] + last - begin <= most:
            return cuts
        # Without a keyframe in time, the next one.
        chosen = min(range(low, max(high, low + 1)), key=lambda at: abs(times[at] - begin - wanted))
        cuts.append(keyframes[chosen])


def cut_times_s(pts: Sequence[int], cuts: Sequence[int], tick_s: Fraction, end_s: Fraction) -> list[Fraction]:
    """Return the times at which sound is cut, in seconds: those of the picture, and further ones behind its end.

    Args:
        pts: of all frames, in the order in which they are shown.
        cuts: positions of the frames with which segments begin.
        tick_s: seconds per tick.
        end_s: end of the sound.
    """
    times = [pts[position] * tick_s for position in cuts]
    while end_s - times[-1] > SEGMENT_S + _TOLERANCE_S:
        times.append(times[-1] + SEGMENT_S)
    return times


def nearest(starts: Sequence[Fraction], times: Sequence[Fraction]) -> list[int]:
    """Return the positions of the starts that are nearest to times, each once, the first start included.

    Args:
        starts: ascending.
        times: ascending.
    """
    found = {0}
    for time in times:
        behind = bisect_left(starts, time)
        around = [at for at in (behind - 1, behind) if 0 <= at < len(starts)]
        found.add(min(around, key=lambda at: abs(starts[at] - time)))
    return sorted(found)


def shift_of(earliest_s: Fraction) -> int:
    """Return the whole seconds that are added to all times, so that none is negative; whole, so that every clock has them.

    Args:
        earliest_s: time of the first packet of all tracks.
    """
    return max(0, ceil(-earliest_s))
