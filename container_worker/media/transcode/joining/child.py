"""Joins the segments of one rendition inside the child process, with the tracks, to one file."""

import heapq
from collections.abc import Iterator
from contextlib import AbstractContextManager
from fractions import Fraction
from functools import partial
from itertools import zip_longest
from math import lcm
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Any

from container_worker.codes import Code
from container_worker.media.child_protocol import send
from container_worker.media.defaults import PROGRESS_S
from container_worker.media.transcode.encode.filters import output_aspect
from container_worker.media.transcode.file_names import PLAN_FILE
from container_worker.media.transcode.hls.cuts import choose_cuts, cut_times_s, shift_of
from container_worker.media.transcode.hls.file_names import FACTS_FILE, MEDIA_FILE
from container_worker.media.transcode.hls.media import sounds_of
from container_worker.media.transcode.hls.packaging import package
from container_worker.media.transcode.joining.file_names import JOINED_FILE, SEGMENT_FILE, TRACK_FILE
from container_worker.media.transcode.joining.reported import Picture, read_picture, read_track
from container_worker.media.transcode.joining.times import decoding_of, decoding_times, durations
from container_worker.media.transcode.packet_content import NO_CUE, packet_digest
from container_worker.media.transcode.packet_table import ticks_in
from container_worker.media.transcode.track.argv import track_ending
from container_worker.media.transcode.working_files import SEGMENT_FORMAT, TRACK_FORMATS, opened_part
from scenequeue.errors import BadInput
from scenequeue.jobs.transcode.plan import PacketTable, TrackReport, TranscodePlan

if TYPE_CHECKING:
    from av import Packet as AvPacket
    from av.container import InputContainer, OutputContainer
    from av.stream import Stream
    from av.video.stream import VideoStream

#: FFmpeg's names of the containers.
_FORMATS = {"mp4": "mp4", "mkv": "matroska", "webm": "webm", "flv": "flv"}
#: Largest number of ticks a second that MP4 stores.
_MAX_TIMESCALE = 2**31 - 1


def make(data: dict[str, Any]) -> dict[str, Any]:
    """Join the rendition into the working folder.

    Args:
        data: {"rendition": its name, "with_sounds": True if a ladder's sounds are made with it, "folder": the working folder,
            which has the plan, all segments and all tracks}.

    Raises:
        BadInput: segments or tracks are not those of the plan, or not those that were reported.
    """
    import av

    folder, rendition = Path(data["folder"]), str(data["rendition"])
    plan = TranscodePlan.model_validate_json((folder / PLAN_FILE).read_bytes())
    picture = read_picture(plan, folder, rendition)
    tracks = [read_track(folder, track.index) for track in plan.tracks]
    target = folder / JOINED_FILE.format(plan.container)
    options = _muxer_options(plan, tracks)
    with av.open(f"file:{target}", "w", format=_FORMATS[plan.container], options=options) as joined:
        streams: list[Stream] = [_picture_stream(joined, folder, plan, rendition)]
        streams.extend(_track_stream(joined, folder, plan, track.index) for track in plan.tracks)
        _describe(joined, plan)
        sources = [_picture_packets(plan, folder, picture)]
        sources += [_track_packets(plan, folder, report) for report in tracks]
        total, told = len(picture.ranks), monotonic()
        written = 0
        # In the order of decoding, so that the muxer need not hold many packets back.
        for _, at, packet in heapq.merge(
            *(_with_key(at, packets) for at, packets in enumerate(sources)), key=lambda each: each[:2]
        ):
            packet.stream = streams[at]
            joined.mux(packet)
            written += at == 0
            if monotonic() - told >= PROGRESS_S:
                told = monotonic()
                send({"frame": written, "of": total})
    if plan.hls:
        _package(plan, folder, rendition, picture, tracks, with_sounds=bool(data["with_sounds"]))
    seconds = (picture.pts[-1] + picture.last - picture.pts[0]) * Fraction(*plan.picture.time_base)
    return {"duration_s": max(float(seconds), 0.001), "frames": total}


def _package(
    plan: TranscodePlan, folder: Path, rendition: str, picture: Picture, tracks: list[TrackReport], *, with_sounds: bool
) -> None:
    """Write the rendition, and sounds, as the files of a ladder, each with its description."""
    # Times are those of an MP4, whatever the other files are.
    plan, tick_s = plan.model_copy(update={"container": "mp4"}), Fraction(*plan.picture.time_base)
    reports = {report.index: report for report in tracks}
    spans = {sound.track.index: _span_s(plan, reports[sound.track.index]) for sound in sounds_of(plan)}
    shift_s = shift_of(min((begin for begin, _end in spans.values()), default=Fraction(0)))
    cuts = choose_cuts(picture.pts, picture.last, picture.keyframes, tick_s)
    made = [package(
        folder / MEDIA_FILE.format(0), partial(_picture_stream, folder=folder, plan=plan, rendition=rendition),
        _picture_packets(plan, folder, picture), cuts=cuts, timescale=plan.picture.time_base[1], shift_s=shift_s,
    )]  # fmt: skip
    for number, sound in enumerate(sounds_of(plan) if with_sounds else [], 1):
        index = sound.track.index
        times = cut_times_s(picture.pts, cuts, tick_s, spans[index][1])
        made.append(package(
            folder / MEDIA_FILE.format(number), partial(_track_stream, folder=folder, plan=plan, index=index),
            _track_packets(plan, folder, reports[index]), cut_times_s=times, shift_s=shift_s,
        ))  # fmt: skip
    for number, media in enumerate(made):
        (folder / FACTS_FILE.format(number)).write_text(media.model_dump_json(), encoding="utf-8")


def _span_s(plan: TranscodePlan, report: TrackReport) -> tuple[Fraction, Fraction]:
    """Return begin and end of a track in the joined file, in seconds."""
    tick_s, origin_s = Fraction(*report.table.time_base), plan.origin_pts * Fraction(*plan.picture.time_base)
    rows = report.table.packets
    begin, end = min(row.pts for row in rows), max(row.pts + row.duration for row in rows)
    return begin * tick_s - origin_s, end * tick_s - origin_s


def _muxer_options(plan: TranscodePlan, tracks: list[TrackReport]) -> dict[str, str]:
    if plan.container != "mp4":
        return {"fflags": "+bitexact"}
    ticks = plan.picture.time_base[1]
    # In the movie's own ticks every start of a track is exact.
    movie = lcm(ticks, *(report.table.time_base[1] for report in tracks))
    return {
        "movflags": "+faststart", "fflags": "+bitexact", "video_track_timescale": str(ticks),
        "movie_timescale": str(movie if movie <= _MAX_TIMESCALE else ticks),
    }  # fmt: skip


def _picture_stream(joined: "OutputContainer", folder: Path, plan: TranscodePlan, rendition: str) -> "VideoStream":
    with opened_part(folder / SEGMENT_FILE.format(plan.segments[0].number), SEGMENT_FORMAT) as first:
        stream = joined.add_stream_from_template(first.streams.video[0], opaque=True)
    stream.time_base = Fraction(*plan.picture.time_base)
    made = next(each for each in plan.renditions if each.name == rendition)
    is_copy = made.codec == "copy"
    # AV1 itself has no shape of pixels, and NUT's is not in the template.
    aspect = plan.picture.pixel_aspect if is_copy else output_aspect(plan.picture, made)
    stream.codec_context.sample_aspect_ratio = Fraction(*aspect)
    stream.codec_context.framerate = Fraction(*plan.picture.frame_rate)
    if is_copy and plan.picture.rotation:
        # PyAV counts the other way round.
        stream.set_display_rotation(-plan.picture.rotation)
    if plan.container == "mp4" and stream.codec_context.name == "hevc":
        # Players of Apple refuse the other tag.
        stream.codec_context.codec_tag = "hvc1"
    return stream


def _track_stream(joined: "OutputContainer", folder: Path, plan: TranscodePlan, index: int) -> "Stream":
    import av
    from av.stream import Disposition

    track = next(each for each in plan.tracks if each.index == index)
    with _opened_track(folder, plan, index) as source:
        stream = joined.add_stream_from_template(source.streams[0], opaque=True)
    if isinstance(stream, av.AudioStream) and stream.codec_context.sample_rate:
        stream.time_base = Fraction(1, stream.codec_context.sample_rate)
    if track.language:
        stream.metadata["language"] = track.language
    if track.title:
        stream.metadata["title"] = track.title
    wanted = Disposition(0)
    for name in track.dispositions:
        wanted |= getattr(Disposition, name, Disposition(0))
    stream.disposition = wanted
    return stream


def _describe(joined: "OutputContainer", plan: TranscodePlan) -> None:
    joined.metadata.update(plan.metadata)
    if plan.chapters:
        origin_ms = ticks_in((1, 1000), plan.picture.time_base, plan.origin_pts)
        joined.set_chapters([
            {
                "id": at, "start": max(0, each.start_ms - origin_ms), "end": max(0, each.end_ms - origin_ms),
                "time_base": Fraction(1, 1000),
                "metadata": {"title": each.title} if each.title else {},
            }
            for at, each in enumerate(plan.chapters, 1)
        ])  # fmt: skip


def _opened_track(folder: Path, plan: TranscodePlan, index: int) -> AbstractContextManager["InputContainer"]:
    track = next(each for each in plan.tracks if each.index == index)
    name = TRACK_FILE.format(index, track_ending(track.action, track.codec))
    return opened_part(folder / name, TRACK_FORMATS)


def _with_key(at: int, packets: "Iterator[AvPacket[Any]]") -> "Iterator[tuple[Fraction, int, AvPacket[Any]]]":
    for packet in packets:
        assert packet.dts is not None
        yield packet.dts * packet.time_base, at, packet


def _picture_packets(plan: TranscodePlan, folder: Path, picture: Picture) -> "Iterator[AvPacket[Any]]":
    """Yield the packets of all segments with the times of the plan.

    Raises:
        BadInput: a packet is not the one that was reported.
    """
    time_base = Fraction(*plan.picture.time_base)
    shown_for = durations(picture.pts, picture.last)
    decoding = decoding_of(picture.pts, picture.ranks, picture.last)
    if plan.container == "mp4":
        shown_for[picture.ranks[-1]] = decoding.rest
    times = iter(decoding_times(picture.pts, decoding))
    at = 0
    for segment in plan.segments:
        with opened_part(folder / SEGMENT_FILE.format(segment.number), SEGMENT_FORMAT) as source:
            stream = source.streams.video[0]
            codec, extradata = stream.codec_context.name, stream.codec_context.extradata
            for packet in source.demux(stream):
                if not packet.size:
                    continue
                if at >= len(picture.ranks) or packet_digest(codec, bytes(packet), extradata) != picture.digests[at].hex():
                    raise BadInput(Code.JOIN_PACKET_DIFFERS, segment=segment.number, packet=at)
                rank = picture.ranks[at]
                packet.time_base = time_base
                packet.pts, packet.dts, packet.duration = picture.pts[rank], next(times), shown_for[rank]
                at += 1
                yield packet
    if at != len(picture.ranks):
        raise BadInput(Code.JOIN_FRAMES_DIFFER, segment=plan.segments[-1].number, expected=len(picture.ranks), found=at)


def _track_packets(plan: TranscodePlan, folder: Path, report: TrackReport) -> "Iterator[AvPacket[Any]]":
    """Yield the packets of a track with the times of its report, shifted like the picture's.

    Raises:
        BadInput: a packet is not the one that was reported.
    """
    table: PacketTable = report.table
    time_base = Fraction(*table.time_base)
    shift = ticks_in(table.time_base, plan.picture.time_base, plan.origin_pts)
    with _opened_track(folder, plan, report.index) as source:
        stream = source.streams[0]
        codec, extradata = stream.codec_context.name, stream.codec_context.extradata
        packets = (packet for packet in source.demux(stream) if packet.size)
        for row, packet in zip_longest(table.packets, packets):
            if row is None or packet is None or packet_digest(codec, bytes(packet), extradata) != row.digest:
                raise BadInput(Code.JOIN_TRACK_DIFFERS, track=report.index)
            if row.digest == NO_CUE and row.pts < shift:
                # The pause before the first text, counted from the zero of the source's clock.
                continue
            packet.time_base = time_base
            packet.pts, packet.duration = row.pts - shift, row.duration
            packet.dts = (row.pts if row.dts is None else row.dts) - shift
            yield packet
