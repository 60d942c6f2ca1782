"""Verifies a source's joined files from the worker: runs the child, and judges the report that it writes."""

import json

from pydantic import BaseModel

from container_worker.codes import Code
from container_worker.media.child_process import ChildContext, run_in_slot
from container_worker.media.ffmpeg import find_ffmpeg
from container_worker.media.transcode.hls.media import master_address, media_of, texts_of
from container_worker.media.transcode.reports import read_report
from container_worker.media.transcode.stills.file_names import stills_of
from container_worker.media.transcode.verify.captions_checks import CAPTIONS
from container_worker.media.transcode.verify.file_names import REPORT_FILE
from container_worker.media.transcode.verify.hls.checks import LADDER
from scenequeue.errors import BadInput, ToolFailed
from scenequeue.jobs.transcode.plan import TranscodePlan
from scenequeue.jobs.transcode.verification import TranscodeReport
from scenequeue.jobs.transcode.working_folder import WORK_FOLDER
from scenequeue.reasons import Reason

_MAX_REPORT_BYTES = 1024 * 1024
#: Largest size of the facts in the item's result, as JSON; notes are left out beyond it.
MAX_FACTS_BYTES = 64 * 1024
_MAX_PROBLEMS = 20
#: Every rendition has at least these checks; a report without one of them proves nothing.
CHECKS = frozenset({"file", "frames", "packets", "headers", "picture", "duration", "tracks", "sync", "likeness", "joins"})


def check_addresses(plan: TranscodePlan, work: str) -> None:
    """Check that a plan publishes its files directly under the output.

    Args:
        plan: of the source.
        work: the job's working folder, whose parent is the output.

    Raises:
        BadInput: it does not.
    """
    output = work.partition(f"/{WORK_FOLDER}/")[0]
    for rendition in plan.renditions:
        if not rendition.output.startswith(f"{output}/") or "/" in rendition.output[len(output) + 1 :]:
            raise BadInput(Code.PLAN_STRAYS, uri=rendition.output, output=output)


def verify(plan: TranscodePlan, context: ChildContext) -> TranscodeReport:
    """Check the files in the scratch folder in a child process; the report is then beside them.

    Args:
        plan: as it was read before the child began.
        context: of the item, with plan, reports and joined files in its scratch folder; its slot is entered before the child
            starts, and left when it has ended.

    Raises:
        BadInput: a check failed; all that failed are named. ItemError: as `run_in_slot`.
        ToolFailed: the report is none of this plan.
    """
    scratch = context.scratch.absolute()
    run_in_slot("container_worker.media.transcode.verify", {"folder": str(scratch)}, context, find_ffmpeg().path)
    report = read_report(scratch / REPORT_FILE, TranscodeReport, _MAX_REPORT_BYTES)
    (scratch / REPORT_FILE).write_text(json.dumps(_plain(report), indent=1, ensure_ascii=False), encoding="utf-8")
    problems = [Reason(each.detail.code, each.detail.parameters) for each in report.checks if not each.ok]
    if problems:
        names = sorted({each.name for each in report.checks if not each.ok})
        raise BadInput(Code.VERIFICATION_FAILED, checks=", ".join(names), problems=tuple(problems[:_MAX_PROBLEMS]))
    done = {(each.rendition, each.name) for each in report.checks}
    wanted = {(rendition.name, name) for rendition in plan.renditions for name in CHECKS}
    wanted |= {(rendition.name, "watermark") for rendition in plan.renditions if plan.watermark}
    wanted |= {(each.name, CAPTIONS) for each in plan.captions}
    wanted |= {(each.name, "hls") for each in [*media_of(plan), *texts_of(plan)]} | ({("hls", LADDER)} if plan.hls else set())
    wanted |= {(plan.renditions[0].name, name) for name in stills_of(plan)}
    if not done.issuperset(wanted) or _addresses(report) != _planned_addresses(plan):
        raise ToolFailed(Code.RENDERER_UNINTELLIGIBLE, message=REPORT_FILE)
    return report


def _planned_addresses(plan: TranscodePlan) -> list[str]:
    """Return the final addresses of all files but the report."""
    return [
        *(each.output for each in plan.renditions), *(plan.beside(f"-{each.name}.vtt") for each in plan.captions),
        *(plan.beside(f"-{file}") for files in stills_of(plan).values() for file in files),
        *([master_address(plan)] if plan.hls else []),
    ]  # fmt: skip


def _addresses(report: TranscodeReport) -> list[str]:
    return [
        *(each.output for each in report.renditions), *(each.output for each in report.captions),
        *([report.poster.output] if report.poster else []),
        *([report.sprites.sheet, report.sprites.output] if report.sprites else []), *([report.hls] if report.hls else []),
    ]  # fmt: skip


def facts_of(report: TranscodeReport) -> dict[str, object]:
    """Return the report as the facts of the item's result, within their size: notes are left out first.

    Raises:
        ToolFailed: it is too large without notes, too.
    """
    notes = report.notes
    while len(json.dumps(_plain(report))) > MAX_FACTS_BYTES and notes:
        notes = notes[: len(notes) // 2]
        report = report.model_copy(update={"notes": notes})
    if len(json.dumps(_plain(report))) > MAX_FACTS_BYTES:
        raise ToolFailed(Code.RENDERER_SAID_TOO_MUCH)
    return _plain(report)


def _plain(model: BaseModel) -> dict[str, object]:
    return model.model_dump(mode="json")
