"""The replaced system's report of a run, computed from the job's results and containers."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from dispatcher.decisions.job_costs import bill_of_job
from dispatcher.decisions.pricing import share_of_cores
from dispatcher.fleet import SIZES
from scenequeue.jobs.container import ContainerRecord
from scenequeue.jobs.kinds.render import RenderOptions
from scenequeue.jobs.result import ItemResult
from scenequeue.jobs.scene import Scene


@dataclass(frozen=True)
class DownloadOutcome:
    """Delivery of a finished scene: its local file, or the error."""

    path: Path | None
    error: str | None


@dataclass(frozen=True)
class Run:
    """The data of an ended job. Results and downloads are by item id."""

    job_id: str
    folder: Path
    #: The caller's names of the scenes; `scenes` contains names that are safe for files.
    names: Sequence[str]
    scenes: Sequence[Scene]
    options: RenderOptions
    results: Mapping[str, ItemResult]
    downloads: Mapping[str, DownloadOutcome]
    containers: Sequence[ContainerRecord]
    now_ms: int
    wall_s: float
    scenes_per_batch: int
    config_priority: int
    #: Failed attempts at the job's items, by container.
    failed_attempts: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class SceneRow:
    """A scene of the report, in the replaced system's terms."""

    success: bool
    scene_name: str
    batch_id: int | None
    processing_time: float
    file_id: str
    download_endpoint: str | None
    filename: str
    size: int
    file_size: int
    duration: float | None
    scenario: str
    local_file: str | None
    download_success: bool
    container: str | None
    attempts: int
    warnings: list[dict[str, Any]]
    #: None for a delivered video.
    error: str | None

    def to_dict(self) -> dict[str, Any]:
        """Return the row in the report's form."""
        row = asdict(self)
        if self.error is None:
            del row["error"]
        return row


@dataclass(frozen=True)
class TaskRow:
    """A container of the report, with this job's share of its cost."""

    success: bool
    batch_id: int
    task_id: str
    task_arn: str
    total_scenes: int
    successful_scenes: int
    failed_scenes: int
    total_time: float
    #: None if its record, and so its cost, is gone.
    cost_usd: float | None
    cost_breakdown: dict[str, float]
    fargate_config: str
    batch_results: list[dict[str, Any]]
    downloaded_files: list[str]
    download_count: int


def report(run: Run) -> dict[str, Any]:
    """Return every field of the replaced system's report; see execute_parallel_batches. A scene without a result has failed."""
    batches = _numbers(run.results.values())
    rows = [_scene_row(run, batches, index) for index in range(len(run.scenes))]
    scenes = sorted(rows, key=lambda row: row.scene_name)
    tasks, cost_usd = _task_rows(run, batches, scenes)
    total, successful = len(scenes), sum(scene.success for scene in scenes)
    processing_s = sum(scene.processing_time for scene in scenes)
    return {
        "success": successful > 0,
        "job_id": run.job_id,
        "output_directory": str(run.folder),
        "total_scenes": total,
        "successful_scenes": successful,
        "failed_scenes": total - successful,
        "total_cost_usd": round(cost_usd, 6),
        "total_time": round(processing_s, 3),
        "total_duration": round(processing_s, 3),
        "parallel_time": round(run.wall_s, 3),
        "time_saved": round(processing_s - run.wall_s, 3) if len(tasks) > 1 else 0,
        "tasks_used": len(tasks),
        "scenes_per_batch": run.scenes_per_batch,
        "batch_results": [scene.to_dict() for scene in scenes],
        "downloaded_files": [_file_row(scene, scene.local_file) for scene in scenes if scene.local_file],
        "task_results": [asdict(task) for task in tasks],
        "efficiency": {
            "speedup_factor": _ratio(processing_s, run.wall_s, 3),
            "cost_per_scene": _ratio(cost_usd, successful, 6),
            "success_rate": _ratio(successful, total, 4),
            "processing_efficiency": _ratio(processing_s, run.wall_s * len(tasks), 4),
        },
    }


def size_text(vcpu: float, memory_mib: int) -> str:
    """Return a container's size in the replaced system's form."""
    return f"{vcpu:g}vCPU/{memory_mib / 1024:g}GB"


def _numbers(results: Any) -> dict[str, int]:
    """Number the containers that ended scenes of this job from 1; the replaced system calls them batches."""
    containers = sorted({result.container for result in results if result.container})
    return {container: number for number, container in enumerate(containers, 1)}


def _ratio(part: float, whole: float, digits: int) -> float:
    return round(part / whole, digits) if whole else 0.0


def _file_row(scene: SceneRow, path: str) -> dict[str, Any]:
    return {"batch_id": scene.batch_id, "file_path": path, "temp_dir": str(Path(path).parent)}


def _scene_row(run: Run, batches: Mapping[str, int], index: int) -> SceneRow:
    item_id, scene = f"0-{index}", run.scenes[index]
    result, download = run.results.get(item_id), run.downloads.get(item_id)
    is_delivered = result is not None and result.state == "done" and download is not None and download.error is None
    size = (result.bytes if result else None) or 0
    return SceneRow(
        success=is_delivered,
        scene_name=run.names[index],
        batch_id=batches.get(result.container or "") if result else None,
        processing_time=(result.processing_s if result else None) or 0.0,
        file_id=item_id,
        download_endpoint=result.output if result else None,
        filename=f"{scene.name}.mp4",
        size=size,
        file_size=size,
        duration=result.duration_s if result else None,
        scenario=_scenario(run.options, scene),
        local_file=str(download.path) if is_delivered and download and download.path else None,
        download_success=is_delivered,
        container=result.container if result else None,
        attempts=result.attempts if result else 0,
        warnings=[warning.model_dump() for warning in result.warnings] if result else [],
        error=None if is_delivered else _reason(result, download),
    )


def _reason(result: ItemResult | None, download: DownloadOutcome | None) -> str:
    if result is None:
        return "not rendered: the job was cancelled before its turn"
    if result.state != "done":
        return result.error or f"ended as {result.state}"
    return (download.error if download else None) or "made, but not delivered"


def _scenario(options: RenderOptions, scene: Scene) -> str:
    moves = options.overridden(scene.options).motion != "none"
    if scene.subtitles:
        return "full_featured" if moves else "subtitles_only"
    return "effects_only" if moves else "baseline"


def _task_rows(run: Run, batches: Mapping[str, int], scenes: Sequence[SceneRow]) -> tuple[list[TaskRow], float]:
    """Return a row per container that ended a scene of this job, and the job's cost including failed attempts."""
    ledger = [_sized(record, run.config_priority) for record in run.containers]
    records = {str(record.container_id): record for record in ledger}
    bill = bill_of_job(list(run.results.values()), ledger, run.now_ms, run.failed_attempts)
    rows = []
    for container, number in batches.items():
        own = [scene for scene in scenes if scene.container == container]
        successful = sum(scene.success for scene in own)
        files = [scene.local_file for scene in own if scene.local_file]
        record, cost = records.get(container), bill.parts.get(container)
        rows.append(
            TaskRow(
                success=successful > 0,
                batch_id=number,
                task_id=container,
                task_arn=record.handle if record else "",
                total_scenes=len(own),
                successful_scenes=successful,
                failed_scenes=len(own) - successful,
                total_time=round(sum(scene.processing_time for scene in own), 3),
                cost_usd=None if cost is None else round(cost, 6),
                cost_breakdown=_breakdown(record, cost or 0.0),
                fargate_config=size_text(record.vcpu, record.memory_mib) if record else "",
                batch_results=[scene.to_dict() for scene in own],
                downloaded_files=files,
                download_count=len(files),
            )
        )
    return rows, bill.known_usd


def _sized(record: ContainerRecord, config_priority: int) -> ContainerRecord:
    """Give a container that was started by hand, and whose size is unknown, the requested size."""
    size = SIZES[config_priority]
    return record if record.vcpu else record.model_copy(update={"vcpu": size.vcpu, "memory_mib": size.memory_mib})


def _breakdown(record: ContainerRecord | None, cost: float) -> dict[str, float]:
    """Split a cost into the part of the cores, and the rest: memory and ephemeral storage above the free part."""
    cores = cost * share_of_cores(record) if record else 0.0
    return {"vcpu_cost": round(cores, 6), "memory_cost": round(cost - cores, 6)}
