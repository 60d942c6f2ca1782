"""Decides whether the tracks of a joined file are those that were copied or encoded: pure functions of tables."""

from collections.abc import Mapping
from fractions import Fraction

from container_worker.codes import Code
from container_worker.media.transcode.packet_content import NO_CUE
from container_worker.media.transcode.verify.outcome import failed, passed
from container_worker.media.transcode.verify.tables import Encoded, Joined, Packets, planned_pts
from scenequeue.jobs.transcode.plan import TrackReport, TranscodePlan
from scenequeue.jobs.transcode.verification import Check

#: Largest shift of a track against the picture, apart from the rounding of a container that counts in milliseconds.
_MAX_SHIFT_MS = 1.0


def paired_tracks(
    plan: TranscodePlan, reports: Mapping[int, TrackReport], joined: Joined
) -> list[tuple[int, Packets, Packets | None]]:
    """Return the index of each planned track with its reported packets, and those of the joined file.

    A track without any packet is in no file.
    """
    planned = [track.index for track in plan.tracks if reports[track.index].table.packets]
    found = [*joined.tracks, *[None] * len(planned)]
    return [(index, Packets.of_table(reports[index].table), there) for index, there in zip(planned, found, strict=False)]


def check_tracks(plan: TranscodePlan, reports: Mapping[int, TrackReport], encoded: Encoded, joined: Joined) -> Check:
    """Check that every track is there, with the packets that its item reported."""
    name, rendition, packets = "tracks", encoded.rendition.name, 0
    pairs = paired_tracks(plan, reports, joined)
    if len(joined.tracks) != len(pairs):
        return failed(name, rendition, Code.TRACKS_MISCOUNTED, found=len(joined.tracks), planned=len(pairs))
    for index, wanted, found in pairs:
        assert found is not None
        expected, there = _with_content(wanted), _with_content(found)
        if expected != there:
            differ = sum(one != other for one, other in zip(expected, there, strict=False)) + abs(len(expected) - len(there))
            return failed(name, rendition, Code.TRACK_FOREIGN, track=index, packets=differ)
        packets += len(expected)
    return passed(name, rendition, Code.TRACKS_AS_PLANNED, tracks=len(pairs), packets=packets)


def _with_content(packets: Packets) -> list[str]:
    return [digest for digest in packets.digests if digest != NO_CUE]


def check_sync(plan: TranscodePlan, reports: Mapping[int, TrackReport], encoded: Encoded, joined: Joined) -> Check:
    """Check that every packet of every track keeps its time against the picture."""
    name, rendition = "sync", encoded.rendition.name
    planned = planned_pts(plan, encoded)
    if not planned or not joined.picture.pts:
        return failed(name, rendition, Code.FRAMES_MISCOUNTED, found=len(joined.picture.pts), encoded=len(planned), planned=1)
    shift_s, worst = shift_of_all_s(plan, encoded, joined), Fraction()
    for index, wanted, found in paired_tracks(plan, reports, joined):
        if found is None:
            continue
        allowed_ms = _MAX_SHIFT_MS + (1000 * found.tick_s if found.tick_s > Fraction(1, 2000) else 0)
        for there, expected in zip(_times(found), _times(wanted), strict=False):
            shift_ms = 1000 * (there * found.tick_s - expected * wanted.tick_s - shift_s)
            if abs(shift_ms) > allowed_ms:
                return failed(name, rendition, Code.TRACK_SHIFTED, track=index, shift_ms=round(float(shift_ms), 3))
            worst = max(worst, abs(shift_ms))
    return passed(name, rendition, Code.TRACKS_IN_SYNC, shift_ms=round(float(worst), 3))


def shift_of_all_s(plan: TranscodePlan, encoded: Encoded, joined: Joined) -> Fraction:
    """Return the seconds by which the joined picture is later than the source's: the same shift of all tracks is none."""
    first = min(planned_pts(plan, encoded), default=0) + plan.origin_pts
    return min(joined.picture.pts, default=0) * joined.picture.tick_s - first * Fraction(*plan.picture.time_base)


def _times(packets: Packets) -> list[int]:
    return [pts for pts, digest in zip(packets.pts, packets.digests, strict=True) if digest != NO_CUE]
