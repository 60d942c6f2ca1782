"""Lists the packets of a file: their times, sizes and digests."""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from container_worker.media.transcode.packet_content import codec_of, headers_digest, packet_digest
from container_worker.media.transcode.working_files import TRACK_FORMATS, open_only
from scenequeue.jobs.transcode.plan import Packet, PacketTable
from scenequeue.jobs.transcode.source import Ratio

if TYPE_CHECKING:
    from av import Packet as AvPacket
    from av.stream import Stream


def ticks_in(wanted: Ratio, base: Ratio, ticks: int) -> int:
    """Convert ticks to another time base, to the nearest, halves up.

    Args:
        wanted: the other time base.
        base: theirs.
        ticks: of `base`.
    """
    numerator, denominator = ticks * base[0] * wanted[1], base[1] * wanted[0]
    return (2 * numerator + denominator) // (2 * denominator)


def ranks_of(pts: Sequence[int]) -> list[int]:
    """Return the position in presentation order of each packet; equal times keep their order."""
    order = sorted(range(len(pts)), key=pts.__getitem__)
    ranks = [0] * len(pts)
    for rank, position in enumerate(order):
        ranks[position] = rank
    return ranks


def base_of(stream: "Stream") -> Ratio:
    """Return a stream's time base."""
    assert stream.time_base is not None
    return stream.time_base.numerator, stream.time_base.denominator


def rows_of(
    stream: "Stream", packets: "Iterable[AvPacket[Any]]", time_base: Ratio, shift: int = 0, *, has_dts: bool = True
) -> Iterator[Packet]:
    """Describe the packets of a stream that have content.

    Args:
        stream: theirs.
        packets: in the order of the file.
        time_base: of the table.
        shift: is added to their times, in ticks of the table.
        has_dts: False for a file whose DTS say nothing, such as NUT, which holds none.

    Raises:
        ValueError: a packet has no PTS.
    """
    codec, extradata, base = stream.codec_context.name, stream.codec_context.extradata, base_of(stream)
    for packet in packets:
        if not packet.size:
            continue
        if packet.pts is None:
            raise ValueError(packet)
        yield Packet(
            pts=ticks_in(time_base, base, packet.pts) + shift,
            dts=None if packet.dts is None or not has_dts else ticks_in(time_base, base, packet.dts) + shift,
            duration=ticks_in(time_base, base, packet.duration or 0),
            bytes=packet.size,
            digest=packet_digest(codec, bytes(packet), extradata),
            is_key=packet.is_keyframe,
        )


def table_of(stream: "Stream", time_base: Ratio, packets: Iterable[Packet]) -> PacketTable:
    """Return the table of a stream whose packets were described."""
    context = stream.codec_context
    headers = headers_digest(context.name, context.extradata)
    return PacketTable(time_base=time_base, codec=codec_of(context.name), headers=headers, packets=list(packets))


def read_table(path: Path, index: int = 0, time_base: Ratio | None = None, shift: int = 0) -> PacketTable:
    """Return the table of one stream of a file.

    Args:
        path: a track that we have written.
        index: of the stream.
        time_base: of the table; None for the stream's own.
        shift: is added to all times, in ticks of the table.

    Raises:
        FFmpegError: the file cannot be read. ValueError: a packet has no PTS.

    Cost:
        Reads the file once, decodes nothing.
    """
    with open_only(path, TRACK_FORMATS) as container:
        stream = container.streams[index]
        base = time_base or base_of(stream)
        return table_of(stream, base, rows_of(stream, container.demux(stream), base, shift))
