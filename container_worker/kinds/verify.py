"""Verifies the joined files of a source, and publishes them if every check holds."""

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, TypeAlias

from container_worker.codes import Code
from container_worker.files.inputs import Input, InputFile
from container_worker.files.outputs import Output
from container_worker.kind import Kind, Made, ParsedItem
from container_worker.media.transcode.captions.file_names import CAPTIONS_FILE, CAPTIONS_REPORT_FILE
from container_worker.sandbox.outputs import open_output
from scenequeue.errors import BadInput, ToolFailed
from scenequeue.jobs.kinds.verify import VerifyPayload
from scenequeue.jobs.transcode.options import MEDIA_TYPES, TranscodeOptions
from scenequeue.jobs.transcode.working_folder import WorkFiles
from scenequeue.storage import sha256_of

if TYPE_CHECKING:
    from scenequeue.jobs.transcode.plan import TranscodePlan

_Item: TypeAlias = ParsedItem[VerifyPayload, TranscodeOptions]


class Verify:
    """The kind `verify`."""

    payload = VerifyPayload
    options = TranscodeOptions

    def inputs(self, item: _Item) -> Iterator[Input]:
        """Yield the plan, the reports of all segments and tracks, and the joined files."""
        from container_worker.media.transcode.file_names import PLAN_FILE, SEGMENT_REPORT_FILE, TRACK_REPORT_FILE
        from container_worker.media.transcode.verify.file_names import JOINED_FILE

        # As large as items may write them, which is more than users' files may be.
        work, limit = WorkFiles(item.payload.work), item.context.limits.file_bytes
        yield Input("plan", work.plan, PLAN_FILE, max_bytes=limit)
        plan = _plan_of(item)
        for segment in plan.segments:
            name = SEGMENT_REPORT_FILE.format(segment.number)
            yield Input(f"segment_{segment.number}", work.segment_report(segment.number), name, max_bytes=limit)
        for track in plan.tracks:
            name = TRACK_REPORT_FILE.format(track.index)
            yield Input(f"track_{track.index}", work.track_report(track.index), name, max_bytes=limit)
        for number, rendition in enumerate(plan.renditions):
            ending = rendition.output.rpartition(".")[2]
            uri, name = work.joined(rendition.name, ending), JOINED_FILE.format(number)
            yield Input(f"joined_{rendition.name}", uri, name, max_bytes=limit)
        if plan.captions:
            yield Input("captions", work.captions_report, CAPTIONS_REPORT_FILE, max_bytes=limit)
        for each in plan.captions:
            name = CAPTIONS_FILE.format(each.index)
            yield Input(f"captions_{each.index}", work.captions(each.index), name, max_bytes=limit)

    def fingerprint(self, item: _Item, files: Mapping[str, InputFile]) -> str:  # noqa: ARG002
        # Never reused: the result's facts are those of the files that are there, and checking them again is cheap.
        return ""

    def outputs(self, item: _Item) -> Sequence[Output]:
        from container_worker.media.transcode.verify.file_names import JOINED_FILE, REPORT_FILE

        plan = _plan_of(item)
        media_type = MEDIA_TYPES[plan.container]
        files = [
            Output(JOINED_FILE.format(number), rendition.output, media_type, "video", is_required=True)
            for number, rendition in enumerate(plan.renditions)
        ]
        files += [
            Output(CAPTIONS_FILE.format(each.index), plan.beside(f"-{each.name}.vtt"), "text/vtt", "captions", is_required=True)
            for each in plan.captions
        ]
        return [*files, Output(REPORT_FILE, plan.beside("-report.json"), "application/json", "report", is_required=True)]

    def run(self, item: _Item, files: Mapping[str, InputFile]) -> Made:
        # Imported with the first video, because an idle container does not need it.
        from container_worker.media.transcode.verify.file_names import REPORT_FILE
        from container_worker.media.transcode.verify.worker import facts_of, verify

        context, plan = item.context, _plan_of(item)
        try:
            report = verify(
                plan, context.scratch, limits=context.limits, on_progress=context.on_progress,
                should_stop=context.should_stop, slot=context.slot,
            )  # fmt: skip
        except BadInput as error:
            if error.reason.code == Code.VERIFICATION_FAILED:
                # Beside the files that it is about, which stay there.
                context.storage.put(context.scratch / REPORT_FILE, WorkFiles(item.payload.work).failed_verification)
            raise
        published = [files[f"joined_{rendition.name}"] for rendition in plan.renditions]
        published += [files[f"captions_{each.index}"] for each in plan.captions]
        for given in published:
            # Exactly the file that was verified is published, whatever the child has left there.
            with open_output(given.path) as path:
                if path is None or sha256_of(path) != given.sha256:
                    raise ToolFailed(Code.RENDERER_LEFT_ANOTHER, file=given.path.name)
        return Made(report.renditions[0].duration_s, facts_of(report))

    def clean_up(self, item: _Item) -> None:
        """Remove the working files of the source."""
        item.context.storage.delete_under(item.payload.work)


def _plan_of(item: _Item) -> "TranscodePlan":
    from container_worker.media.transcode.file_names import PLAN_FILE
    from container_worker.media.transcode.verify.worker import read_plan

    return read_plan(item.context.scratch / PLAN_FILE, item.payload.work)


KIND: Kind = Verify()
