"""Tables of packets in columns: what was encoded, and what is in a joined file."""

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import accumulate
from typing import NamedTuple

from container_worker.media.transcode.packet_table import ranks_of
from container_worker.media.transcode.verify.decoder_headers import Needs
from scenequeue.jobs.transcode.plan import PacketTable, Rendition, SegmentReport, TranscodePlan
from scenequeue.jobs.transcode.source import Ratio


@dataclass
class Packets:
    """The packets of one stream, in the order of the file. Columns, as there may be millions."""

    #: FFmpeg's name.
    codec: str
    #: As in PacketTable.
    headers: str
    time_base: Ratio
    pts: list[int] = field(default_factory=list)
    dts: list[int | None] = field(default_factory=list)
    digests: list[str] = field(default_factory=list)
    keys: list[bool] = field(default_factory=list)
    #: Of the last packet shown, in ticks.
    last_duration: int = 0
    #: Of the stream in the file; -1 in a report.
    index: int = -1

    @classmethod
    def of_table(cls, table: PacketTable) -> "Packets":
        """Return a table's packets."""
        found = cls(table.codec, table.headers, table.time_base)
        found.add(table)
        return found

    def add(self, table: PacketTable) -> None:
        """Append the packets of a table with the same time base."""
        rows = table.packets
        self.pts += [row.pts for row in rows]
        self.dts += [row.dts for row in rows]
        self.digests += [row.digest for row in rows]
        self.keys += [row.is_key for row in rows]
        if rows:
            self.last_duration = max(rows, key=lambda row: row.pts).duration

    @property
    def tick_s(self) -> Fraction:
        """Seconds per tick."""
        return Fraction(*self.time_base)

    @property
    def length_s(self) -> Fraction:
        """Seconds from the first packet shown to the end of the last one; 0 without packets."""
        return (max(self.pts, default=0) - min(self.pts, default=0) + self.last_duration) * self.tick_s


@dataclass
class Encoded:
    """The packets of one rendition as the encode items have reported them, segment after segment."""

    rendition: Rendition
    packets: Packets
    #: Number of packets and headers of each segment.
    counts: list[int] = field(default_factory=list)
    headers: list[str] = field(default_factory=list)

    @property
    def begins(self) -> list[int]:
        """Position of the first packet of each segment."""
        return list(accumulate(self.counts[:-1], initial=0)) if self.counts else []

    def segment_at(self, position: int) -> int:
        """Return the number of the segment of the packet at this position; the last segment's behind the end."""
        return max(0, bisect_right(self.begins, position) - 1)


def add_report(found: dict[str, Encoded], plan: TranscodePlan, report: SegmentReport) -> None:
    """Append the tables of the next segment's report to what was reported before it.

    Raises:
        ValueError: the report is of another segment or encoder, or lacks a rendition.
    """
    if report.encoder != plan.encoder:
        raise ValueError(report.encoder)
    for rendition in plan.renditions:
        table = report.tables.get(rendition.name)
        if table is None:
            raise ValueError(rendition.name)
        of_rendition = found.get(rendition.name)
        if of_rendition is None:
            of_rendition = found[rendition.name] = Encoded(rendition, Packets(table.codec, table.headers, table.time_base))
        packets = of_rendition.packets
        if report.number != len(of_rendition.counts) or table.time_base != plan.picture.time_base:
            raise ValueError(report.number)
        packets.add(table)
        of_rendition.counts.append(len(table.packets))
        of_rendition.headers.append(table.headers)


@dataclass
class Joined:
    """A joined file, as it was read."""

    bytes: int
    width: int
    height: int
    pix_fmt: str
    #: What the picture's headers need of a decoder; None if they do not say.
    needs: Needs | None
    picture: Packets
    #: Of the picture.
    duration_s: Fraction
    #: Audio and subtitles, in the order of the file.
    tracks: Sequence[Packets]


class Colours(NamedTuple):
    """The colour tags of a decoded frame, by ffmpeg's names."""

    space: str | None
    primaries: str | None
    transfer: str | None
    levels: str | None
    #: True for a frame that describes itself as HDR.
    has_hdr_metadata: bool


@dataclass
class Decoded:
    """The frames of a joined file that were decoded: those at the joins, and keyframes."""

    #: Positions in presentation order that should have been decoded, and those that were not.
    wanted: Sequence[int]
    missing: Sequence[int]
    #: Number of joins.
    joins: int
    #: Position -> mean difference from the source's frame, and from those that many frames beside it; in levels of 255.
    differences: Mapping[int, Mapping[int, float]]
    #: Position -> mean difference under the watermark, where there is one; the others are those beside it then.
    under_watermark: Mapping[int, float] = field(default_factory=dict)
    #: Of the frames, each once.
    colours: frozenset[Colours] = frozenset()


def planned_pts(plan: TranscodePlan, encoded: Encoded) -> list[int]:
    """Return the planned PTS of each packet in the order of the file, in ticks of the source's picture.

    The n-th frame of a segment has the n-th of the plan's times; a source that is not divided keeps those that were encoded.
    Both are shifted by the origin. A frame that the plan has no time for gets that of the last one.
    """
    pts = encoded.packets.pts
    if not plan.is_divided:
        return [each - plan.origin_pts for each in pts]
    planned, begin = list[int](), 0
    for segment, count in zip(plan.segments, encoded.counts, strict=False):
        ranks = ranks_of(pts[begin : begin + count])
        last = len(plan.frame_pts) - 1
        planned += [plan.frame_pts[min(last, segment.first_frame + rank)] - plan.origin_pts for rank in ranks]
        begin += count
    return planned
