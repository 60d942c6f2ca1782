"""Reads which packets a rendition and the tracks consist of, as the items that made them have reported."""

from array import array
from pathlib import Path
from typing import NamedTuple

from container_worker.codes import Code
from container_worker.media.transcode.file_names import SEGMENT_REPORT_FILE, TRACK_REPORT_FILE
from container_worker.media.transcode.hls.cuts import shared_keyframes
from container_worker.media.transcode.joining.times import places_of
from container_worker.media.transcode.reports import usable
from scenequeue.errors import BadInput
from scenequeue.jobs.transcode.plan import SegmentReport, TrackReport, TranscodePlan


class Picture(NamedTuple):
    """The frames of the joined picture."""

    #: In the order in which they are shown, and shifted by the plan's origin.
    pts: "array[int]"
    #: Of each packet, in the order of decoding.
    ranks: "array[int]"
    digests: list[bytes]
    #: Duration of the last one, in ticks.
    last: int
    #: Positions at which every rendition can be cut; of a ladder alone.
    keyframes: "array[int]"


def read_picture(plan: TranscodePlan, folder: Path, rendition: str) -> Picture:
    """Read the segments' reports, one after the other.

    Args:
        plan: of the source.
        folder: has the reports.
        rendition: name of the one that is joined.

    Raises:
        BadInput: a report is none, its packets are not those of the plan, or the segments' headers differ.
    """
    ranks, digests, headers, keyframes = array("q"), list[bytes](), set[str](), array("q")
    pts, last = array("q", plan.frame_pts), plan.last_duration
    for segment in plan.segments:
        name = SEGMENT_REPORT_FILE.format(segment.number)
        with usable(name):
            report = SegmentReport.model_validate_json((folder / name).read_bytes())
        table = report.tables.get(rendition)
        if table is None or report.number != segment.number:
            raise BadInput(Code.JOIN_FRAMES_DIFFER, segment=segment.number, expected=segment.frames, found=0)
        if plan.hls:
            keyframes.extend(len(ranks) + position for position in shared_keyframes(report))
        ranks.extend(places_of(table, segment, plan.frame_pts))
        digests += [bytes.fromhex(packet.digest) for packet in table.packets]
        headers.add(table.headers)
        if not plan.frame_pts:
            # A source that is not divided has no table, so that its last frame's duration is known from here alone.
            shown = sorted(table.packets, key=lambda packet: packet.pts)
            pts.extend(packet.pts for packet in shown)
            last = max(last, shown[-1].duration if shown else 0)
    if len(headers) > 1:
        raise BadInput(Code.JOIN_HEADERS_DIFFER, rendition=rendition)
    if not ranks:
        raise BadInput(Code.JOIN_FRAMES_DIFFER, segment=0, expected=1, found=0)
    return Picture(array("q", (each - plan.origin_pts for each in pts)), ranks, digests, last, keyframes)


def read_track(folder: Path, index: int) -> TrackReport:
    """Read the report of a track.

    Args:
        folder: has the report.
        index: of the source's stream.

    Raises:
        BadInput: it is none, or that of another one.
    """
    name = TRACK_REPORT_FILE.format(index)
    with usable(name):
        return TrackReport.model_validate_json((folder / name).read_bytes()).of_track(index)
