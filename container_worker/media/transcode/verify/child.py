"""Verifies the joined files of a source, inside the child process."""

import json
from bisect import bisect_right
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import accumulate
from pathlib import Path
from typing import Any

from container_worker.codes import Code
from container_worker.media.child_program import used_cpu_s
from container_worker.media.child_protocol import send
from container_worker.media.transcode.file_names import PLAN_FILE, SEGMENT_REPORT_FILE, TRACK_REPORT_FILE
from container_worker.media.transcode.hls.media import master_address
from container_worker.media.transcode.reports import usable
from container_worker.media.transcode.signatures import Signature, unpack
from container_worker.media.transcode.sound_envelope import unpack as unpack_levels
from container_worker.media.transcode.verify.captions_checks import check_captions
from container_worker.media.transcode.verify.file_names import JOINED_FILE, REPORT_FILE
from container_worker.media.transcode.verify.hls.files import check_hls
from container_worker.media.transcode.verify.likeness_checks import check_joins, check_likeness, check_watermark
from container_worker.media.transcode.verify.outcome import failed, passed
from container_worker.media.transcode.verify.picture_checks import (
    check_duration,
    check_frames,
    check_headers,
    check_packets,
    check_picture,
    planned_duration_s,
)
from container_worker.media.transcode.verify.reading import SignatureAt, decode_around_joins, hear, read_joined
from container_worker.media.transcode.verify.sound_checks import Heard, aligned, check_sound
from container_worker.media.transcode.verify.stills.making import Pictures, make_stills
from container_worker.media.transcode.verify.tables import Encoded, Joined, add_report
from container_worker.media.transcode.verify.track_checks import check_sync, check_tracks, paired_tracks, shift_of_all_s
from scenequeue.errors import BadInput
from scenequeue.jobs.transcode.fitting import WITHOUT_ROTATION
from scenequeue.jobs.transcode.plan import Rendition, SegmentReport, TrackReport, TranscodePlan
from scenequeue.jobs.transcode.verification import Check, MadeRendition, TranscodedSource, TranscodeReport


@dataclass
class _Reports:
    """The reports of a source's items."""

    encoded: dict[str, Encoded] = field(default_factory=dict)
    tracks: dict[int, TrackReport] = field(default_factory=dict)
    signatures: list[tuple[int, str]] = field(default_factory=list)
    #: Share of each pixel of a signature that the watermark covers; None without one.
    cover: Signature | None = None
    pictures: Pictures = field(default_factory=Pictures)
    cpu_s: dict[str, float] = field(default_factory=dict)

    @classmethod
    def read(cls, plan: TranscodePlan, folder: Path) -> "_Reports":
        """Read all reports.

        Raises:
            BadInput: one of them is none of this plan.
        """
        found = cls()
        for segment in plan.segments:
            name = SEGMENT_REPORT_FILE.format(segment.number)
            with usable(name):
                report = SegmentReport.model_validate_json((folder / name).read_bytes())
                add_report(found.encoded, plan, report)
                frames = max(len(table.packets) for table in report.tables.values())
                found.signatures.append((frames, report.signatures))
                cover = unpack(report.watermark, 1)[0] if report.watermark else None
                if segment.number and cover != found.cover:
                    # The same on all segments.
                    raise ValueError(segment.number)
                found.cover = cover
                found.pictures.add(plan, report)
                found.cpu_s["encode"] = found.cpu_s.get("encode", 0.0) + report.cpu_s
        for track in plan.tracks:
            name = TRACK_REPORT_FILE.format(track.index)
            with usable(name):
                found.tracks[track.index] = TrackReport.model_validate_json((folder / name).read_bytes()).of_track(track.index)
                found.cpu_s["audio"] = found.cpu_s.get("audio", 0.0) + found.tracks[track.index].cpu_s
        return found


def make(data: dict[str, Any]) -> dict[str, Any]:
    """Check every joined file against plan and reports; write the outcome into the working folder.

    Args:
        data: {"folder": the working folder with all files}.

    Raises:
        BadInput: a report is of another plan. A check that fails is part of the outcome.
    """
    folder = Path(data["folder"])
    plan = TranscodePlan.model_validate_json((folder / PLAN_FILE).read_bytes())
    reports = _Reports.read(plan, folder)
    checks, renditions = [], []
    for number, rendition in enumerate(plan.renditions):
        # Sound is the same in all renditions, as `tracks` proves.
        found, made = _check_rendition(plan, reports, rendition, folder / JOINED_FILE.format(number), with_sound=number == 0)
        checks += found
        renditions += [made] if made else []
        send({"frame": number + 1, "of": len(plan.renditions) + 1})
    if plan.hls:
        checks += check_hls(plan, reports.encoded, reports.tracks, folder)
    first = reports.encoded[plan.renditions[0].name]
    stills, poster, sprites = make_stills(plan, first, reports.pictures, _signatures_of(reports), folder)
    found, captions, captions_s = check_captions(plan, folder)
    checks += [*stills, *found]
    reports.cpu_s |= {"captions": captions_s} if captions else {}
    duration_s, frames = float(planned_duration_s(plan, first)), len(first.packets.pts)
    if plan.aims:
        reports.cpu_s["vmaf"] = plan.aims_cpu_s
    reports.cpu_s["verify"] = used_cpu_s()
    report = TranscodeReport(
        source=_source(plan, frames, duration_s), segments=len(plan.segments), is_divided=plan.is_divided,
        renditions=renditions, captions=captions, poster=poster, sprites=sprites,
        hls=master_address(plan) if plan.hls else None, checks=checks, notes=plan.notes,
        cpu_s={stage: round(value, 3) for stage, value in reports.cpu_s.items()},
    )  # fmt: skip
    (folder / REPORT_FILE).write_text(json.dumps(report.model_dump(mode="json"), indent=1), encoding="utf-8")
    return {"duration_s": max(duration_s, 0.001), "frames": max(1, frames)}


def _check_rendition(
    plan: TranscodePlan, reports: _Reports, rendition: Rendition, path: Path, *, with_sound: bool
) -> tuple[list[Check], MadeRendition | None]:
    encoded = reports.encoded[rendition.name]
    try:
        joined = read_joined(path, rendition.name)
    except BadInput as error:
        found = {name: str(value) for name, value in error.reason.parameters.items() if name != "rendition"}
        return [failed("file", rendition.name, Code(error.reason.code), **found)], None
    decoded = decode_around_joins(path, joined.picture, encoded.begins, _signatures_of(reports), reports.cover)
    checks = [
        passed("file", rendition.name, Code.JOINED_READ, bytes=joined.bytes),
        check_frames(plan, encoded, joined),
        check_packets(encoded, joined),
        check_headers(encoded, joined),
        check_picture(plan, encoded, joined, decoded),
        check_duration(plan, encoded, joined),
        check_tracks(plan, reports.tracks, encoded, joined),
        check_sync(plan, reports.tracks, encoded, joined),
        check_likeness(plan, encoded, decoded),
        check_joins(encoded, decoded),
    ]
    if plan.watermark:
        checks.append(check_watermark(encoded, decoded, reports.cover))
    if with_sound:
        checks.append(check_sound(rendition.name, _heard(plan, reports, path, encoded, joined)))
    return checks, _made(plan, rendition, joined)


def _heard(plan: TranscodePlan, reports: _Reports, path: Path, encoded: Encoded, joined: Joined) -> dict[int, Heard]:
    """Return the levels of every track that was encoded, beside those of the source."""
    heard, shift_s = {}, float(shift_of_all_s(plan, encoded, joined))
    for index, _, packets in paired_tracks(plan, reports.tracks, joined):
        report = reports.tracks[index]
        if report.envelope and packets is not None:
            found = hear(path, packets)
            with usable(TRACK_REPORT_FILE.format(index)):
                source = unpack_levels(report.envelope)
            heard[index] = aligned(source, report.envelope_start_s, found.levels, found.start_s - shift_s)
    return heard


def _signatures_of(reports: _Reports) -> SignatureAt:
    """Return a function that gives the signature of the source's frame at a position; it unpacks one segment at a time."""
    ends = list(accumulate(frames for frames, _ in reports.signatures))

    @lru_cache(maxsize=1)
    def segment(number: int) -> list[Signature] | None:
        frames, text = reports.signatures[number]
        with usable(SEGMENT_REPORT_FILE.format(number)):
            return unpack(text, frames) if text else None

    def signature_at(position: int) -> Signature | None:
        if not 0 <= position < (ends or [0])[-1]:
            return None
        number = bisect_right(ends, position)
        found = segment(number)
        return None if found is None else found[position - ends[number]]

    return signature_at


def _made(plan: TranscodePlan, rendition: Rendition, joined: Joined) -> MadeRendition:
    duration_s = float(joined.duration_s)
    aim = next((each for each in plan.aims if each.rendition == rendition.name), None)
    # Only a copied picture is stored on its side; as of the source, its size is told as players show it.
    is_on_side = rendition.codec == "copy" and plan.picture.is_turned and plan.container not in WITHOUT_ROTATION
    width, height = (joined.height, joined.width) if is_on_side else (joined.width, joined.height)
    return MadeRendition(
        name=rendition.name, output=rendition.output, width=width, height=height, codec=joined.picture.codec,
        frames=len(joined.picture.pts), duration_s=round(duration_s, 6), bytes=joined.bytes,
        bitrate=round(joined.bytes * 8 / duration_s) if duration_s > 0 else 0,
        crf=None if rendition.codec == "copy" else rendition.crf, target_vmaf=aim.target_vmaf if aim else None,
        predicted_vmaf=aim.predicted_vmaf if aim else None,
    )  # fmt: skip


def _source(plan: TranscodePlan, frames: int, duration_s: float) -> TranscodedSource:
    picture = plan.picture
    width, height = picture.turned_size
    return TranscodedSource(
        uri=plan.source.uri, bytes=plan.source.bytes, codec=picture.codec, frames=frames, duration_s=round(duration_s, 6),
        width=width, height=height,
        frame_rate=round(picture.frame_rate[0] / max(1, picture.frame_rate[1]), 6),
    )  # fmt: skip
