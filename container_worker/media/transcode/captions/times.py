"""Computes the times of cues from the packets of a track of subtitles."""

from collections.abc import Sequence
from fractions import Fraction
from itertools import pairwise

from scenequeue.jobs.transcode.plan import Packet, PacketTable
from scenequeue.jobs.transcode.source import Ratio

#: Seconds for which a cue is shown whose end the source does not tell, unless the next one begins before.
_UNTOLD_S = 5


def with_durations(packets: Sequence[Packet], time_base: Ratio) -> list[Packet]:
    """Return the packets, sorted by time, each with the time for which its cue is shown.

    Args:
        packets: those that become cues.
        time_base: of their times.
    """
    ordered = sorted(packets, key=lambda packet: packet.pts)
    longest = int(_UNTOLD_S / Fraction(*time_base))
    untold = [min(longest, later.pts - earlier.pts) for earlier, later in pairwise(ordered)] + [longest] * bool(ordered)
    return [
        packet if packet.duration > 0 else packet._replace(duration=max(1, rest))
        for packet, rest in zip(ordered, untold, strict=True)
    ]


def cue_times_ms(table: PacketTable, origin_s: Fraction) -> list[tuple[int, int] | None]:
    """Return begin and end of each packet's cue; None for one that ends before the picture's clock begins.

    Args:
        table: of a captions item.
        origin_s: is subtracted from all times.
    """
    tick_s = Fraction(*table.time_base)
    times: list[tuple[int, int] | None] = []
    for packet in table.packets:
        begin_ms = max(0, round(1000 * (packet.pts * tick_s - origin_s)))
        end_ms = round(1000 * ((packet.pts + packet.duration) * tick_s - origin_s))
        times.append((begin_ms, max(begin_ms + 1, end_ms)) if end_ms > 0 else None)
    return times
