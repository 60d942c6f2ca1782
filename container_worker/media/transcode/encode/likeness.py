"""Compares some encoded frames with the source's frames that they must show."""

from pathlib import Path

from container_worker.codes import Code
from container_worker.media.transcode.signatures import Signature, difference, parted_difference, signature_of, split
from container_worker.media.transcode.working_files import SEGMENT_FORMAT, open_only
from scenequeue.errors import ToolFailed
from scenequeue.jobs.transcode.plan import PacketTable, Rendition, Segment

#: Number of keyframes that are decoded: more take more than a hundredth of the encoder's time.
_COMPARED = 3
#: Largest difference, in levels of 255. Encoding at the lowest quality changes a frame by 3, another picture by 20 and more.
_MAX_DIFFERENCE = 12.0


def check_likeness(
    path: Path, table: PacketTable, signatures: bytes, cover: bytes | None, rendition: Rendition, segment: Segment
) -> None:
    """Decode some keyframes of a segment's file, and compare each with its frame of the source.

    Args:
        path: the file.
        table: its packets.
        signatures: of the source's frames, in presentation order, with the watermark.
        cover: share of each pixel of a signature that the watermark covers; None without one.
        rendition: of the file, for messages.
        segment: of the file, for messages.

    Raises:
        ToolFailed: a keyframe shows something else.
    """
    source = split(signatures)
    ranks = {pts: rank for rank, pts in enumerate(sorted(row.pts for row in table.packets))}
    keys = [at for at, row in enumerate(table.packets) if row.is_key]
    chosen = {keys[step * (len(keys) - 1) // max(1, _COMPARED - 1)] for step in range(_COMPARED)}
    with open_only(path, SEGMENT_FORMAT) as container:
        stream = container.streams.video[0]
        stream.codec_context.thread_count = 1
        packets = (packet for packet in container.demux(stream) if packet.size)
        for at, packet in enumerate(packets):
            if at not in chosen:
                continue
            frames = [*stream.codec_context.decode(packet), *stream.codec_context.decode(None)]
            stream.codec_context.flush_buffers()
            rank = ranks[table.packets[at].pts]
            found = _difference(signature_of(frames[0]), source[rank], cover) if frames else 255.0
            if found > _MAX_DIFFERENCE:
                raise ToolFailed(
                    Code.SEGMENT_UNLIKE_SOURCE, segment=segment.number, rendition=rendition.name,
                    frame=segment.first_frame + rank, difference=round(found, 1),
                )  # fmt: skip
            if at == max(chosen):
                break


def _difference(one: Signature, other: Signature, cover: bytes | None) -> float:
    return parted_difference(one, other, cover)[0] if cover else difference(one, other)
