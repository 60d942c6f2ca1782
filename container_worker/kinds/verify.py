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
from scenequeue.jobs.transcode.options import MEDIA_TYPES, PLAYLIST_TYPE, TranscodeOptions
from scenequeue.jobs.transcode.working_folder import work_files_of
from scenequeue.storage import sha256_of

if TYPE_CHECKING:
    from scenequeue.jobs.transcode.plan import TranscodePlan

_Item: TypeAlias = ParsedItem[VerifyPayload, TranscodeOptions]


class Verify:
    """The kind `verify`."""

    payload = VerifyPayload
    options = TranscodeOptions

    def inputs(self, item: _Item) -> Iterator[Input]:
        """Yield the plan, the reports of all segments and tracks, the joined files, the subtitles, and the ladder."""
        from container_worker.media.transcode.file_names import PLAN_FILE, SEGMENT_REPORT_FILE, TRACK_REPORT_FILE
        from container_worker.media.transcode.hls.file_names import FACTS_FILE, MEDIA_FILE
        from container_worker.media.transcode.hls.media import media_of
        from container_worker.media.transcode.verify.file_names import JOINED_FILE

        # As large as items may write them, which is more than users' files may be.
        work, limit = work_files_of(item.payload.work, item.context.lease.job_id), item.context.limits.file_bytes
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
        for number, medium in enumerate(media_of(plan)):
            yield Input(f"hls_{medium.name}", work.hls(medium.name, ".mp4"), MEDIA_FILE.format(number), max_bytes=limit)
            yield Input(f"hls_facts_{medium.name}", work.hls(medium.name, ".json"), FACTS_FILE.format(number), max_bytes=limit)

    def fingerprint(self, item: _Item, files: Mapping[str, InputFile]) -> str:  # noqa: ARG002
        # Never reused: the result's facts are those of the files that are there, and checking them again is cheap.
        return ""

    def outputs(self, item: _Item) -> Sequence[Output]:
        from container_worker.media.transcode.stills.file_names import MEDIA_TYPES as PICTURE_TYPES, stills_of
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
        files += [
            Output(file, plan.beside(f"-{file}"), PICTURE_TYPES[file[-4:]], role, is_required=True)
            for role, names in stills_of(plan).items()
            for file in names
        ]
        report = Output(REPORT_FILE, plan.beside("-report.json"), "application/json", "report", is_required=True)
        # The main output is uploaded last: it is the master playlist where there is one, which refers to the others.
        ladder = list(_ladder_outputs(plan))
        return [*ladder[-1:], *files, report, *ladder[:-1]]

    def run(self, item: _Item, files: Mapping[str, InputFile]) -> Made:
        # Imported with the first video, because an idle container does not need it.
        from container_worker.media.transcode.hls.writing import write_playlists
        from container_worker.media.transcode.stills.file_names import stills_of
        from container_worker.media.transcode.verify.file_names import REPORT_FILE
        from container_worker.media.transcode.verify.worker import facts_of, verify

        context, plan = item.context, _plan_of(item)
        if plan.hls:
            write_playlists(plan, context.scratch)
        known = {file.path.name: file.sha256 for file in files.values()}
        # The child makes these itself.
        made = {REPORT_FILE, *(file for names in stills_of(plan).values() for file in names)}
        names = [output.file_name for output in self.outputs(item) if output.file_name not in made]
        given = {name: known.get(name) or sha256_of(context.scratch / name) for name in names}
        try:
            report = verify(plan, context)
        except BadInput as error:
            if error.reason.code == Code.VERIFICATION_FAILED:
                # Beside the files that it is about, which stay there.
                work = work_files_of(item.payload.work, context.lease.job_id)
                context.storage.put(context.scratch / REPORT_FILE, work.failed_verification)
            raise
        for name in names:
            # Exactly the file that was verified is published, whatever the child has left there.
            with open_output(context.scratch / name) as path:
                if path is None or sha256_of(path) != given[name]:
                    raise ToolFailed(Code.RENDERER_LEFT_ANOTHER, file=name)
        return Made(report.renditions[0].duration_s, facts_of(report))

    def clean_up(self, item: _Item) -> None:
        """Remove the working files of the source."""
        item.context.storage.delete_under(item.payload.work)


def _ladder_outputs(plan: "TranscodePlan") -> Iterator[Output]:
    """Yield the files of the ladder, if one is made, in the order in which they are published: the playlists last."""
    from container_worker.media.transcode.hls.file_names import (
        MASTER_FILE,
        MEDIA_FILE,
        PLAYLIST_FILE,
        TEXT_FILE,
        TEXT_PLAYLIST_FILE,
    )
    from container_worker.media.transcode.hls.media import ladder_folder, master_address, media_of, texts_of

    folder, media = ladder_folder(plan), media_of(plan)
    for number, each in enumerate(media):
        yield Output(MEDIA_FILE.format(number), f"{folder}/{each.name}.mp4", "video/mp4", "segment", is_required=True)
    for number, each in enumerate(media):
        yield Output(PLAYLIST_FILE.format(number), f"{folder}/{each.name}.m3u8", PLAYLIST_TYPE, "playlist", is_required=True)
    for text in texts_of(plan):
        number = text.captions.index
        yield Output(TEXT_FILE.format(number), f"{folder}/{text.name}.vtt", "text/vtt", "captions", is_required=True)
        yield Output(TEXT_PLAYLIST_FILE.format(number), f"{folder}/{text.name}.m3u8", PLAYLIST_TYPE, "playlist", is_required=True)
    if media:
        yield Output(MASTER_FILE, master_address(plan), PLAYLIST_TYPE, "playlist", is_required=True)


def _plan_of(item: _Item) -> "TranscodePlan":
    from container_worker.media.transcode.file_names import PLAN_FILE
    from container_worker.media.transcode.reports import read_plan
    from container_worker.media.transcode.verify.worker import check_addresses

    plan = read_plan(item.context.scratch / PLAN_FILE)
    check_addresses(plan, item.payload.work)
    return plan


KIND: Kind = Verify()
