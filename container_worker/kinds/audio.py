"""Copies or converts one track of a source, sound or text, as a whole."""

from collections.abc import Iterator, Mapping, Sequence
from typing import TypeAlias

from container_worker.files.inputs import Input, InputFile, ending_of
from container_worker.files.outputs import Output
from container_worker.kind import Kind, Made, ParsedItem
from container_worker.media.ffmpeg import find_ffmpeg
from container_worker.media.fingerprint import fingerprint_of
from scenequeue.jobs.kinds.audio import AudioPayload
from scenequeue.jobs.transcode.options import TranscodeOptions
from scenequeue.jobs.transcode.working_folder import work_files_of

_Item: TypeAlias = ParsedItem[AudioPayload, TranscodeOptions]
#: Part of every fingerprint; raise it when a change makes the same track give another file.
_RECIPE_VERSION = 1
_MEDIA_TYPES = {".mka": "audio/x-matroska", ".mp4": "video/mp4"}


class Audio:
    """The kind `audio`; the same track of the same source gives the same packets."""

    payload = AudioPayload
    options = TranscodeOptions

    def inputs(self, item: _Item) -> Iterator[Input]:
        """Yield the source."""
        source = item.payload.source
        yield Input("source", source.uri, f"source{ending_of(source.uri)}", version=source.version, ranges=item.payload.ranges)

    def fingerprint(self, item: _Item, files: Mapping[str, InputFile]) -> str:  # noqa: ARG002 - the version stands for the content
        payload = item.payload
        facts = {
            "recipe": _RECIPE_VERSION, "encoder": find_ffmpeg().version, "kbps": item.options.audio_kbps,
            "source": {"version": payload.source.version, "bytes": payload.source.bytes},
            "track": payload.track.model_dump(mode="json"),
        }  # fmt: skip
        return fingerprint_of(facts)

    def outputs(self, item: _Item) -> Sequence[Output]:
        from container_worker.media.transcode.track.argv import track_ending, track_file
        from container_worker.media.transcode.track.child import REPORT_FILE

        track, files = item.payload.track, work_files_of(item.payload.work, item.context.lease.job_id)
        ending = track_ending(track.action, track.codec)
        address = files.track(track.index, ending)
        return [
            Output(REPORT_FILE, files.track_report(track.index), "application/json", "report"),
            Output(track_file(track.action, track.codec), address, _MEDIA_TYPES[ending], "segment", is_required=True),
        ]

    def run(self, item: _Item, files: Mapping[str, InputFile]) -> Made:
        from container_worker.media.child_process import run_in_slot
        from container_worker.media.transcode.reports import read_report
        from container_worker.media.transcode.track.child import REPORT_FILE
        from scenequeue.jobs.transcode.plan import TrackReport

        context, program = item.context, find_ffmpeg()
        request = {
            "payload": item.payload.model_dump(mode="json"), "source": files["source"].path.name, "ffmpeg": str(program.path),
            "kbps": item.options.audio_kbps, "folder": str(context.scratch.absolute()),
        }  # fmt: skip
        made, warnings = run_in_slot("container_worker.media.transcode.track", request, context, program.path)
        report = read_report(context.scratch / REPORT_FILE, TrackReport)
        return Made(made.duration_s, {"packets": len(report.table.packets), "cpu_s": report.cpu_s}, warnings)


KIND: Kind = Audio()
