"""The one-call facade for scripts: scenes in, videos in a folder, and the replaced system's report."""

import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from producer.client import Producer
from producer.handle import JobHandle
from producer.scenes import SceneLike
from scenequeue.errors import SceneburstError
from scenequeue.items import ContainerRecord, ItemResult
from scenequeue.options import RenderOptions, SubtitleStyle

#: Fargate, us-east-1, Linux x86, on demand: USD per vCPU second and per GiB second (dispatcher/prices.json).
_VCPU_S, _GIB_S = 0.000011244, 0.000001235
_LEAST_BILLED_S = 60.0
#: vCPUs by config_priority, as the dispatcher's sizes; memory is twice as many GiB.
_VCPUS = {1: 2, 2: 4, 3: 8, 4: 16, 5: 1}


def execute_parallel_batches(
    scenes: Sequence[SceneLike],
    scenes_per_batch: int = 10,
    language: str = "chinese",
    enable_zoom: bool = True,
    config_priority: int = 1,
    max_parallel_tasks: int = 10,
    min_scenes_per_batch: int = 5,
    watermark_path: str | None = None,
    is_portrait: bool = False,
    saving_dir: str | Path | None = None,
    background_box: bool = True,
    background_opacity: float = 0.55,
    *,
    output: str | Path | None = None,
    redis_url: str | None = None,
    namespace: str | None = None,
    job_id: str | None = None,
    timeout_s: float | None = None,
    options: RenderOptions | None = None,
) -> dict[str, Any]:
    """Render scenes through a running dispatcher and wait for all of them.

    Args:
        scenes: dicts with the article's names (scene_name, image_path, audio_path, subtitle_path) or ours.
        scenes_per_batch: kept in the job's labels for operators; the dispatcher's own settings plan the containers.
        language: a label; any script is rendered whatever it says.
        enable_zoom: False renders still pictures.
        config_priority: container size 1 to 5, for the cost estimate.
        max_parallel_tasks: kept in the labels.
        min_scenes_per_batch: kept in the labels.
        watermark_path: laid over every scene that has none of its own.
        is_portrait: 9:16 frames instead of 16:9.
        saving_dir: folder that the videos are copied into; None leaves them at `output`.
        background_box: a box behind the subtitles.
        background_opacity: of that box, 0 invisible to 1 solid.
        output: folder or URI prefix that workers write to; None is saving_dir.
        redis_url: the queue; None takes SCENEBURST_REDIS_URL.
        namespace: which queue.
        job_id: idempotency key.
        timeout_s: longest wait.
        options: further options; the flags above lie over them.

    Returns:
        success (all scenes), total_scenes, successful_scenes, failed_scenes, total_cost_usd, total_time and
        total_duration (sum of processing, s), parallel_time (wall, s), time_saved, tasks_used, scenes_per_batch,
        batch_results (every scene, failed ones with their error), downloaded_files, task_results, efficiency
        {speedup_factor, cost_per_scene, success_rate, processing_efficiency}, job_id.

    Raises:
        InvalidScenes: before anything is enqueued.
        TimeoutError: not done within timeout_s; the job goes on.
    """
    target = output if output is not None else saving_dir
    if target is None:
        raise ValueError("saving_dir or output is needed: where do the videos go?")
    prepared = [_with_watermark(scene, watermark_path) for scene in scenes]
    labels = {
        "language": language,
        "scenes_per_batch": str(scenes_per_batch),
        "max_parallel_tasks": str(max_parallel_tasks),
        "min_scenes_per_batch": str(min_scenes_per_batch),
        "config_priority": str(config_priority),
    }
    look = _look(options or RenderOptions(), enable_zoom, is_portrait, background_box, background_opacity)
    with Producer(redis_url, namespace) as producer:
        started = time.monotonic()
        handle = producer.submit_scenes(prepared, output=target, options=look, job_id=job_id, labels=labels)
        handle.wait(timeout_s)
        wall_s = time.monotonic() - started
        results = handle.results()
        delivered = _deliver(handle, results, saving_dir if output is not None else None)
        containers = {str(record.container_id): record for record in producer.queue.inspect.containers()}
        return _report(handle, results, delivered, containers, wall_s, scenes_per_batch, config_priority)


def _with_watermark(scene: SceneLike, watermark: str | None) -> SceneLike:
    if watermark is None:
        return scene
    if isinstance(scene, Mapping):
        return {"watermark": watermark, **scene}
    return scene if scene.watermark else scene.model_copy(update={"watermark": watermark})


def _look(options: RenderOptions, zoom: bool, portrait: bool, box: bool, opacity: float) -> RenderOptions:
    style = SubtitleStyle.model_validate({**options.subtitle_style.model_dump(), "box": box, "box_opacity": opacity})
    changes: dict[str, Any] = {"subtitle_style": style}
    if not zoom:
        changes["motion"] = "none"
    if portrait:
        changes["orientation"] = "portrait"
    return options.model_copy(update=changes)


def _deliver(handle: JobHandle, results: Sequence[ItemResult], folder: str | Path | None) -> dict[str, str]:
    """Scene name -> local file or address, only for what really arrived; a failed delivery is a missing entry."""
    done = [result for result in results if result.state == "done" and result.output]
    if folder is None:
        return {result.name: result.output.removeprefix("file://") for result in done if result.output}
    try:
        paths = handle.download(folder)
    except SceneburstError:
        paths = [path for result in done if (path := Path(folder) / f"{result.name}.mp4").is_file()]
    return {path.stem: str(path) for path in paths}


def _report(
    handle: JobHandle,
    results: Sequence[ItemResult],
    delivered: Mapping[str, str],
    containers: Mapping[str, ContainerRecord],
    wall_s: float,
    scenes_per_batch: int,
    config_priority: int,
) -> dict[str, Any]:
    total = handle.status().counts.total
    scenes = [_scene_report(result, delivered) for result in results]
    successful = sum(scene["success"] for scene in scenes)
    processing_s = sum(result.processing_s or 0.0 for result in results)
    tasks = _task_reports(results, containers, config_priority)
    cost = sum(task["cost_usd"] for task in tasks)
    return {
        "success": successful == total,
        "job_id": handle.job_id,
        "total_scenes": total,
        "successful_scenes": successful,
        "failed_scenes": total - successful,
        "total_cost_usd": round(cost, 6),
        "total_time": round(processing_s, 3),
        "total_duration": round(processing_s, 3),
        "parallel_time": round(wall_s, 3),
        "time_saved": round(processing_s - wall_s, 3),
        "tasks_used": len(tasks),
        "scenes_per_batch": scenes_per_batch,
        "batch_results": scenes,
        "downloaded_files": [{"batch_id": handle.job_id, "file_path": path} for path in delivered.values()],
        "task_results": tasks,
        "efficiency": {
            "speedup_factor": round(processing_s / wall_s, 3) if wall_s else 0.0,
            "cost_per_scene": round(cost / total, 6) if total else 0.0,
            "success_rate": round(successful / total, 4) if total else 0.0,
            "processing_efficiency": round(processing_s / (wall_s * len(tasks)), 4) if tasks and wall_s else 0.0,
        },
    }


def _scene_report(result: ItemResult, delivered: Mapping[str, str]) -> dict[str, Any]:
    is_delivered = result.state == "done" and result.name in delivered
    error = result.error or ("" if is_delivered else "made, but not delivered")
    return {
        "success": is_delivered,
        "scene_name": result.name,
        "processing_time": result.processing_s or 0.0,
        "file_id": result.item_id,
        "download_endpoint": result.output,
        "filename": f"{result.name}.mp4",
        "size": result.bytes or 0,
        "file_size": result.bytes or 0,
        "duration": result.duration_s,
        "local_file": delivered.get(result.name),
        "download_success": is_delivered,
        "container": result.container,
        "attempts": result.attempts,
        **({"error": error} if error else {}),
    }


def _task_reports(
    results: Sequence[ItemResult], containers: Mapping[str, ContainerRecord], config_priority: int
) -> list[dict[str, Any]]:
    tasks = []
    for container in sorted({result.container for result in results if result.container}):
        own = [result for result in results if result.container == container]
        busy_s = sum(result.processing_s or 0.0 for result in own)
        record = containers.get(container)
        vcpu = record.vcpu if record and record.vcpu else _VCPUS.get(config_priority, 2)
        memory_gib = record.memory_mib / 1024 if record and record.memory_mib else 2 * vcpu
        lived_s = _lived_s(record) or busy_s
        billed_s = max(_LEAST_BILLED_S, lived_s)
        tasks.append(
            {
                "task_id": container,
                "scenes": len(own),
                "successful_scenes": sum(result.state == "done" for result in own),
                "total_time": round(busy_s, 3),
                "lived_s": round(lived_s, 3),
                "cost_usd": round(billed_s * (vcpu * _VCPU_S + memory_gib * _GIB_S), 6),
            }
        )
    return tasks


def _lived_s(record: ContainerRecord | None) -> float:
    if record is None or not record.started_ms:
        return 0.0
    return max(0, (record.ended_ms or record.beat_ms) - record.started_ms) / 1000
