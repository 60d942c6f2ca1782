"""The replaced system's report of a run, computed from what really happened."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scenequeue.items import ContainerRecord, ItemResult, Scene
from scenequeue.options import RenderOptions

#: Fargate, us-east-1, Linux x86, on demand: USD per vCPU second and per GiB second; as in dispatcher/prices.json.
_VCPU_S_USD, _GIB_S_USD = 0.000011244, 0.000001235
_SPOT_SHARE = 0.30
_LEAST_BILLED_S = 60
#: vCPUs by config_priority, as the dispatcher's sizes; memory is twice as many GiB.
CONTAINER_VCPUS = {1: 2, 2: 4, 3: 8, 4: 16, 5: 1}


@dataclass(frozen=True)
class Arrival:
    """A finished scene's delivery: its local file, unless it stays in an object store, or what went wrong."""

    path: Path | None
    error: str | None


@dataclass(frozen=True)
class Run:
    """All that is known of a job that has ended. Results and arrivals are by item id."""

    job_id: str
    scenes: Sequence[Scene]
    options: RenderOptions
    results: Mapping[str, ItemResult]
    arrivals: Mapping[str, Arrival]
    containers: Mapping[str, ContainerRecord]
    wall_s: float
    scenes_per_batch: int
    config_priority: int


def account(run: Run) -> dict[str, Any]:
    """Every field of the replaced system's report; see execute_parallel_batches. A scene without a result is a failed one."""
    scenes = [_scene_row(run, f"0-{index}", scene) for index, scene in enumerate(run.scenes)]
    tasks = _task_rows(run, scenes)
    total, successful = len(scenes), sum(scene["success"] for scene in scenes)
    processing_s = sum(scene["processing_time"] for scene in scenes)
    cost_usd = sum(task["cost_usd"] for task in tasks)
    return {
        "success": successful == total,
        "job_id": run.job_id,
        "total_scenes": total,
        "successful_scenes": successful,
        "failed_scenes": total - successful,
        "total_cost_usd": round(cost_usd, 6),
        "total_time": round(processing_s, 3),
        "total_duration": round(processing_s, 3),
        "parallel_time": round(run.wall_s, 3),
        "time_saved": round(processing_s - run.wall_s, 3),
        "tasks_used": len(tasks),
        "scenes_per_batch": run.scenes_per_batch,
        "batch_results": scenes,
        "downloaded_files": [_file_row(run.job_id, scene["local_file"]) for scene in scenes if scene["local_file"]],
        "task_results": tasks,
        "efficiency": {
            "speedup_factor": _ratio(processing_s, run.wall_s, 3),
            "cost_per_scene": _ratio(cost_usd, total, 6),
            "success_rate": _ratio(successful, total, 4),
            "processing_efficiency": _ratio(processing_s, run.wall_s * len(tasks), 4),
        },
    }


def _ratio(part: float, whole: float, digits: int) -> float:
    return round(part / whole, digits) if whole else 0.0


def _file_row(job_id: str, path: str) -> dict[str, str]:
    return {"batch_id": job_id, "file_path": path, "temp_dir": str(Path(path).parent)}


def _scene_row(run: Run, item_id: str, scene: Scene) -> dict[str, Any]:
    result, arrival = run.results.get(item_id), run.arrivals.get(item_id)
    is_delivered = result is not None and result.state == "done" and arrival is not None and arrival.error is None
    row = {
        "success": is_delivered,
        "scene_name": scene.name,
        "processing_time": (result.processing_s if result else None) or 0.0,
        "file_id": item_id,
        "download_endpoint": result.output if result else None,
        "filename": f"{scene.name}.mp4",
        "size": (result.bytes if result else None) or 0,
        "file_size": (result.bytes if result else None) or 0,
        "duration": result.duration_s if result else None,
        "scenario": _scenario(run.options, scene),
        "local_file": str(arrival.path) if is_delivered and arrival and arrival.path else None,
        "download_success": is_delivered,
        "container": result.container if result else None,
        "attempts": result.attempts if result else 0,
        "warnings": [warning.model_dump() for warning in result.warnings] if result else [],
    }
    if not is_delivered:
        row["error"] = _reason(result, arrival)
    return row


def _reason(result: ItemResult | None, arrival: Arrival | None) -> str:
    if result is None:
        return "not rendered: the job was cancelled before its turn"
    if result.state != "done":
        return result.error or f"ended as {result.state}"
    return (arrival.error if arrival else None) or "made, but not delivered"


def _scenario(options: RenderOptions, scene: Scene) -> str:
    moves = options.overridden(scene.options).motion != "none"
    if scene.subtitles:
        return "full_featured" if moves else "subtitles_only"
    return "effects_only" if moves else "baseline"


def _task_rows(run: Run, scenes: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """One row per container that ended a scene of this job, each billed for all of its life, one minute at least."""
    rows = []
    for container in sorted({scene["container"] for scene in scenes if scene["container"]}):
        own = [scene for scene in scenes if scene["container"] == container]
        busy_s = sum(scene["processing_time"] for scene in own)
        successful = sum(scene["success"] for scene in own)
        files = [scene["local_file"] for scene in own if scene["local_file"]]
        record = run.containers.get(container)
        vcpu = record.vcpu if record and record.vcpu else CONTAINER_VCPUS[run.config_priority]
        memory_gib = record.memory_mib / 1024 if record and record.memory_mib else 2 * vcpu
        lived_s = _lived_s(record) or busy_s
        share = _SPOT_SHARE if record and record.is_spot else 1.0
        billed_s = max(_LEAST_BILLED_S, math.ceil(lived_s)) * share
        costs = {"vcpu_cost": billed_s * vcpu * _VCPU_S_USD, "memory_cost": billed_s * memory_gib * _GIB_S_USD}
        rows.append(
            {
                "success": successful == len(own),
                "task_id": container,
                "task_arn": record.handle if record else "",
                "total_scenes": len(own),
                "successful_scenes": successful,
                "failed_scenes": len(own) - successful,
                "total_time": round(busy_s, 3),
                "lived_s": round(lived_s, 3),
                "cost_usd": round(sum(costs.values()), 6),
                "cost_breakdown": {name: round(usd, 6) for name, usd in costs.items()},
                "fargate_config": {"cpu": round(vcpu * 1024), "memory": round(memory_gib * 1024)},
                "batch_results": own,
                "downloaded_files": files,
                "download_count": len(files),
            }
        )
    return rows


def _lived_s(record: ContainerRecord | None) -> float:
    if record is None or not record.started_ms:
        return 0.0
    # Billed from the launch, as the dispatcher counts; one started by hand has none.
    return max(0, (record.ended_ms or record.beat_ms) - (record.launched_ms or record.started_ms)) / 1000
