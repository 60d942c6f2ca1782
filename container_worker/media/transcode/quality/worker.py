"""Chooses the constant rate factors that reach a VMAF, from the worker: runs the child, and judges what it has measured."""

from collections.abc import Sequence
from pathlib import Path

from container_worker.codes import Code
from container_worker.media.child_process import ChildContext, run_in_slot
from container_worker.media.ffmpeg import find_ffmpeg
from container_worker.media.transcode.planning.frame_table import INPUT
from container_worker.media.transcode.planning.plan import source_seconds
from container_worker.media.transcode.planning.tone_mapping import HDR_TRANSFERS
from container_worker.media.transcode.planning.worker import read_table
from container_worker.media.transcode.quality.choosing import SCALES, Point, choose_crf
from container_worker.media.transcode.quality.report import REPORT_FILE, QualityReport, Trial
from container_worker.media.transcode.quality.samples import WHOLE_S, choose_samples
from container_worker.media.transcode.reports import read_report
from scenequeue.errors import BadInput, ToolFailed
from scenequeue.jobs.kinds.encode import EncodePayload
from scenequeue.jobs.transcode.plan import Aim, Rendition, TranscodePlan
from scenequeue.reasons import Reason

_MAX_REPORT_BYTES = 1024 * 1024
#: Smallest side of a picture that libvmaf measures, in pixels; it crashes at 17.
LEAST_SIDE_PX = 32
#: A prediction that is farther from the target is told.
_MISSED = 1.0


def check_can_measure() -> None:
    """Check that this container's ffmpeg measures VMAF.

    Raises:
        BadInput: it does not; all containers of a fleet have the same.
    """
    program = find_ffmpeg()
    if not program.has_vmaf:
        raise BadInput(Code.VMAF_UNAVAILABLE, program=str(program.path))


def check_measurable(plan: TranscodePlan) -> None:
    """Check that VMAF says something of the source's renditions.

    Raises:
        BadInput: it does not.
    """
    transfer = plan.picture.colour_transfer
    # No model of VMAF was made for it.
    if transfer in HDR_TRANSFERS and plan.tone_map is None:
        raise BadInput(Code.VMAF_OF_HDR, input=INPUT, transfer=transfer)
    smallest = min(plan.renditions, key=lambda each: min(each.width, each.height))
    if min(smallest.width, smallest.height) < LEAST_SIDE_PX:
        size = f"{smallest.width} × {smallest.height}"
        raise BadInput(Code.VMAF_OF_SMALL, rendition=smallest.name, size=size, limit_px=LEAST_SIDE_PX)


def aim_at(plan: TranscodePlan, target: float, path: Path, context: ChildContext) -> TranscodePlan:
    """Return the plan with the constant rate factor at which each rendition has a VMAF.

    Args:
        plan: its renditions have the factors to begin with.
        target: mean VMAF.
        path: the fetched source, in the item's scratch folder, where its table is too.
        context: of the item; its slot is entered before the child starts, and left when it has ended.

    Raises:
        BadInput: VMAF says nothing of such a picture. ItemError: as `run_in_slot`; ToolFailed also for a report that is none.
    """
    check_measurable(plan)
    program, scratch = find_ffmpeg(), context.scratch.absolute()
    samples = choose_samples(plan, read_table(scratch))
    payload = EncodePayload(
        source=plan.source,
        picture=plan.picture,
        renditions=plan.renditions,
        segment=samples[0],
        tone_map=plan.tone_map,
        encoder=plan.encoder,
        work="",
    )
    request = {
        "payload": payload.model_dump(mode="json"), "samples": [each.model_dump(mode="json") for each in samples],
        "target": target, "source": path.name, "ffmpeg": str(program.path), "folder": str(scratch),
    }  # fmt: skip
    run_in_slot("container_worker.media.transcode.quality", request, context, program.path)
    report = read_report(scratch / REPORT_FILE, QualityReport, _MAX_REPORT_BYTES)
    if set(report.trials) != {each.name for each in plan.renditions}:
        raise ToolFailed(Code.RENDERER_UNINTELLIGIBLE, message=REPORT_FILE)
    aimed = _with_aims(plan, report, target)
    if not plan.is_divided and source_seconds(plan) > WHOLE_S:
        aimed = _noted(aimed, [Reason(Code.VMAF_OF_BEGINNING, {"measured_s": WHOLE_S})])
    return aimed


def _with_aims(plan: TranscodePlan, report: QualityReport, target: float) -> TranscodePlan:
    aims: list[Aim] = []
    renditions: list[Rendition] = []
    notes: list[Reason] = []
    for rendition in plan.renditions:
        trials, scale = report.trials[rendition.name], SCALES[rendition.codec]
        # A child names only factors that it was free to try.
        within = [each for each in trials if scale.bounds[0] <= each.crf <= scale.bounds[1]] or trials[:1]
        crf, vmaf = choose_crf([Point(each.crf, each.vmaf) for each in within], target, scale)
        aims.append(Aim(rendition=rendition.name, target_vmaf=target, crf=crf, predicted_vmaf=round(vmaf, 2)))
        renditions.append(rendition.model_copy(update={"crf": crf}))
        notes += _notes(rendition, within, aims[-1])
    update = {"renditions": renditions, "aims": aims, "aims_cpu_s": report.cpu_s}
    return _noted(plan.model_copy(update=update), notes)


def _notes(rendition: Rendition, trials: Sequence[Trial], aim: Aim) -> list[Reason]:
    """Return what keeps a rendition from the target."""
    notes = []
    if abs(aim.predicted_vmaf - aim.target_vmaf) > _MISSED:
        facts: dict[str, str | int | float] = {
            "rendition": rendition.name, "target": aim.target_vmaf, "predicted": aim.predicted_vmaf, "crf": aim.crf,
        }  # fmt: skip
        notes.append(Reason(Code.VMAF_OUT_OF_REACH, facts))
    nearest = min(trials, key=lambda each: abs(each.crf - aim.crf))
    if rendition.max_kbps is not None and nearest.peak_kbps > rendition.max_kbps:
        facts = {"rendition": rendition.name, "max_kbps": rendition.max_kbps, "needed_kbps": round(nearest.peak_kbps)}
        notes.append(Reason(Code.VMAF_CAPPED, facts))
    return notes


def _noted(plan: TranscodePlan, notes: Sequence[Reason]) -> TranscodePlan:
    return plan.model_copy(update={"notes": [*plan.notes, *(note.to_json() for note in notes)]})
