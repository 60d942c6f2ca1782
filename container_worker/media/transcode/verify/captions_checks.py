"""Checks WebVTT files of subtitles against the source's packets."""

from collections.abc import Iterable
from fractions import Fraction
from pathlib import Path

from container_worker.codes import Code
from container_worker.media.subtitles.webvtt_reader import is_webvtt, webvtt_cues
from container_worker.media.transcode.captions.file_names import CAPTIONS_FILE, CAPTIONS_REPORT_FILE
from container_worker.media.transcode.captions.times import cue_times_ms
from container_worker.media.transcode.reports import usable
from container_worker.media.transcode.verify.outcome import failed, passed
from scenequeue.errors import BadInput
from scenequeue.jobs.transcode.plan import CaptionsReport, TranscodePlan
from scenequeue.jobs.transcode.source import Captions
from scenequeue.jobs.transcode.verification import Check, MadeCaptions

#: Name of the check.
CAPTIONS = "captions"


def check_captions(plan: TranscodePlan, folder: Path) -> tuple[list[Check], list[MadeCaptions], float]:
    """Check the file of each track: that each of the source's texts is in it once, at its time.

    Args:
        plan: of the source.
        folder: has the files, and the report of the item that wrote them.

    Returns:
        The checks, what was made, and the CPU time of making it, in seconds.

    Raises:
        BadInput: the report is none of this plan.
    """
    if not plan.captions:
        return [], [], 0.0
    with usable(CAPTIONS_REPORT_FILE):
        report = CaptionsReport.model_validate_json((folder / CAPTIONS_REPORT_FILE).read_bytes())
    origin_s = plan.origin_pts * Fraction(*plan.picture.time_base)
    checks, made = [], []
    for each in plan.captions:
        table = report.tables.get(each.index)
        if table is None:
            raise BadInput(Code.REPORT_UNUSABLE, file=CAPTIONS_REPORT_FILE, problem=str(each.index))
        times = [time for time in cue_times_ms(table, origin_s) if time is not None]
        checks.append(_check(each, folder / CAPTIONS_FILE.format(each.index), times))
        output = plan.beside(f"-{each.name}.vtt")
        made.append(MadeCaptions(name=each.name, output=output, language=each.language, title=each.title, cues=len(times)))
    return checks, made, report.cpu_s


def _check(captions: Captions, path: Path, times: list[tuple[int, int]]) -> Check:
    text = path.read_bytes().decode("utf-8", errors="replace")
    cues, unreadable = webvtt_cues(text) if is_webvtt(text) else ([], 1)
    if unreadable:
        return failed(CAPTIONS, captions.name, Code.CAPTIONS_UNREADABLE)
    found = [(round(1000 * cue.start_s), round(1000 * cue.end_s)) for cue in cues]
    # A cue without text shows nothing: its mark-up is broken.
    good = [time if cue.text else None for time, cue in zip(found, cues, strict=True)]
    if good != times:
        wrong = _first_wrong(good, times)
        return failed(CAPTIONS, captions.name, Code.CAPTIONS_DIFFER, found=len(found), planned=len(times), cue=wrong)
    return passed(CAPTIONS, captions.name, Code.CAPTIONS_AS_SOURCE, cues=len(times))


def _first_wrong(found: Iterable[tuple[int, int] | None], times: list[tuple[int, int]]) -> int:
    """Return the number, from 1 on, of the first cue that is not as planned."""
    same = 0
    for one, other in zip(found, times, strict=False):
        if one != other:
            break
        same += 1
    return same + 1
