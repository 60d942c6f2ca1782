"""Reports an ended job: every scene, and the totals."""

from collections.abc import Iterable, Sequence
from itertools import islice
from typing import Any

from dispatcher.decisions.pricing import total_usd
from sceneburst.counted import counted
from sceneburst.terminal.screen import coloured, first_line, note, seconds_text, size_text, table
from sceneburst.terminal.sheet import Sheet
from scenequeue.jobs.container import ContainerRecord
from scenequeue.jobs.job import JobState, JobStatus
from scenequeue.jobs.result import ItemResult

#: Maximum number of warnings shown for one job.
_MAX_WARNINGS = 100
_LOOK = {"done": "green", "dead": "red"}


def report_of(
    status: JobStatus, results: Sequence[ItemResult], containers: Sequence[ContainerRecord], wall_s: float, now_ms: int
) -> dict[str, Any]:
    """Return the report as plain data, the shape of `render --json`.

    Returns:
        job_id, state, scenes [{name, state, output, duration_s, bytes, processing_s, attempts, container, error,
        code, parameters, warnings [{code, parameters, text}]}],
        totals {scenes, succeeded, failed, films, wall_s, processing_s, speed_up, success_rate, containers,
        estimated_cost_usd}. `scenes` has a row for a film too; the totals count scenes alone, and in `films` the films that
        were asked for.
    """
    scenes = [
        {
            "name": result.name,
            "state": result.state,
            "output": result.output,
            "duration_s": result.duration_s,
            "bytes": result.bytes,
            "processing_s": result.processing_s,
            "attempts": result.attempts,
            "container": result.container,
            "error": result.error,
            "code": result.code,
            "parameters": result.parameters,
            "warnings": [warning.model_dump() for warning in result.warnings],
        }
        for result in results
    ]
    processing_s = sum(result.processing_s or 0.0 for result in results)
    succeeded = sum(result.state == "done" and result.is_scene for result in results)
    # Every stage after the first is one film.
    films = status.stages - 1
    total = max(0, status.counts.total - films)
    worked = {result.container for result in results if result.container}
    used = [record for record in containers if record.container_id in worked]
    return {
        "job_id": status.job_id,
        "state": status.state.value,
        "scenes": scenes,
        "totals": {
            "scenes": total,
            "succeeded": succeeded,
            "failed": total - succeeded,
            "films": films,
            "wall_s": round(wall_s, 3),
            "processing_s": round(processing_s, 3),
            "speed_up": round(processing_s / wall_s, 3) if wall_s else 0.0,
            "success_rate": round(succeeded / total, 4) if total else 0.0,
            "containers": len(used),
            "estimated_cost_usd": round(total_usd(used, now_ms), 6),
        },
    }


def report_table(report: dict[str, Any], results: Sequence[ItemResult]) -> Sheet:
    """Return the scenes of a report as a table; scenes whose video existed already are marked."""
    reused = {result.name for result in results if result.details.get("reused")}
    made = table("scene", "state", "length>", "size>", "render>", "container", "attempts>", "reason~")
    for scene in report["scenes"]:
        look = _LOOK.get(scene["state"], "yellow")
        made.add_row(
            scene["name"],
            coloured(f"{scene['state']}{' (as before)' if scene['name'] in reused else ''}", look),
            seconds_text(scene["duration_s"]),
            size_text(scene["bytes"]),
            seconds_text(scene["processing_s"]),
            scene["container"] or "–",
            str(scene["attempts"]),
            first_line(scene["error"]),
        )
    return made


def warning_lines(results: Iterable[ItemResult]) -> list[str]:
    """Return a line for each warning of a job's results, up to a hundred, and the number of the others."""
    lines = (f"{result.name}: {warning.text}" for result in results for warning in result.warnings)
    first = list(islice(lines, _MAX_WARNINGS))
    more = sum(1 for _ in lines)
    return [*first, f"… and {counted(more, 'more warning')}"] if more else first


def print_warnings(results: Iterable[ItemResult]) -> None:
    """Print the warnings on standard error."""
    for line in warning_lines(results):
        note(f"warning: {line}", "yellow")


def unmade_film(status: JobStatus, mend: str) -> str:
    """Return a line with the reason that the film of an ended job was not made; "" if no film is missing.

    Args:
        status: the job's status.
        mend: the next step after the failed scenes are fixed.
    """
    if status.state is not JobState.FAILED or status.stages == 1 or not status.counts.waiting:
        return ""
    return f"film: not made, because {counted(status.counts.dead, 'scene')} failed; mend what the reasons name, then {mend}"


def totals_text(report: dict[str, Any]) -> str:
    """Return the totals of a report in two lines."""
    totals = report["totals"]
    scenes = f"{totals['succeeded']} of {counted(totals['scenes'], 'scene')} ({totals['success_rate']:.0%})"
    made = sum(scene["state"] == "done" for scene in report["scenes"]) - totals["succeeded"]
    films = f" and {counted(made, 'film')}" if made else ""
    times = f"{totals['wall_s']:.1f} s wall time; {totals['processing_s']:.1f} s of processing"
    cost = f"about ${totals['estimated_cost_usd']:.4f} (us-east-1, on demand, one minute at least each)"
    speed = f"speed-up {totals['speed_up']:.2f} ×"
    return f"{scenes}{films} in {times}, {speed}\n{counted(totals['containers'], 'container')}; the same on Fargate: {cost}"
