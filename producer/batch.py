"""The one-call facade for scripts: scenes in, videos in a folder, and the replaced system's report."""

import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from producer.account import CONTAINER_VCPUS, Arrival, Run, account
from producer.client import Producer
from producer.handle import JobHandle
from producer.scenes import SceneLike, scene_from
from scenequeue.errors import InvalidScenes
from scenequeue.items import ItemResult
from scenequeue.options import RenderOptions, SubtitleStyle
from scenequeue.storage_files import path_of


def execute_parallel_batches(
    scenes: Iterable[SceneLike],
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
        language: kept in the labels; subtitles of any script are wrapped and shaped by what they hold.
        enable_zoom: False renders still pictures.
        config_priority: container size 1 to 5; for the cost of containers whose own size is not known.
        max_parallel_tasks: kept in the labels.
        min_scenes_per_batch: kept in the labels.
        watermark_path: laid over every scene that has none of its own.
        is_portrait: 9:16 frames instead of 16:9.
        saving_dir: folder that the videos are copied into; None leaves them at `output`.
        background_box: a box behind the subtitles.
        background_opacity: of that box, 0 invisible to 1 solid (the replaced system meant it the other way round).
        output: folder or URI prefix that workers write to, when they cannot write to saving_dir; None is saving_dir.
        redis_url: the queue; None takes SCENEBURST_REDIS_URL.
        namespace: which queue.
        job_id: idempotency key.
        timeout_s: longest wait.
        options: further options; the flags above lie over them.

    Returns:
        success (every scene made and delivered), job_id, total_scenes, successful_scenes, failed_scenes, total_cost_usd,
        total_time and total_duration (sum of processing, s), parallel_time (wall, s), time_saved (s), tasks_used,
        scenes_per_batch, batch_results (every scene in the caller's order, failed ones with their error),
        downloaded_files [{batch_id, file_path, temp_dir}], task_results (one per container), efficiency {speedup_factor,
        cost_per_scene, success_rate, processing_efficiency}. Shares are 0 to 1.

    Raises:
        InvalidScenes: before anything is enqueued; two scenes of one name are among the mistakes.
        QueueUnavailable, QueueFull, JobConflict: see Producer.submit_scenes.
        TimeoutError: not done within timeout_s; the job goes on.
    """
    target = output if output is not None else saving_dir
    if target is None:
        raise InvalidScenes(["saving_dir or output is needed: where do the videos go?"])
    if output is not None and "://" in str(saving_dir):
        raise InvalidScenes([f"saving_dir: {saving_dir!r} is not a folder; give an address as output"])
    if config_priority not in CONTAINER_VCPUS:
        raise InvalidScenes([f"config_priority: {config_priority!r} is not one of 1 to 5"])
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
        arrivals = _arrivals(handle, results, saving_dir if output is not None else None)
        containers = {str(record.container_id): record for record in producer.queue.inspect.containers()}
    run = Run(
        job_id=handle.job_id,
        scenes=[scene_from(scene) for scene in prepared],
        options=look,
        results={str(result.item_id): result for result in results},
        arrivals=arrivals,
        containers=containers,
        wall_s=wall_s,
        scenes_per_batch=scenes_per_batch,
        config_priority=config_priority,
    )
    return account(run)


def _with_watermark(scene: SceneLike, watermark: str | None) -> SceneLike:
    if watermark is None:
        return scene
    if isinstance(scene, Mapping):
        # Ahead of the scene's own, which then lies over it under whichever name it goes.
        return {"watermark": watermark, **scene}
    return scene if scene.watermark else scene.model_copy(update={"watermark": watermark})


def _look(options: RenderOptions, zoom: bool, portrait: bool, box: bool, opacity: float) -> RenderOptions:
    try:
        style = SubtitleStyle.model_validate({**options.subtitle_style.model_dump(), "box": box, "box_opacity": opacity})
    except ValueError:
        raise InvalidScenes([f"background_opacity: {opacity!r} is not between 0, invisible, and 1, solid"]) from None
    changes: dict[str, Any] = {"subtitle_style": style}
    if not zoom:
        changes["motion"] = "none"
    if portrait:
        changes["orientation"] = "portrait"
    return options.model_copy(update=changes)


def _arrivals(handle: JobHandle, results: Iterable[ItemResult], folder: str | Path | None) -> dict[str, Arrival]:
    """By item id, what became of each finished scene's delivery. A file that lay there before is no delivery."""
    if folder is not None:
        return {
            str(delivery.result.item_id): Arrival(delivery.path, str(delivery.error) if delivery.error else None)
            for delivery in handle.deliver(folder)
        }
    return {str(result.item_id): _in_place(result) for result in results if result.state == "done"}


def _in_place(result: ItemResult) -> Arrival:
    """Whether a video that its worker wrote to a folder can be seen from here; one in S3 was taken whole by S3."""
    address = result.output or ""
    if not address.startswith("file://"):
        return Arrival(None, None)
    path = path_of(address)
    try:
        size = path.stat().st_size
    except OSError as error:
        return Arrival(None, f"made, but not to be found here: {path}: {error.strerror}")
    if result.bytes is not None and size != result.bytes:
        return Arrival(None, f"made, but {path} has {size} bytes instead of {result.bytes}")
    return Arrival(path, None)
