"""Decides which packets of a joined file are decoded: those around the joins, and single keyframes."""

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
        begins = [key for key in keys if key <= min(positions, default=-1) and ranks[key] <= wanted[0]]
        if begins:
            runs.append(Run(begins[-1], max(positions) + 1, frozenset(wanted)))
        elif positions:
            # Nothing can be decoded there: the frames will be missing.
            runs.append(Run(min(positions), max(positions) + 1, frozenset(wanted)))
    step = max(1, len(keys) * _FRAMES_PER_KEY // max(1, count))
    runs += [Run(key, key + 1, frozenset({ranks[key]})) for key in keys[::step]]
    return _merged(sorted(runs, key=lambda run: (run.begin, run.end)))


def _merged(runs: Sequence[Run]) -> list[Run]:
    merged: list[Run] = []
    for run in runs:
        if merged and run.begin < merged[-1].end:
            last = merged[-1]
            merged[-1] = Run(last.begin, max(last.end, run.end), last.wanted | run.wanted)
        else:
            merged.append(run)
    return merged
