"""Joins the segments of one rendition, with the tracks, to one file."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from typing import TypeAlias

from container_worker.files.inputs import Input, InputFile
from container_worker.files.outputs import Output
from container_worker.kind import Kind, Made, ParsedItem
from container_worker.media.ffmpeg import find_ffmpeg
from container_worker.media.transcode.file_names import PLAN_FILE, SEGMENT_REPORT_FILE, TRACK_REPORT_FILE
from container_worker.media.transcode.hls.file_names import FACTS_FILE, MEDIA_FILE
from container_worker.media.transcode.hls.media import sounds_of
from container_worker.media.transcode.joining.file_names import JOINED_FILE, SEGMENT_FILE, TRACK_FILE
from container_worker.media.transcode.reports import read_plan
from container_worker.media.transcode.track.argv import track_ending
from scenequeue.jobs.item import WorkItem
from scenequeue.jobs.kinds.join import JoinPayload
from scenequeue.jobs.transcode.options import MEDIA_TYPES, TranscodeOptions
from scenequeue.jobs.transcode.plan import TranscodePlan
from scenequeue.jobs.transcode.working_folder import WorkFiles, work_files_of

_Item: TypeAlias = ParsedItem[JoinPayload, TranscodeOptions]
#: Part of every fingerprint; raise it when a change makes the same segments give another file.
_RECIPE_VERSION = "2"


class Join:
    """The kind `join`; the same segments and tracks give the same file."""

    payload = JoinPayload
    options = TranscodeOptions

    def inputs(self, item: _Item) -> Iterator[Input]:
        """Yield the plan, the reports and files of all segments, and those of the tracks."""
        files, rendition = _files_of(item), item.payload.rendition
        # As large as items may write them, which is more than users' files may be.
        limit = item.context.limits.file_bytes
        yield Input("plan", files.plan, PLAN_FILE, max_bytes=limit)
        plan = _plan(item)
        for segment in plan.segments:
            number = segment.number
            report, segment_file = SEGMENT_REPORT_FILE.format(number), SEGMENT_FILE.format(number)
            yield Input(f"report_{number}", files.segment_report(number), report, max_bytes=limit)
            yield Input(f"segment_{number}", files.segment(number, rendition), segment_file, max_bytes=limit)
        for track in plan.tracks:
            index, ending = track.index, track_ending(track.action, track.codec)
            report, track_file = TRACK_REPORT_FILE.format(index), TRACK_FILE.format(index, ending)
            yield Input(f"track_report_{index}", files.track_report(index), report, max_bytes=limit)
            yield Input(f"track_{index}", files.track(index, ending), track_file, max_bytes=limit)

    def fingerprint(self, item: _Item, files: Mapping[str, InputFile]) -> str:
        digest = hashlib.sha256(f"{_RECIPE_VERSION} {item.payload.rendition}".encode())
        for role, file in files.items():
            digest.update(f"{role} {file.sha256}\n".encode())
        return digest.hexdigest()

    def brings(self, item: _Item) -> Sequence[WorkItem]:
        if not item.payload.brings_verify:
            return []
        weight = item.context.lease.item.weight
        return [WorkItem(kind="verify", name="verify", weight=weight, payload={"work": item.payload.work})]

    def outputs(self, item: _Item) -> Sequence[Output]:
        container = _plan(item).container
        address = _files_of(item).joined(item.payload.rendition, container)
        return [Output(JOINED_FILE.format(container), address, MEDIA_TYPES[container], "video"), *_ladder_outputs(item)]

    def run(self, item: _Item, files: Mapping[str, InputFile]) -> Made:  # noqa: ARG002 - the child finds them by name
        from container_worker.media.child_process import run_in_slot

        context = item.context
        request = {
            "rendition": item.payload.rendition, "with_sounds": item.payload.brings_verify,
            "folder": str(context.scratch.absolute()),
        }  # fmt: skip
        made, warnings = run_in_slot("container_worker.media.transcode.joining", request, context, find_ffmpeg().path)
        return Made(made.duration_s, {"frames": made.frames}, warnings)


def _ladder_outputs(item: _Item) -> Iterator[Output]:
    """Yield the files of the ladder, if one is made: the rendition's, and with the first rendition the sounds."""
    plan, files = _plan(item), _files_of(item)
    if plan.hls:
        sounds = [sound.name for sound in sounds_of(plan)] if item.payload.brings_verify else []
        for number, name in enumerate([item.payload.rendition, *sounds]):
            yield Output(MEDIA_FILE.format(number), files.hls(name, ".mp4"), "video/mp4", "segment", is_required=True)
            yield Output(FACTS_FILE.format(number), files.hls(name, ".json"), "application/json", "report", is_required=True)


def _files_of(item: _Item) -> WorkFiles:
    return work_files_of(item.payload.work, item.context.lease.job_id)


def _plan(item: _Item) -> TranscodePlan:
    return read_plan(item.context.scratch / PLAN_FILE)


KIND: Kind = Join()
