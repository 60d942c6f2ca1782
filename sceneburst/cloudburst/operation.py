"""The replaced system's main class, over the queue, the price list and STS."""

import os
import warnings
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from dispatcher.decisions.pricing import billed_s, prices, usd_per_hour
from dispatcher.fleet import SIZES
from producer.client import Producer
from sceneburst.cloudburst.arguments import is_amount, is_whole_number, quoted_value
from sceneburst.cloudburst.batch import execute_parallel_batches
from sceneburst.cloudburst.report import size_text
from sceneburst.counted import Number
from sceneburst.terminal.operator_name import operator_name
from scenequeue.errors import SceneburstError
from scenequeue.jobs.container import ALL_CONTAINERS, ContainerRecord

_TITLES = {
    1: "STANDARD_PROCESSING",
    2: "HIGH_PERFORMANCE",
    3: "ULTRA_PERFORMANCE",
    4: "MAXIMUM_PERFORMANCE",
    5: "ECONOMY",
}
#: States of a container in ECS's terms.
_STATUS = {"intended": "PROVISIONING", "launched": "PENDING", "running": "RUNNING", "draining": "DEACTIVATING"}


class FargateOperationV1:
    """Renders a batch, and reports containers and costs. Containers are launched by the dispatcher, never from here.

    Args:
        config_priority: container size, 1 to 5; see `task_configs`.
        redis_url: address of the queue; None for SCENEBURST_REDIS_URL.
        namespace: name of the queue; None for SCENEBURST_NAMESPACE.

    Raises:
        ValueError: config_priority is not one of 1 to 5.
    """

    def __init__(self, config_priority: int = 1, *, redis_url: str | None = None, namespace: str | None = None) -> None:
        if not is_whole_number(config_priority, 1) or config_priority not in SIZES:
            raise ValueError(f"config_priority is {quoted_value(config_priority)}; it must be one of 1 to 5")
        self._redis_url, self._namespace = redis_url, namespace
        self._region = os.environ.get("AWS_REGION", "")
        self.task_configs = [_task_config(priority, self._region) for priority in SIZES]
        self.current_config = self.task_configs[config_priority - 1]

    def calculate_fargate_cost(self, runtime_seconds: float, task_count: int = 1) -> dict[str, Any]:
        """Estimate the on-demand cost of containers of this size in AWS_REGION: whole seconds, at least one minute.

        Raises:
            ValueError: an argument is no number, or is negative.
        """
        for name, value in (("runtime_seconds", runtime_seconds), ("task_count", task_count)):
            if not is_amount(value):
                raise ValueError(f"{name} is {quoted_value(value)}; it must be a number, and cannot be negative")
        size = SIZES[self.current_config["priority"]]
        seconds = billed_s(runtime_seconds)
        per_hour = usd_per_hour(size.vcpu, size.memory_mib, self._region)
        cores = usd_per_hour(size.vcpu, 0, self._region) * seconds / 3600
        task = per_hour * seconds / 3600
        config = size_text(size.vcpu, size.memory_mib)
        return {
            "fargate_config": config,
            "runtime_seconds": runtime_seconds,
            "runtime_minutes": runtime_seconds / 60,
            "runtime_hours": runtime_seconds / 3600,
            "cost_per_task_usd": round(task, 6),
            "total_cost_usd": round(task * task_count, 6),
            "task_count": task_count,
            "cost_per_hour": round(per_hour, 6),
            "cost_breakdown": {
                "vcpu_cost": round(cores, 6),
                "memory_cost": round(task - cores, 6),
                "calculation": f"{config} at ${per_hour:.6f}/h for {seconds} s (list prices of {prices().as_of})",
            },
        }

    def scan_scenes_from_folder(self, folder_path: str | Path) -> list[dict[str, Any]]:
        """Find scenes: images/scene_*.png with audio/<name>.mp3, and audio/<name>.srt if it exists.

        A picture without a narration is skipped with a warning.

        Raises:
            ValueError: images/ or audio/ does not exist.
        """
        images, audio = Path(folder_path) / "images", Path(folder_path) / "audio"
        for needed in (images, audio):
            if not needed.is_dir():
                raise ValueError(f"there is no folder {needed}")
        scenes = []
        for picture in sorted(images.glob("scene_*.png")):
            name = picture.stem
            narration, subtitles = audio / f"{name}.mp3", audio / f"{name}.srt"
            if not narration.is_file():
                warnings.warn(f"{picture} is left out: there is no {narration}", UserWarning, stacklevel=2)
                continue
            scenes.append(
                {
                    "scene_name": name,
                    "input_image": str(picture),
                    "input_audio": str(narration),
                    "subtitle": str(subtitles) if subtitles.is_file() else None,
                }
            )
        return scenes

    def execute_batch(
        self,
        scenes: Iterable[Mapping[str, Any]],
        language: str | None = "english",
        enable_zoom: bool = True,
        auto_terminate: bool = True,  # noqa: ARG002  containers leave by themselves
        saving_dir: str | Path | None = None,
        watermark_path: str | Path | None = None,
        is_portrait: bool = False,
        background_box: bool = True,
        background_opacity: float = 0.2,
        **further: Any,
    ) -> dict[str, Any]:
        """Render scenes as one batch, for which one container of this size is launched.

        Args:
            scenes: as for execute_parallel_batches, like all arguments below.
            language: language of the texts.
            enable_zoom: False renders still pictures.
            auto_terminate: has no effect: containers leave by themselves when there is no work.
            saving_dir: folder for the videos.
            watermark_path: watermark at the top left of every scene.
            is_portrait: 9:16 frames.
            background_box: a box behind the subtitles.
            background_opacity: transparency of the box.
            further: output, job_id, timeout_s, options.

        Returns:
            The report of execute_parallel_batches, with paths in `downloaded_files`; in addition cost_usd,
            processing_time, fargate_config, download_dir, download_count, cost_breakdown, and task_arn of the first container.
        """
        batch = list(scenes)
        done = execute_parallel_batches(
            batch,
            max(1, len(batch)),
            language,
            enable_zoom,
            self.current_config["priority"],
            1,
            None,
            watermark_path,
            is_portrait,
            saving_dir,
            background_box,
            background_opacity,
            redis_url=self._redis_url,
            namespace=self._namespace,
            **further,
        )
        tasks, files = done["task_results"], [file["file_path"] for file in done["downloaded_files"]]
        parts = ("vcpu_cost", "memory_cost")
        return {
            **done,
            "cost_usd": done["total_cost_usd"],
            "processing_time": done["total_time"],
            "fargate_config": tasks[0]["fargate_config"] if tasks else "",
            "download_dir": done["output_directory"],
            "downloaded_files": files,
            "download_count": len(files),
            "cost_breakdown": {part: round(sum(task["cost_breakdown"][part] for task in tasks), 6) for part in parts},
            "task_arn": tasks[0]["task_arn"] if tasks else None,
        }

    def list_running_tasks(self, filter_animagent_only: bool = True) -> list[dict[str, Any]]:  # noqa: ARG002  all are ours
        """List the containers of this queue that have not ended; unknown fields are None."""
        with Producer(self._redis_url, self._namespace) as producer:
            return [_task_row(record) for record in producer.queue.inspect.containers(ALL_CONTAINERS) if not record.has_ended]

    def cleanup_all_tasks(
        self,
        reason: str = "Cleanup requested",
        filter_animagent_only: bool = True,  # noqa: ARG002  all are ours
    ) -> dict[str, Any]:
        """Drain all containers of this queue: they finish their items and leave. Waiting jobs get new containers."""
        drained, failed = [], []
        with Producer(self._redis_url, self._namespace) as producer:
            for record in producer.queue.inspect.containers(ALL_CONTAINERS):
                if record.has_ended:
                    continue
                row = _task_row(record)
                try:
                    producer.queue.operator.drain(record.container_id, by=operator_name(), why=reason)
                    drained.append(row)
                except SceneburstError as error:
                    failed.append({**row, "error": str(error)})
        leaving = Number(len(drained))
        return {
            "success": not failed,
            "terminated_count": len(drained),
            "failed_count": len(failed),
            "terminated_tasks": drained,
            "failed_tasks": failed,
            "message": f"{reason}: {leaving:1 container finishes its scenes, and leaves|# containers finish theirs, and leave}",
        }

    def check_aws_account_validity(self) -> dict[str, Any]:
        """Ask STS for our identity, in the role AWS_ROLE_ARN if that is set."""
        # Imported here, because it takes a quarter of a second.
        from botocore.exceptions import BotoCoreError, ClientError

        from scenequeue.storages.aws_session import aws_session

        try:
            identity = aws_session().client("sts", region_name=self._region or "us-east-1").get_caller_identity()
        except (BotoCoreError, ClientError) as error:
            return {"valid": False, "message": f"AWS credentials are not valid: {error}"}
        return {
            "valid": True,
            "account_id": identity["Account"],
            "user_arn": identity["Arn"],
            "message": "AWS credentials are valid",
        }


def _task_config(priority: int, region: str) -> dict[str, Any]:
    size = SIZES[priority]
    return {
        "priority": priority,
        "cpu": str(round(size.vcpu * 1024)),
        "memory": str(size.memory_mib),
        "name": _TITLES[priority],
        "description": f"{size.vcpu:g} vCPU, {size.memory_mib / 1024:g} GiB",
        "cost_per_hour": round(usd_per_hour(size.vcpu, size.memory_mib, region), 6),
    }


def _task_row(record: ContainerRecord) -> dict[str, Any]:
    began_ms = record.started_ms or record.launched_ms
    return {
        "task_arn": record.handle or str(record.container_id),
        "task_id": str(record.container_id),
        "task_definition": None,
        "status": _STATUS[record.state],
        "started_at": datetime.fromtimestamp(began_ms / 1000, UTC) if began_ms else None,
        "cpu": str(round(record.vcpu * 1024)) if record.vcpu else None,
        "memory": str(record.memory_mib) if record.memory_mib else None,
        "public_ip": None,
        "tags": {},
    }
