"""Encodes one segment of a source to all its renditions, from one decode."""

from collections.abc import Iterator, Mapping, Sequence
from typing import TypeAlias

from container_worker.codes import Code
from container_worker.files.inputs import Input, InputFile, ending_of
from container_worker.files.outputs import Output
from container_worker.files.spans import adding
from container_worker.kind import Kind, Made, ParsedItem
from scenequeue.errors import BadInput
from scenequeue.jobs.item import WorkItem
from scenequeue.jobs.kinds.encode import EncodePayload
from scenequeue.jobs.transcode.options import TranscodeOptions
from scenequeue.jobs.transcode.working_folder import work_files_of

_Item: TypeAlias = ParsedItem[EncodePayload, TranscodeOptions]


class Encode:
    """The kind `encode`; the same segment of the same source gives the same packets."""

    payload = EncodePayload
    options = TranscodeOptions

    def inputs(self, item: _Item) -> Iterator[Input]:
        """Yield the source and the watermark."""
        from container_worker.media.transcode.encode.worker import check_encoder

        # Before anything is fetched.
        check_encoder(item.payload)
        source = item.payload.source
        ranges = item.payload.segment.ranges
        yield Input("source", source.uri, f"source{ending_of(source.uri)}", version=source.version, ranges=ranges)
        watermark = item.payload.watermark
        if watermark is not None:
            yield Input("watermark", watermark.uri, f"watermark{ending_of(watermark.uri)}")

    def fingerprint(self, item: _Item, files: Mapping[str, InputFile]) -> str:  # noqa: ARG002 - the version stands for the content
        from container_worker.media.transcode.encode.worker import fingerprint

        return fingerprint(item.payload)

    def brings(self, item: _Item) -> Sequence[WorkItem]:
        return joins(item.payload)

    def outputs(self, item: _Item) -> Sequence[Output]:
        from container_worker.media.transcode.encode.child import REPORT_FILE, SEGMENT_FILE

        payload = item.payload
        files, number = work_files_of(payload.work, item.context.lease.job_id), payload.segment.number
        return [
            Output(REPORT_FILE, files.segment_report(number), "application/json", "report"),
            *(
                Output(SEGMENT_FILE.format(at), files.segment(number, rendition.name), "video/x-nut", "segment", is_required=True)
                for at, rendition in enumerate(payload.renditions)
            ),
        ]

    def run(self, item: _Item, files: Mapping[str, InputFile]) -> Made:
        from container_worker.media.transcode.encode.worker import encode_segment

        payload = item.payload
        context = item.context
        watermark = files.get("watermark")
        if watermark is not None and payload.watermark is not None and watermark.sha256 != payload.watermark.sha256:
            raise BadInput(Code.WATERMARK_CHANGED, input="watermark")
        source = files["source"]
        made, report, warnings = encode_segment(
            payload, source.path, watermark.path if watermark else None, context,
            held=source.spans, add_spans=adding(payload.source, context.storage, context.stop_if_asked),
        )  # fmt: skip
        facts = {"frames": made.frames, "cpu_s": report.cpu_s}
        return Made(made.duration_s, facts, warnings)


def joins(payload: EncodePayload) -> list[WorkItem]:
    """Return the items that join the source's renditions, if this segment's item brings them; the first brings the verify."""
    if not payload.brings_joins:
        return []
    return [
        WorkItem(
            kind="join", name=f"join {rendition.name}", weight=payload.source_s,
            payload={"work": payload.work, "rendition": rendition.name, "brings_verify": at == 0},
        )
        for at, rendition in enumerate(payload.renditions)
    ]  # fmt: skip


KIND: Kind = Encode()
