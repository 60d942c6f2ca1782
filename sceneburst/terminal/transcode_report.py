"""Reports an ended transcoding: its renditions, what was verified, what was left out, and the totals."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from pydantic import ValidationError

from dispatcher.decisions.pricing import total_usd
from sceneburst.counted import counted
from sceneburst.terminal.screen import first_line, seconds_text, size_text, table
from sceneburst.terminal.sheet import Sheet
from scenequeue.jobs.container import ContainerRecord
from scenequeue.jobs.job import JobState, JobStatus
from scenequeue.jobs.result import ItemResult
from scenequeue.jobs.transcode.verification import Check, TranscodedSource, TranscodeReport
from scenequeue.reasons import Reason

#: The result that has all facts.
_VERIFY = "verify"


def transcode_report(
    status: JobStatus, results: Sequence[ItemResult], containers: Sequence[ContainerRecord], wall_s: float, now_ms: int
) -> dict[str, Any]:
    """Return the report as plain data, the shape of `transcode --json`.

    Returns:
        job_id, state, source {uri, bytes, codec, width, height, frames, duration_s, frame_rate}, segments,
        renditions [{name, output, width, height, codec, frames, duration_s, bytes, bitrate, crf, target_vmaf, predicted_vmaf}],
        hls (an address), captions [{name, output, language, title, cues}],
        poster {output, width, height, frame, time_s} or null, sprites {output, sheet, pictures, width, height} or null,
        verification {checks [{name, rendition, ok, detail, code, parameters}]}, notes [{code, parameters, text}],
        errors [{name, error, code, parameters}], totals {wall_s, cpu_s, processing_s, estimated_cost_usd, containers}.
    """
    verified = next((result for result in results if result.name == _VERIFY), None)
    facts = _facts_of(verified)
    worked = {result.container for result in results if result.container}
    used = [record for record in containers if record.container_id in worked]
    return {
        "job_id": status.job_id,
        "state": status.state.value,
        "source": facts.source.model_dump() if facts else dict.fromkeys(TranscodedSource.model_fields),
        "segments": facts.segments if facts else _segments(results),
        "renditions": [each.model_dump() for each in facts.renditions] if facts else [],
        "hls": facts.hls if facts else None,
        "captions": [each.model_dump() for each in facts.captions] if facts else [],
        "poster": facts.poster.model_dump() if facts and facts.poster else None,
        "sprites": facts.sprites.model_dump() if facts and facts.sprites else None,
        "verification": {"checks": [_check(each) for each in facts.checks] if facts else _failed_checks(verified)},
        "notes": [Reason.from_json(each).to_people() for each in facts.notes] if facts else [],
        "errors": [
            {"name": result.name, "error": result.error, "code": result.code, "parameters": result.parameters}
            for result in results
            if result.state == "dead"
        ],
        "totals": {
            "wall_s": round(wall_s, 3),
            "cpu_s": round(sum(facts.cpu_s.values()), 3) if facts else 0.0,
            "processing_s": round(sum(result.processing_s or 0.0 for result in results), 3),
            "estimated_cost_usd": round(total_usd(used, now_ms), 6),
            "containers": len(used),
        },
    }


def renditions_table(report: Mapping[str, Any]) -> Sheet:
    """Return the renditions of a report as a table."""
    made = table("name", "frame", "codec", "frames>", "length>", "size>", "kbit/s>")
    for each in report["renditions"]:
        made.add_row(
            each["name"],
            f"{each['width']}×{each['height']}",
            each["codec"],
            str(each["frames"]),
            seconds_text(each["duration_s"]),
            size_text(each["bytes"]),
            str(round((each["bitrate"] or 0) / 1000)),
        )
    return made


def summary_lines(report: Mapping[str, Any]) -> list[str]:
    """Return the lines after the table: further files, the verification, qualities, the notes, what failed, and the totals."""
    beside, aims = _beside_lines(report), _aim_lines(report)
    return [*beside, *_verified_lines(report), *aims, *_note_lines(report), *_error_lines(report), *_total_lines(report)]


def _beside_lines(report: Mapping[str, Any]) -> list[str]:
    ladder = [f"HLS ladder: {'/'.join(report['hls'].split('/')[-2:])}"] if report["hls"] else []
    poster, sprites = report["poster"], report["sprites"]
    lines = [
        *ladder,
        *(f"subtitles: {_file_name(each['output'])}, {counted(each['cues'], 'cue')}" for each in report["captions"]),
    ]
    if poster:
        lines.append(f"poster: {_file_name(poster['output'])}, the frame at {poster['time_s']:.1f} s")
    if sprites:
        size = f"{sprites['width']}×{sprites['height']}"
        lines.append(f"sprites: {_file_name(sprites['output'])}, {counted(sprites['pictures'], 'picture')} of {size}")
    return lines


def _file_name(address: str) -> str:
    return address.rpartition("/")[2]


def _verified_lines(report: Mapping[str, Any]) -> list[str]:
    checks = report["verification"]["checks"]
    if report["state"] != JobState.DONE or not checks:
        return []
    names = ", ".join(dict.fromkeys(each["name"] for each in checks))
    files = counted(len(report["renditions"]), "file")
    failed = [each for each in checks if not each["ok"]]
    if failed:
        return [f"not verified: {each['name']}: {each['detail']}" for each in failed]
    return [f"verified: all {len(checks)} checks of {files} hold ({names})"]


def _aim_lines(report: Mapping[str, Any]) -> list[str]:
    """Return how each rendition got the quality that was asked for."""
    aimed = [each for each in report["renditions"] if each["target_vmaf"] is not None]
    return [
        f"VMAF of {each['name']}: about {each['predicted_vmaf']:.1f} by samples, of {each['target_vmaf']:g}; crf {each['crf']:g}"
        for each in aimed
    ]


def _note_lines(report: Mapping[str, Any]) -> list[str]:
    return [f"note: {each['text']}" for each in report["notes"]]


def _error_lines(report: Mapping[str, Any]) -> list[str]:
    return [f"failed: {each['name']}: {first_line(each['error'])}" for each in report["errors"]]


def _total_lines(report: Mapping[str, Any]) -> list[str]:
    source, totals, lines = report["source"], report["totals"], []
    if source["frames"] is not None:
        what = f"{source['width']}×{source['height']} {source['codec']}, {source['duration_s']:.1f} s"
        lines.append(f"source: {what}, {counted(source['frames'], 'frame')}, in {counted(report['segments'] or 1, 'segment')}")
    cost = f"about ${totals['estimated_cost_usd']:.4f} (us-east-1, on demand, one minute at least each)"
    cpu = f"{totals['cpu_s']:.1f} s of CPU time" if totals["cpu_s"] else f"{totals['processing_s']:.1f} s of processing"
    lines.append(f"{totals['wall_s']:.1f} s wall time; {cpu}")
    return [*lines, f"{counted(totals['containers'], 'container')}; the same on Fargate: {cost}"]


def _facts_of(verified: ItemResult | None) -> TranscodeReport | None:
    """Return what the last item tells; None if it is not done, or of a version that tells other things."""
    if verified is None or verified.state != "done":
        return None
    told = {name: verified.details[name] for name in TranscodeReport.model_fields if name in verified.details}
    try:
        return TranscodeReport.model_validate(told)
    except ValidationError:
        return None


def _check(made: Check) -> dict[str, Any]:
    reason = Reason.from_json(made.detail.model_dump())
    return {"name": made.name, "rendition": made.rendition, "ok": made.ok, "detail": reason.text, **reason.to_json()}


def _failed_checks(verified: ItemResult | None) -> list[dict[str, Any]]:
    """Return the checks that a failed verification names; none if the videos were not verified at all."""
    named = (verified.parameters or {}).get("checks") if verified is not None and verified.state == "dead" else None
    if verified is None or not isinstance(named, str):
        return []
    told = {"ok": False, "detail": verified.error, "code": verified.code, "parameters": verified.parameters}
    return [{"name": name, "rendition": None, **told} for name in named.split(", ")]


def _segments(results: Iterable[ItemResult]) -> int | None:
    """Return the number of segments that the probe has told of; None if it has not."""
    told = (result.details.get("segments") for result in results if result.name == "probe")
    return next((count for count in told if isinstance(count, int)), None)
