"""Decides which packets of a joined file are decoded: those around the joins, and single keyframes."""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from container_worker.media.transcode.packet_table import ranks_of
from container_worker.media.transcode.verify.tables import Packets

#: Frames that are compared before and after each join.
_AROUND = 2
#: Fewer keyframes than one in so many frames are all decoded; of more, as many as that.
_FRAMES_PER_KEY = 250


@dataclass(frozen=True)
class Run:
    """Packets that are decoded one after the other, from a keyframe on; positions are those in the file's order."""

    begin: int
    end: int
    #: Positions in presentation order of the frames that must come out.
    wanted: frozenset[int]


def runs_for(packets: Packets, joins: Iterable[int]) -> list[Run]:
    """Return the runs, in the order of the file and without overlap.

    Args:
        packets: of the picture.
        joins: positions in presentation order of the first frame of each segment; both ends of the file are added.
    """
    count = len(packets.pts)
    ranks = ranks_of(packets.pts)
    position_of = {rank: position for position, rank in enumerate(ranks)}
    keys = [position for position, is_key in enumerate(packets.keys) if is_key]
    runs = []
    for join in sorted({0, count, *joins}):
        wanted = range(max(0, join - _AROUND), min(count, join + _AROUND))
        positions = [position_of[rank] for rank in wanted]
        if not positions:
            continue
        at = bisect_right(keys, min(positions)) - 1
        # Frames of an open group are shown before its keyframe.
        while at >= 0 and ranks[keys[at]] > wanted[0]:
            at -= 1
        # Without a keyframe, nothing can be decoded there: the frames will be missing.
        begin = keys[at] if at >= 0 else min(positions)
        runs.append(Run(begin, max(positions) + 1, frozenset(wanted)))
    step = max(1, len(keys) * _FRAMES_PER_KEY // max(1, count))
    runs += [Run(key, key + 1, frozenset({ranks[key]})) for key in keys[::step]]
    return _merged(sorted(runs, key=lambda run: (run.begin, run.end)))


def _merged(runs: Sequence[Run]) -> list[Run]:
    """Return runs, which are sorted by their beginnings, with those that overlap as one."""
    groups: list[list[Run]] = []
    end = 0
    for run in runs:
        if groups and run.begin < end:
            groups[-1].append(run)
        else:
            groups.append([run])
        end = max(end, run.end)
    return [
        Run(group[0].begin, max(run.end for run in group), frozenset[int]().union(*(run.wanted for run in group)))
        for group in groups
    ]
