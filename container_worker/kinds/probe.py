"""Reads a source video, and decides how it is divided, encoded and joined."""

from collections.abc import Iterator, Mapping, Sequence
from typing import TypeAlias

from container_worker.files.inputs import Input, InputFile
from container_worker.files.outputs import Output
from container_worker.files.spans import adding
from container_worker.kind import Kind, Made, ParsedItem
from scenequeue.jobs.kinds.probe import ProbePayload
from scenequeue.jobs.transcode.options import TranscodeOptions
from scenequeue.jobs.transcode.source import SourceFile, Watermark
from scenequeue.jobs.transcode.working_folder import WorkFiles

_Item: TypeAlias = ParsedItem[ProbePayload, TranscodeOptions]
_SOURCE, _WATERMARK, _PLAN = "source", "watermark", "plan.json"


class Probe:
    """The kind `probe`; it brings the items that encode the segments and the tracks."""

    payload = ProbePayload
    options = TranscodeOptions

    def inputs(self, item: _Item) -> Iterator[Input]:
        from container_worker.media.transcode.probing.boxes import probe_spans

        # Its name has no ending, so that its content alone decides what it is.
        yield Input(_SOURCE, item.payload.source, _SOURCE, version="", find_ranges=probe_spans)
        if item.options.watermark is not None:
            yield Input(_WATERMARK, item.options.watermark, _WATERMARK)

    def fingerprint(self, item: _Item, files: Mapping[str, InputFile]) -> str:  # noqa: ARG002 - it brings items
        return ""

    def outputs(self, item: _Item) -> Sequence[Output]:
        return [Output(_PLAN, WorkFiles(item.payload.work).plan, "application/json", "report")]

    def run(self, item: _Item, files: Mapping[str, InputFile]) -> Made:
        # Imported with the first source, because an idle container does not need it.
        from container_worker.media.transcode.planning.plan import items_of, source_seconds
        from container_worker.media.transcode.planning.worker import probe_source

        context, payload, file = item.context, item.payload, files[_SOURCE]
        # Before the child, which may lengthen the file.
        source = SourceFile(uri=payload.source, bytes=file.path.stat().st_size, version=file.version)
        watermark, uri = files.get(_WATERMARK), item.options.watermark
        plan = probe_source(
            payload, item.options, source, file.path,
            Watermark(uri=uri, sha256=watermark.sha256, style=item.options.watermark_style) if watermark and uri else None,
            watermark.path if watermark else None, held=file.spans,
            add_spans=adding(source, context.storage, context.stop_if_asked),
            limits=context.limits, on_progress=context.on_progress, should_stop=context.should_stop, slot=context.slot,
        )  # fmt: skip
        (context.scratch / _PLAN).write_text(plan.model_dump_json(), encoding="utf-8")
        facts = {"segments": len(plan.segments), "frames": sum(segment.frames for segment in plan.segments)}
        return Made(source_seconds(plan), facts, brings=items_of(plan, payload.work))


KIND: Kind = Probe()
