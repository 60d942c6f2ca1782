"""Writes the packets of a segment to its NUT file, without run-up and look-ahead."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

from container_worker.codes import Code
from container_worker.media.transcode.encode.formats import SOURCE_FORMATS
from container_worker.media.transcode.packet_table import base_of, rows_of, table_of, ticks_in
from scenequeue.errors import BadInput
from scenequeue.jobs.transcode.plan import Packet, PacketTable, Rendition, Segment
from scenequeue.jobs.transcode.source import Picture, Ratio

if TYPE_CHECKING:
    from av import Packet as AvPacket
    from av.container import InputContainer
    from av.video.stream import VideoStream

#: Frames between a packet's position in the file and in time; no codec reorders as many.
_MAX_REORDERED = 32


def cut_encoded(raw: Path, target: Path, rendition: Rendition, segment: Segment, time_base: Ratio, base_pts: int) -> PacketTable:
    """Write the segment's packets of an encoded file to another; returns their table, with the source's times.

    Args:
        raw: what ffmpeg has encoded, with run-up and look-ahead.
        target: the NUT file.
        rendition: theirs, for messages.
        segment: gives the frames that are kept.
        time_base: of the source's picture.
        base_pts: PTS of the source that is 0 in `raw`.

    Raises:
        BadInput: these are not the segment's frames, or one that must be a keyframe is none.
    """
    import av

    chosen = _Chosen(raw, 0, None, segment, time_base, base_pts)
    try:
        table = chosen.table()
    except av.InvalidDataError:
        # A NUT file without any packet.
        raise BadInput(
            Code.SEGMENT_FRAMES_DIFFER, segment=segment.number, rendition=rendition.name, expected=segment.frames, found=0
        ) from None
    check_frames(table, rendition, segment)
    chosen.write(target, table.packets)
    return table


def copy_source(path: Path, target: Path, rendition: Rendition, segment: Segment, picture: Picture) -> PacketTable:
    """Copy the segment's packets from the source itself; returns their table.

    Args:
        path: the source.
        target: the NUT file.
        rendition: theirs, for messages.
        segment: gives the frames that are copied.
        picture: the source's stream.

    Raises:
        BadInput: these are not the segment's frames, or it does not begin with a keyframe.
    """
    chosen = _Chosen(path, picture.index, segment.seek_pts, segment, picture.time_base, 0)
    table = chosen.table()
    check_frames(table, rendition, segment.model_copy(update={"keyframes": [0]}))
    chosen.write(target, table.packets)
    return table


@dataclass(frozen=True)
class _Chosen:
    """The packets of a file's stream that belong to a segment; read twice, as those of a long source do not fit into memory."""

    path: Path
    index: int
    #: Where reading begins, in ticks of the stream; None for the start.
    seek_pts: int | None
    segment: Segment
    #: Of the source's picture.
    time_base: Ratio
    #: PTS of the source that is 0 in the file.
    base_pts: int

    def table(self) -> PacketTable:
        with self._opened() as (source, stream):
            rows = rows_of(stream, self._packets(source, stream), self.time_base, self.base_pts, has_dts=False)
            return table_of(stream, self.time_base, rows)

    def write(self, target: Path, rows: Sequence[Packet]) -> None:
        """Write the packets to a NUT file whose times begin at 0."""
        import av

        times = sorted(row.pts for row in rows)
        delay = _reordered(rows, times)
        options = {"fflags": "+bitexact", "avoid_negative_ts": "disabled"}
        with self._opened() as (source, stream), av.open(f"file:{target}", "w", format="nut", options=options) as written:
            copied = written.add_stream_from_template(stream, opaque=True)
            copied.time_base = Fraction(*self.time_base)
            for position, (packet, row) in enumerate(zip(self._packets(source, stream), rows, strict=True)):
                packet.stream, packet.time_base = copied, Fraction(*self.time_base)
                packet.pts = row.pts - times[0]
                # Times in decoding order: those of the frames, later by the depth of the reordering.
                packet.dts = (times[position - delay] if position >= delay else times[0] - (delay - position)) - times[0]
                written.mux_one(packet)

    @contextmanager
    def _opened(self) -> "Iterator[tuple[InputContainer, VideoStream]]":
        import av

        options = {"protocol_whitelist": "file", "format_whitelist": ",".join(SOURCE_FORMATS)}
        with av.open(f"file:{self.path}", options=options) as source:
            stream = source.streams[self.index]
            assert isinstance(stream, av.VideoStream)
            if self.seek_pts is not None:
                source.seek(self.seek_pts, stream=stream)
            yield source, stream

    def _packets(self, source: "InputContainer", stream: "VideoStream") -> "Iterator[AvPacket[VideoStream]]":
        own = base_of(stream)
        for packet in source.demux(stream):
            if packet.size and packet.pts is not None and not packet.is_discard:
                pts = ticks_in(self.time_base, own, packet.pts) + self.base_pts
                if _is_inside(self.segment, pts):
                    yield packet


def _is_inside(segment: Segment, pts: int) -> bool:
    is_begun = segment.start_pts is None or pts >= segment.start_pts
    return is_begun and (segment.end_pts is None or pts < segment.end_pts)


def _reordered(rows: Sequence[Packet], times: Sequence[int]) -> int:
    """Return the smallest delay, in frames, at which no packet is decoded after it is shown."""
    rank = {pts: position for position, pts in enumerate(times)}
    return min(_MAX_REORDERED, max(position - rank[row.pts] for position, row in enumerate(rows)))


def check_frames(table: PacketTable, rendition: Rendition, segment: Segment) -> None:
    """Check that the table holds the segment's frames, and keyframes where they must be.

    Raises:
        BadInput: it does not.
    """
    rows = sorted(table.packets, key=lambda row: row.pts)
    place: dict[str, str | int] = {"segment": segment.number, "rendition": rendition.name}
    expected = len(rows) if segment.start_pts is None and rows else segment.frames
    if len(rows) != expected:
        raise BadInput(Code.SEGMENT_FRAMES_DIFFER, **place, expected=expected, found=len(rows))
    needed = [0] if segment.start_pts is None else [0, *segment.keyframes]
    missing = next((position for position in needed if not rows[position].is_key), None)
    if missing is not None or not table.packets[0].is_key:
        raise BadInput(Code.SEGMENT_KEYFRAME_MISSING, **place, frame=segment.first_frame + (missing or 0))
