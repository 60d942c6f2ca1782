"""A script for the replaced system of which only the import lines are changed; test_moved_script.py runs it."""

import json

from sceneburst.cloudburst import (
    FargateOperationV1,
    calculate_optimal_batch_distribution,
    choose_optimal_config,
    execute_parallel_batches,
)

scenes = [
    {
        "scene_name": f"scene_{number}",
        "image_path": f"images/scene_{number}.png",
        "audio_path": f"audio/scene_{number}.mp3",
        "subtitle_path": None,
    }
    for number in range(1, 5)
]

plain = execute_parallel_batches(scenes=scenes[:1])
full = execute_parallel_batches(
    scenes=scenes,
    scenes_per_batch=2,
    language="english",
    enable_zoom=True,
    config_priority=1,
    max_parallel_tasks=2,
    min_scenes_per_batch=1,
    watermark_path="logo.png",
    is_portrait=False,
    saving_dir="videos",
    background_box=True,
    background_opacity=0.2,
)
chosen = choose_optimal_config(4, "normal")
sized = execute_parallel_batches(scenes[:2], language="english", saving_dir="sized", **chosen)
operation = FargateOperationV1(config_priority=1)
batch = operation.execute_batch(operation.scan_scenes_from_folder("."), language="english", saving_dir="batch")
print(
    json.dumps(
        {
            "plain": plain,
            "full": full,
            "sized": sized,
            "batch": batch,
            "seconds": [full["total_duration"], full["efficiency"]["processing_efficiency"], batch["processing_time"]],
            "tasks": [task["status"] for task in operation.list_running_tasks()],
            "distribution": calculate_optimal_batch_distribution(total_scenes=50),
        }
    )
)
