"""Decides whether the files and playlists of a ladder are right: pure functions of what was read."""

import re
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from math import floor

from container_worker.codes import Code
from container_worker.media.transcode.hls.bit_rates import average_bps, peak_bps
from container_worker.media.transcode.hls.playlists import frames_per_second
from container_worker.media.transcode.verify.hls.playlist_reading import MasterPlaylist, MediaPlaylist
from container_worker.media.transcode.verify.hls.reading import Packaged
from container_worker.media.transcode.verify.outcome import failed, passed
from container_worker.media.transcode.verify.picture_checks import differences
from container_worker.media.transcode.verify.tables import Packets
from scenequeue.jobs.transcode.hls import HlsMedia, HlsSegment
from scenequeue.jobs.transcode.source import Ratio
from scenequeue.jobs.transcode.verification import Check

#: Largest difference between a segment's told length and that of its packets, and largest shift of a sound.
_MAX_OFF_S = Fraction(1, 1000)
#: Under which the check of the whole ladder is listed.
LADDER = "ladder"
_OF_LADDER = LADDER, "hls"


@dataclass(frozen=True)
class Wanted:
    """The packets that a file of the ladder must hold."""

    #: Of the file; also that of its playlist.
    name: str
    packets: Packets
    #: PTS of each packet in the joined files' clock, in ticks of `packets`.
    pts: Sequence[int]
    is_picture: bool


@dataclass(frozen=True)
class Measured:
    """The segments that were found in a file of the ladder."""

    name: str
    #: Its segments, as its packets are cut by the playlist's ranges.
    media: HlsMedia
    #: When each segment begins, in seconds.
    starts_s: Sequence[Fraction]
    target_s: int
    is_picture: bool


def check_medium(wanted: Wanted, found: Packaged, playlist: MediaPlaylist) -> tuple[Check, Measured | None]:
    """Check a file and its playlist: packets and times as planned, ranges that cover the file, lengths, keyframes."""
    outcome = _content_fault(wanted, found) or _range_fault(wanted, found, playlist)
    if outcome is not None:
        return outcome, None
    shift = found.packets.pts[0] * found.packets.tick_s - wanted.pts[0] * wanted.packets.tick_s
    bounds = [segment.begin for segment in playlist.segments]
    held: list[list[int]] = [[] for _ in bounds]
    for position, place in enumerate(found.places):
        held[bisect_right(bounds, place) - 1].append(position)
    pts, tick_s, name = found.packets.pts, found.packets.tick_s, wanted.name
    empty = next((at for at, positions in enumerate(held) if not positions), None)
    if empty is not None:
        return failed("hls", name, Code.HLS_RANGES_WRONG, segment=empty), None
    starts = [*(min(pts[position] for position in positions) for positions in held), found.end]
    worst = Fraction(0)
    for at, (positions, segment) in enumerate(zip(held, playlist.segments, strict=True)):
        first = positions[0]
        is_begin = pts[first] == starts[at] or not playlist.is_independent
        if wanted.is_picture and not (found.packets.keys[first] and is_begin):
            return failed("hls", name, Code.HLS_KEYFRAME_MISSING, segment=at), None
        off_s = abs(segment.length_s - (starts[at + 1] - starts[at]) * tick_s)
        if off_s > _MAX_OFF_S or floor(segment.length_s + Fraction(1, 2)) > playlist.target_s:
            return failed("hls", name, Code.HLS_LENGTH_WRONG, segment=at, off_ms=_ms(off_s)), None
        worst = max(worst, off_s)
    media = HlsMedia(
        timescale=found.packets.time_base[1], init_bytes=found.init_bytes, shift_s=int(shift),
        is_independent=playlist.is_independent,
        segments=[
            HlsSegment(segment.end - segment.begin, later - begin, len(positions))
            for segment, positions, (begin, later) in zip(playlist.segments, held, pairwise(starts), strict=True)
        ], **found.facts,
    )  # fmt: skip
    told = passed("hls", name, Code.HLS_AS_PLANNED, segments=len(held), packets=len(pts), off_ms=_ms(worst))
    return told, Measured(name, media, [start * tick_s for start in starts[:-1]], playlist.target_s, wanted.is_picture)


def _content_fault(wanted: Wanted, found: Packaged) -> Check | None:
    """Return the failed check of packets and times; None if they are as planned."""
    expected, there = wanted.packets.digests, found.packets.digests
    if expected != there or not there or (wanted.is_picture and wanted.packets.headers != found.packets.headers):
        differ = sum(one != other for one, other in zip(expected, there, strict=False)) + abs(len(expected) - len(there))
        return failed("hls", wanted.name, Code.HLS_PACKETS_FOREIGN, packets=differ)
    off = differences(found.packets.pts, found.packets.time_base, list(wanted.pts), wanted.packets.time_base)
    tick_s = max(found.packets.tick_s, wanted.packets.tick_s)
    shift = round(off[0])
    wrong = [position for position, each in enumerate(off) if abs(each - shift) > min(tick_s, _MAX_OFF_S)]
    if wrong:
        return failed("hls", wanted.name, Code.HLS_TIMES_OFF, packets=len(wrong), off_ms=_ms(off[wrong[0]] - shift))
    for position, (dts, pts) in enumerate(zip(found.packets.dts, found.packets.pts, strict=True)):
        before = found.packets.dts[position - 1] if position else None
        if dts is None or dts > pts or (before is not None and dts <= before):
            return failed("hls", wanted.name, Code.HLS_TIMES_OFF, packets=1, off_ms=0.0)
    return None


def _range_fault(wanted: Wanted, found: Packaged, playlist: MediaPlaylist) -> Check | None:
    """Return the failed check of the byte ranges; None if they cut the file at fragments, without holes."""
    at, begins, file_name = found.init_bytes, frozenset(found.fragments), f"{wanted.name}.mp4"
    fault = 0 if (playlist.map_end, playlist.map_uri) != (at, file_name) or not playlist.segments else None
    for number, segment in enumerate(playlist.segments):
        if segment.begin != at or segment.begin not in begins or segment.uri != file_name:
            fault = number if fault is None else fault
        at = segment.end
    if at != found.size and fault is None:
        fault = len(playlist.segments) - 1
    return None if fault is None else failed("hls", wanted.name, Code.HLS_RANGES_WRONG, segment=fault)


def check_text(name: str, playlist: MediaPlaylist, webvtt: str, made: str, rung: Measured) -> Check:
    """Check subtitles: the file that was checked, with the clock of the ladder, and a playlist as long as the picture.

    Args:
        name: of the file and its playlist.
        playlist: as it was read.
        webvtt: the file that was checked against the source.
        made: the ladder's file.
        rung: any of the ladder.
    """
    lines = made.split("\n")
    clock = re.fullmatch(r"X-TIMESTAMP-MAP=LOCAL:00:00:00\.000,MPEGTS:(\d+)", lines.pop(1) if len(lines) > 1 else "")
    if clock is None or int(clock[1]) != 90_000 * rung.media.shift_s or "\n".join(lines) != webvtt:
        return failed("hls", name, Code.HLS_TEXT_DIFFERS)
    length_s = Fraction(rung.media.duration, rung.media.timescale)
    if [segment.uri for segment in playlist.segments] != [f"{name}.vtt"] or playlist.segments[0].end:
        return failed("hls", name, Code.HLS_RANGES_WRONG, segment=0)
    off_s, told_s = abs(playlist.segments[0].length_s - length_s), playlist.segments[0].length_s
    if off_s > _MAX_OFF_S or floor(told_s + Fraction(1, 2)) > playlist.target_s:
        return failed("hls", name, Code.HLS_LENGTH_WRONG, segment=0, off_ms=_ms(off_s))
    return passed("hls", name, Code.HLS_TEXT_AS_CHECKED)


def check_ladder(measured: Sequence[Measured], texts: Sequence[str], master: MasterPlaylist, frame_rate: Ratio) -> Check:
    """Check that all files have one clock, that the rungs are cut alike, and that the master playlist tells the truth.

    Args:
        measured: all files.
        texts: names of the playlists of subtitles.
        master: the playlist.
        frame_rate: average of the source.
    """
    rungs, sounds = [each for each in measured if each.is_picture], [each for each in measured if not each.is_picture]
    for each in measured:
        if each.media.shift_s != measured[0].media.shift_s or each.target_s != measured[0].target_s:
            return failed(*_OF_LADDER, Code.HLS_RUNGS_APART, rung=each.name, segment=0)
    for rung in rungs[1:]:
        if rung.starts_s != rungs[0].starts_s:
            pairs = enumerate(zip(rung.starts_s, rungs[0].starts_s, strict=False))
            at = next((at for at, (one, other) in pairs if one != other), min(len(rung.starts_s), len(rungs[0].starts_s)))
            return failed(*_OF_LADDER, Code.HLS_RUNGS_APART, rung=rung.name, segment=at)
    wrong = _wrong_in_master(rungs, sounds, texts, master, frame_rate)
    if wrong is not None:
        return failed(*_OF_LADDER, Code.HLS_MASTER_WRONG, rung=wrong[0], attribute=wrong[1])
    return passed(*_OF_LADDER, Code.HLS_LADDER_AS_PLANNED, rungs=len(rungs), segments=len(rungs[0].starts_s))


def _wrong_in_master(
    rungs: Sequence[Measured], sounds: Sequence[Measured], texts: Sequence[str], master: MasterPlaylist, frame_rate: Ratio
) -> tuple[str, str] | None:
    """Return the name of a rung, sound or subtitles, and the attribute that is wrong; None if none is."""
    members = [*(each.name for each in sounds), *texts]
    for names, told in (
        ([rung.name for rung in rungs], [uri for _, uri in master.rungs]),
        (members, [each.get("URI", "") for each in master.members]),
    ):
        if told != [f"{name}.m3u8" for name in names]:
            return next((name for name, uri in zip(names, told, strict=False) if uri != f"{name}.m3u8"), LADDER), "URI"
    if master.is_independent != all(rung.media.is_independent for rung in rungs):
        return LADDER, "INDEPENDENT-SEGMENTS"
    for rung, (found, _uri) in zip(rungs, master.rungs, strict=True):
        wanted = _attributes(rung, sounds, texts, frame_rate)
        for key in sorted(found.keys() | wanted.keys()):
            if found.get(key) != wanted.get(key):
                return rung.name, key
    return None


def _attributes(rung: Measured, sounds: Sequence[Measured], texts: Sequence[str], frame_rate: Ratio) -> Mapping[str, str]:
    """Return the attributes that the master playlist must tell of a rung."""
    media, target_s = rung.media, rung.target_s
    peak = peak_bps(media, target_s) + max((peak_bps(each.media, target_s) for each in sounds), default=0)
    average = average_bps(media) + max((average_bps(each.media) for each in sounds), default=0)
    codecs = ",".join(dict.fromkeys([media.codecs, *(each.media.codecs for each in sounds)]))
    return {
        "BANDWIDTH": str(peak), "AVERAGE-BANDWIDTH": str(average), "CODECS": codecs,
        "RESOLUTION": f"{media.width}x{media.height}", "VIDEO-RANGE": media.video_range,
        "FRAME-RATE": f"{float(frames_per_second(media, frame_rate)):.3f}",
        **({"AUDIO": "audio"} if sounds else {}), **({"SUBTITLES": "subtitles"} if texts else {}),
    }  # fmt: skip


def _ms(seconds: Fraction) -> float:
    return round(float(seconds * 1000), 3)
