"""Encodes a segment from the worker: runs the child, and checks the report that it writes."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import BinaryIO

from container_worker.codes import Code
from container_worker.media.child_messages import Made
from container_worker.media.child_process import ChildContext, run_in_slot
from container_worker.media.ffmpeg import find_ffmpeg
from container_worker.media.fingerprint import fingerprint_of
from container_worker.media.transcode.encode.child import REPORT_FILE, SEGMENT_FILE
from container_worker.media.transcode.reports import read_report
from container_worker.sandbox.outputs import output_bytes
from scenequeue.errors import BadInput, ToolFailed
from scenequeue.jobs.kinds.encode import EncodePayload
from scenequeue.jobs.transcode.plan import SegmentReport
from scenequeue.jobs.transcode.spans import Span
from scenequeue.reasons import Reason

#: Part of every fingerprint; raise it when a change makes the same segment give other files.
RECIPE_VERSION = 1


def check_encoder(payload: EncodePayload) -> None:
    """Check that this container has the ffmpeg that the plan names.

    Raises:
        ToolFailed: it has another one; transient, because another container may have the right one.
    """
    found = find_ffmpeg().version
    if found != payload.encoder:
        raise ToolFailed(Code.ENCODER_DIFFERS, expected=payload.encoder, found=found)


def fingerprint(payload: EncodePayload) -> str:
    """Return a hash of everything that determines the segment's files; addresses do not."""
    facts = {
        "recipe": RECIPE_VERSION, "encoder": payload.encoder,
        "source": {"version": payload.source.version, "bytes": payload.source.bytes},
        "picture": payload.picture.model_dump(mode="json"),
        "segment": payload.segment.model_dump(mode="json", exclude={"ranges"}),
        "renditions": [each.model_dump(mode="json", exclude={"output"}) for each in payload.renditions],
        "tone_map": payload.tone_map and payload.tone_map.model_dump(mode="json"),
        "watermark": payload.watermark and payload.watermark.model_dump(mode="json", exclude={"uri"}),
        "stills": payload.stills and payload.stills.model_dump(mode="json"),
    }  # fmt: skip
    return fingerprint_of(facts)


def encode_segment(
    payload: EncodePayload,
    source: Path,
    watermark: Path | None,
    context: ChildContext,
    *,
    held: Sequence[Span],
    add_spans: Callable[[BinaryIO, Sequence[Span]], None],
) -> tuple[Made, SegmentReport, tuple[Reason, ...]]:
    """Encode the segment in a child process; its files and the report are then in the scratch folder.

    What does not succeed with spans of the source is done again with the whole source.

    Args:
        payload: the segment.
        source: the fetched source, in the scratch folder.
        watermark: the fetched watermark, in the scratch folder.
        context: of the item; its slot is entered before the child starts, and left when it has ended.
        held: spans of the source that the file holds; nothing for the whole, whatever the plan names.
        add_spans: copies further ones into the file.

    Raises:
        ItemError: as `run_in_slot`; ToolFailed also for a report that is not the one of this segment.
    """
    program = find_ffmpeg()

    def encode(ranges: Sequence[Span]) -> tuple[Made, tuple[Reason, ...]]:
        segment = payload.segment.model_copy(update={"ranges": list(ranges)})
        request = {
            "payload": payload.model_copy(update={"segment": segment}).model_dump(mode="json"), "source": source.name,
            "ffmpeg": str(program.path), "watermark": watermark and watermark.name, "folder": str(context.scratch.absolute()),
        }  # fmt: skip
        return run_in_slot("container_worker.media.transcode.encode", request, context, program.path)

    # Before the child runs, which may put something else in the file's place.
    with source.open("r+b") as file:
        try:
            made, warnings = encode(held)
        except (BadInput, ToolFailed) as error:
            if not held or not (isinstance(error, BadInput) or error.reason.code == Code.SEGMENT_NOT_ENCODED):
                raise
            add_spans(file, [(0, payload.source.bytes)])
            made, warnings = encode([])
            warnings = (*warnings, Reason(Code.SEGMENT_OUTSIDE_SPANS, {"segment": payload.segment.number}))
    return made, _checked_report(payload, context.scratch), warnings


def _checked_report(payload: EncodePayload, scratch: Path) -> SegmentReport:
    """Read the child's report, and write it again as it was understood.

    Raises:
        ToolFailed: it is not a report of this segment, or a rendition is missing.
    """
    report = read_report(scratch / REPORT_FILE, SegmentReport)
    names = {rendition.name for rendition in payload.renditions}
    if (report.number, report.encoder, set(report.tables)) != (payload.segment.number, payload.encoder, names):
        raise ToolFailed(Code.RENDERER_UNINTELLIGIBLE, message=REPORT_FILE)
    wanted, made = (len(payload.segment.sprites), len(payload.segment.posters)), (len(report.sprites), len(report.posters))
    if payload.segment.start_pts is not None and made != wanted:
        raise ToolFailed(Code.STILLS_MISSING, segment=payload.segment.number, expected=sum(wanted), found=sum(made))
    for at in range(len(payload.renditions)):
        output_bytes(scratch / SEGMENT_FILE.format(at))
    return report
