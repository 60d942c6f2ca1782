"""Reads a joined file: its packets, and the frames around its joins."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from container_worker.codes import Code
from container_worker.media.transcode.packet_content import codec_of, headers_digest, packet_digest
from container_worker.media.transcode.packet_table import base_of, ranks_of
from container_worker.media.transcode.probing.colour import HDR_METADATA, PRIMARIES, RANGES, SPACES, TRANSFERS
from container_worker.media.transcode.signatures import Signature, difference, parted_difference, signature_of
from container_worker.media.transcode.sound_envelope import Envelope, read_envelope
from container_worker.media.transcode.verify.decoder_headers import needs_of
from container_worker.media.transcode.verify.decoding_runs import runs_for
from container_worker.media.transcode.verify.tables import Colours, Decoded, Joined, Packets
from container_worker.media.transcode.working_files import open_only
from scenequeue.errors import BadInput

if TYPE_CHECKING:
    from av import Packet, VideoFrame
    from av.container import InputContainer
    from av.stream import Stream
    from av.video.codeccontext import VideoCodecContext

#: Returns the signature of the source's frame at a position; None if there is none.
SignatureAt: TypeAlias = "Callable[[int], Signature | None]"
_FORMATS = "mov,matroska,flv"
#: A frame is also compared with the source's frames up to so many beside its own.
_BESIDE = 3
_TRACKS = ("audio", "subtitle")


def opened(path: Path) -> "InputContainer":
    """Open a file that a join has made."""
    return open_only(path, _FORMATS)


def read_joined(path: Path, rendition: str) -> Joined:
    """Return the tables of a joined file.

    Args:
        path: the file.
        rendition: its name, for messages.

    Raises:
        BadInput: JOINED_UNREADABLE, JOINED_WITHOUT_PICTURE.

    Cost:
        Reads the file once, decodes nothing.
    """
    import av

    try:
        with opened(path) as container:
            if not container.streams.video:
                raise BadInput(Code.JOINED_WITHOUT_PICTURE, rendition=rendition)
            picture = container.streams.video[0]
            kept = [picture, *(stream for stream in container.streams if stream.type in _TRACKS)]
            found = {stream.index: columns_of(stream) for stream in kept}
            for packet in container.demux(kept):
                if packet.size and packet.pts is not None:
                    add_packet(found[packet.stream.index], packet)
            packets, context = found[picture.index], picture.codec_context
            return Joined(
                bytes=path.stat().st_size, width=context.width, height=context.height, pix_fmt=context.pix_fmt or "",
                needs=needs_of(packets.codec, context.extradata or b""),
                picture=packets, duration_s=_duration_s(picture, packets),
                tracks=[found[stream.index] for stream in kept[1:] if found[stream.index].pts],
            )  # fmt: skip
    except (av.FFmpegError, ValueError) as error:
        raise BadInput(Code.JOINED_UNREADABLE, rendition=rendition, problem=str(error)[:200]) from None


def columns_of(stream: "Stream") -> Packets:
    """Return an empty table for the packets of a stream."""
    context = stream.codec_context
    return Packets(codec_of(context.name), headers_digest(context.name, context.extradata), base_of(stream), index=stream.index)


def add_packet(packets: Packets, packet: "Packet[Any]") -> None:
    """Append a packet, which has a PTS."""
    assert packet.pts is not None
    if packet.pts >= max(packets.pts[-32:], default=packet.pts):
        packets.last_duration = packet.duration or 0
    packets.pts.append(packet.pts)
    packets.dts.append(packet.dts)
    packets.digests.append(packet_digest(packets.codec, bytes(packet), packet.stream.codec_context.extradata))
    packets.keys.append(packet.is_keyframe)


def hear(path: Path, packets: Packets) -> Envelope:
    """Decode a sound of a joined file.

    Args:
        path: the file.
        packets: of its stream.

    Returns:
        Its levels over time.
    """
    return read_envelope(path, packets.index, _FORMATS)


def _duration_s(stream: "Stream", packets: Packets) -> Fraction:
    return packets.length_s if stream.duration is None else stream.duration * packets.tick_s


def decode_around_joins(
    path: Path, packets: Packets, joins: Sequence[int], signature_at: SignatureAt, cover: Signature | None = None
) -> Decoded:
    """Decode the frames around each join, and keyframes, and compare them with the source's.

    Args:
        path: the joined file.
        packets: of its picture.
        joins: position of the first frame of each segment, in presentation order.
        signature_at: returns the signature of the source's frame at a position; None if there is none.
        cover: share of each pixel of a signature that the watermark covers, from 0 to 255; None without a watermark.

    Cost:
        Reads the file once; decodes from the keyframe before each join to two frames behind it, and single keyframes.
    """
    runs = runs_for(packets, joins)
    begins, ends = {run.begin: run for run in runs}, {run.end for run in runs}
    rank_of = dict(zip(packets.pts, ranks_of(packets.pts), strict=True))
    wanted = {rank for run in runs for rank in run.wanted}
    found: dict[int, Mapping[int, float]] = {}
    under: dict[int, float] = {}
    colours = set[Colours]()

    def on_frame(frame: "VideoFrame") -> None:
        rank = rank_of.get(frame.pts) if frame.pts is not None else None
        if rank is not None and not frame.is_corrupt and rank in wanted:
            parted = _differences(frame, rank, signature_at, cover)
            found[rank] = {shift: beside for shift, (beside, _) in parted.items()}
            if cover and 0 in parted:
                under[rank] = parted[0][1]
            colours.add(_colours_of(frame))

    with opened(path) as container:
        stream = container.streams.video[0]
        context = stream.codec_context
        # A broken packet is an error, and not something that is concealed.
        context.thread_count, context.options = 1, {**context.options, "err_detect": "explode"}
        is_running = False
        packets_ = ((packet, packet.pts) for packet in container.demux(stream) if packet.size and packet.pts is not None)
        for position, (packet, pts) in enumerate(packets_):
            is_running = is_running or position in begins
            if is_running:
                # Other frames are decoded only if wanted ones refer to them.
                context.skip_frame = "DEFAULT" if rank_of[pts] in wanted else "NONREF"
                _decode(context, packet, on_frame)
            if position + 1 in ends:
                _decode(context, None, on_frame)
                context.flush_buffers()
                is_running = False
    missing = sorted(wanted - found.keys())
    return Decoded(sorted(wanted), missing, max(0, len(joins) - 1), found, under, frozenset(colours))


def _decode(context: "VideoCodecContext", packet: "Packet[Any] | None", on_frame: "Callable[[VideoFrame], None]") -> None:
    import av

    # A frame that does not come out is missing, which is what is reported.
    with suppress(av.FFmpegError):
        for frame in context.decode(packet):
            on_frame(frame)


def _differences(
    frame: "VideoFrame", rank: int, signature_at: SignatureAt, cover: Signature | None
) -> Mapping[int, tuple[float, float]]:
    """Return the differences of a frame from the source's frames beside its position, by their distance.

    They are those beside the watermark and under it.
    """
    try:
        own = signature_of(frame)
    except ValueError:
        return {}
    beside = {shift: signature_at(rank + shift) for shift in range(-_BESIDE, _BESIDE + 1)}
    return {
        shift: parted_difference(own, each, cover) if cover else (difference(own, each), 0.0)
        for shift, each in beside.items()
        if each is not None
    }


def _colours_of(frame: "VideoFrame") -> Colours:
    side_data: Any = frame.side_data
    return Colours(
        SPACES.get(frame.colorspace), PRIMARIES.get(frame.color_primaries), TRANSFERS.get(frame.color_trc),
        RANGES.get(frame.color_range), any(each.type.name in HDR_METADATA for each in side_data),
    )  # fmt: skip
