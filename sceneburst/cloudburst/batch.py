"""The replaced system's main call: renders scenes into a folder, and returns its report."""

import contextlib
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from dispatcher.decisions.job_costs import failed_attempts
from producer.client import Producer
from producer.handle import JobHandle
from producer.requests.scenes import SceneLike, scene_from
from sceneburst.cloudburst.folder import named_folder, temporary_folder
from sceneburst.cloudburst.options import render_options_from, wishes_from
from sceneburst.cloudburst.report import DownloadOutcome, Run, report
from sceneburst.cloudburst.scenes import named_scenes
from sceneburst.counted import counted
from scenequeue.jobs.container import ALL_CONTAINERS
from scenequeue.jobs.kinds.render import RenderOptions
from scenequeue.jobs.result import ItemResult
from scenequeue.storages.files import path_of


def execute_parallel_batches(
    scenes: Iterable[SceneLike],
    scenes_per_batch: int = 10,
    language: str | None = "chinese",
    enable_zoom: bool = True,
    config_priority: int = 4,
    max_parallel_tasks: int = 10,
    min_scenes_per_batch: int | None = None,
    watermark_path: str | Path | None = None,
    is_portrait: bool = False,
    saving_dir: str | Path | None = None,
    background_box: bool = True,
    background_opacity: float = 0.2,
    *,
    output: str | Path | None = None,
    redis_url: str | None = None,
    namespace: str | None = None,
    job_id: str | None = None,
    timeout_s: float | None = None,
    options: RenderOptions | Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Render scenes through a running dispatcher and wait for all of them.

    Args:
        scenes: dicts (scene_name, image_path, audio_path, subtitle_path) or Scene models; unknown keys are ignored with a
            warning, and names become safe for files.
        scenes_per_batch: scenes per launched container.
        language: language of the texts: chinese, english, or a BCP 47 tag.
        enable_zoom: False renders still pictures.
        config_priority: container size: 1 2vCPU/4GiB, 2 4/8, 3 8/16, 4 16/32, 5 1/2.
        max_parallel_tasks: maximum number of containers for this job.
        min_scenes_per_batch: minimum number of scenes per container; None is 5, or scenes_per_batch if that is less.
        watermark_path: watermark at the top left of every scene without one of its own.
        is_portrait: 9:16 frames instead of 16:9.
        saving_dir: folder for the videos; None is RESULTS_DIR, else a new temporary folder: `output_directory` in the result.
        background_box: a box behind the subtitles.
        background_opacity: transparency of the box: 0 is solid, 1 is invisible.
        output: folder or URI prefix for workers that cannot write to saving_dir; videos are copied from there.
        redis_url: address of the queue; None for SCENEBURST_REDIS_URL.
        namespace: name of the queue; None for SCENEBURST_NAMESPACE.
        job_id: idempotency key; use it together with a saving_dir or an output, which belong to the job.
        timeout_s: maximum time to wait.
        options: additional options; the switches above override them.

    Returns:
        success (at least one video), job_id, output_directory, total_scenes, successful_scenes, failed_scenes,
        total_cost_usd (this job's share of its containers), total_time and total_duration (sum of processing, s),
        parallel_time (wall, s), time_saved (s), tasks_used, scenes_per_batch, batch_results (every scene, by name, failed
        ones with their error), downloaded_files [{batch_id, file_path, temp_dir}], task_results (one per container),
        efficiency {speedup_factor, cost_per_scene, success_rate, processing_efficiency}. Shares are 0 to 1.

    Raises:
        InvalidScenes: before anything is enqueued; two scenes with the same name are a mistake too.
        QueueUnavailable, QueueFull, JobConflict: see Producer.submit_scenes.
        TimeoutError: not done within timeout_s; the job goes on.
    """
    wishes = wishes_from(scenes_per_batch, max_parallel_tasks, min_scenes_per_batch, config_priority)
    look = render_options_from(
        options,
        language=language,
        enable_zoom=enable_zoom,
        is_portrait=is_portrait,
        background_box=background_box,
        background_opacity=background_opacity,
    )
    named = named_scenes(scenes, str(watermark_path) if watermark_path else None)
    saved = named_folder(saving_dir)
    with Producer(redis_url, namespace) as producer:
        folder = saved or temporary_folder(producer.queue.inspect.plan())
        started = time.monotonic()
        try:
            handle = producer.submit_scenes(
                [each.scene for each in named], output=output or folder, options=look, job_id=job_id, wishes=wishes
            )
        except BaseException:
            if saved is None:
                # Remove the empty temporary folder: no video will be written to it.
                with contextlib.suppress(OSError):
                    folder.rmdir()
            raise
        handle.wait(timeout_s)
        wall_s = time.monotonic() - started
        results = handle.results()
        run = Run(
            job_id=str(handle.job_id),
            folder=folder,
            names=[each.name for each in named],
            scenes=[scene_from(each.scene) for each in named],
            options=look,
            results={str(result.item_id): result for result in results},
            downloads=_copied(handle, folder) if output else _in_place(results),
            containers=producer.queue.inspect.containers(ALL_CONTAINERS),
            now_ms=producer.queue.inspect.now_ms(),
            wall_s=wall_s,
            scenes_per_batch=scenes_per_batch,
            config_priority=config_priority,
            failed_attempts=failed_attempts(producer.queue.producer.all_events(handle.job_id)),
        )
    return report(run)


def _copied(handle: JobHandle, folder: Path) -> dict[str, DownloadOutcome]:
    """Return the delivery of each finished scene, by item id. A file that existed before does not count."""
    return {
        str(delivery.result.item_id): DownloadOutcome(delivery.path, str(delivery.error) if delivery.error else None)
        for delivery in handle.deliver(folder)
    }


def _in_place(results: Iterable[ItemResult]) -> dict[str, DownloadOutcome]:
    return {str(result.item_id): _seen(result) for result in results if result.state == "done"}


def _seen(result: ItemResult) -> DownloadOutcome:
    """Find a complete video that its worker wrote into the folder."""
    path = path_of(result.output or "")
    try:
        size = path.stat().st_size
    except OSError as error:
        return DownloadOutcome(None, f"made, but not to be found here: {path}: {error.strerror}")
    if result.bytes is not None and size != result.bytes:
        return DownloadOutcome(None, f"made, but {path} has {counted(size, 'byte')} instead of {result.bytes}")
    return DownloadOutcome(path, None)
