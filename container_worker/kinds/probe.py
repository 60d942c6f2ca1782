"""Reads a source video, and decides how it is divided, encoded and joined."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import replace
from functools import partial
from typing import TypeAlias

from container_worker.files.inputs import Input, InputFile
from container_worker.files.outputs import Output
from container_worker.files.spans import adding
from container_worker.kind import ItemContext, Kind, Made, ParsedItem
from container_worker.media.transcode.file_names import PLAN_FILE
from scenequeue.jobs.kinds.probe import ProbePayload
from scenequeue.jobs.transcode.options import TranscodeOptions
from scenequeue.jobs.transcode.source import SourceFile, Watermark
from scenequeue.jobs.transcode.working_folder import work_files_of

_Item: TypeAlias = ParsedItem[ProbePayload, TranscodeOptions]
_SOURCE, _WATERMARK = "source", "watermark"
#: Share of the work that is reading the source, where samples of it are encoded too.
_PROBING = 0.1


class Probe:
    """The kind `probe`; it brings the items that encode the segments and the tracks."""

    payload = ProbePayload
    options = TranscodeOptions

    def inputs(self, item: _Item) -> Iterator[Input]:
        """Yield the source and the watermark."""
        from container_worker.media.transcode.probing.boxes import probe_spans

        if item.options.target_vmaf is not None:
            from container_worker.media.transcode.quality.worker import check_can_measure

            # Before anything is fetched.
            check_can_measure()
        # Samples may lie anywhere in it.
        find_ranges = probe_spans if item.options.target_vmaf is None else None
        # Its name has no ending, so that its content alone decides what it is.
        yield Input(_SOURCE, item.payload.source, _SOURCE, version="", find_ranges=find_ranges)
        if item.options.watermark is not None:
            yield Input(_WATERMARK, item.options.watermark, _WATERMARK)

    def fingerprint(self, item: _Item, files: Mapping[str, InputFile]) -> str:  # noqa: ARG002 - it brings items
        return ""

    def outputs(self, item: _Item) -> Sequence[Output]:
        return [Output(PLAN_FILE, work_files_of(item.payload.work, item.context.lease.job_id).plan, "application/json", "report")]

    def run(self, item: _Item, files: Mapping[str, InputFile]) -> Made:
        # Imported with the first source, because an idle container does not need it.
        from container_worker.media.transcode.planning.plan import items_of, source_seconds
        from container_worker.media.transcode.planning.worker import probe_source

        context, payload, file = item.context, item.payload, files[_SOURCE]
        # Before the child, which may lengthen the file.
        source = SourceFile(uri=payload.source, bytes=file.path.stat().st_size, version=file.version)
        watermark, uri, target = files.get(_WATERMARK), item.options.watermark, item.options.target_vmaf
        probe = partial(
            probe_source, payload, item.options, source, file.path,
            watermark=Watermark(uri=uri, sha256=watermark.sha256, style=item.options.watermark_style)
            if watermark and uri else None,
            watermark_path=watermark.path if watermark else None,
            held=file.spans, add_spans=adding(source, context.storage, context.stop_if_asked),
        )  # fmt: skip
        if target is None:
            plan = probe(context)
        else:
            from container_worker.media.transcode.quality.worker import aim_at

            # Two children share one slot, so that the item's time counts from its beginning.
            with context.slot():
                plan = probe(_part_of(context, 0.0, _PROBING))
                plan = aim_at(plan, target, file.path, _part_of(context, _PROBING, 1.0))
        (context.scratch / PLAN_FILE).write_text(plan.model_dump_json(), encoding="utf-8")
        facts = {"segments": len(plan.segments), "frames": sum(segment.frames for segment in plan.segments)}
        return Made(source_seconds(plan), facts, brings=items_of(plan, payload.work))


def _part_of(context: ItemContext, begin: float, end: float) -> ItemContext:
    """Return the context of a child that has the item's slot already, and does the work between two shares of the whole."""
    return replace(context, slot=nullcontext, on_progress=lambda done: context.on_progress(begin + (end - begin) * done))


KIND: Kind = Probe()
