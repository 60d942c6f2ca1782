"""Writes a source's subtitles as WebVTT files."""

from collections.abc import Iterator, Mapping, Sequence
from typing import TypeAlias

from container_worker.files.inputs import Input, InputFile, ending_of
from container_worker.files.outputs import Output
from container_worker.kind import Kind, Made, ParsedItem
from container_worker.media.ffmpeg import find_ffmpeg
from container_worker.media.fingerprint import fingerprint_of
from container_worker.media.transcode.captions.file_names import CAPTIONS_FILE, CAPTIONS_REPORT_FILE
from scenequeue.jobs.kinds.captions import CaptionsPayload
from scenequeue.jobs.transcode.options import TranscodeOptions
from scenequeue.jobs.transcode.working_folder import work_files_of

_Item: TypeAlias = ParsedItem[CaptionsPayload, TranscodeOptions]
#: Part of every fingerprint; raise it when a change makes the same tracks give other files.
_RECIPE_VERSION = 1


class Captions:
    """The kind `captions`; one item reads the source once for all its tracks of subtitles."""

    payload = CaptionsPayload
    options = TranscodeOptions

    def inputs(self, item: _Item) -> Iterator[Input]:
        """Yield the source."""
        source = item.payload.source
        yield Input("source", source.uri, f"source{ending_of(source.uri)}", version=source.version)

    def fingerprint(self, item: _Item, files: Mapping[str, InputFile]) -> str:  # noqa: ARG002 - the version stands for the content
        payload = item.payload
        facts = {
            "recipe": _RECIPE_VERSION, "source": {"version": payload.source.version, "bytes": payload.source.bytes},
            "captions": [each.index for each in payload.captions], "origin": (payload.origin_pts, payload.time_base),
        }  # fmt: skip
        return fingerprint_of(facts)

    def outputs(self, item: _Item) -> Sequence[Output]:
        files = work_files_of(item.payload.work, item.context.lease.job_id)
        return [
            Output(CAPTIONS_REPORT_FILE, files.captions_report, "application/json", "report"),
            *(
                Output(CAPTIONS_FILE.format(each.index), files.captions(each.index), "text/vtt", "segment", is_required=True)
                for each in item.payload.captions
            ),
        ]

    def run(self, item: _Item, files: Mapping[str, InputFile]) -> Made:
        from container_worker.media.child_process import run_in_slot
        from container_worker.media.transcode.reports import read_report
        from scenequeue.jobs.transcode.plan import CaptionsReport

        context = item.context
        request = {
            "payload": item.payload.model_dump(mode="json"), "source": files["source"].path.name,
            "folder": str(context.scratch.absolute()),
        }  # fmt: skip
        made, warnings = run_in_slot("container_worker.media.transcode.captions", request, context, find_ffmpeg().path)
        report = read_report(context.scratch / CAPTIONS_REPORT_FILE, CaptionsReport)
        cues = sum(len(table.packets) for table in report.tables.values())
        return Made(made.duration_s, {"cues": cues, "cpu_s": report.cpu_s}, warnings)


KIND: Kind = Captions()
