"""The replaced system's planning calls, over the dispatcher's distribution and sizes."""

from typing import Any

from dispatcher.decisions.distribution import distribute
from dispatcher.decisions.sizing import choose_size
from sceneburst.cloudburst.arguments import is_whole_number, quoted_value
from sceneburst.counted import Number, counted

#: A batch that differs from the desired size by at most this is called optimal.
_NEAR = 2


def calculate_optimal_batch_distribution(
    total_scenes: int, scenes_per_batch: int = 10, max_parallel_tasks: int = 10, min_scenes_per_batch: int = 5
) -> dict[str, Any]:
    """Split scenes into batches as the dispatcher does, and return the split in the replaced system's form.

    Returns:
        num_tasks, batch_distribution (sizes, larger ones first), total_batches, strategy (a sentence), warnings (sentences).

    Raises:
        ValueError: an argument is no whole number, or less than 1.
    """
    given = {
        "total_scenes": total_scenes,
        "scenes_per_batch": scenes_per_batch,
        "max_parallel_tasks": max_parallel_tasks,
        "min_scenes_per_batch": min_scenes_per_batch,
    }
    for name, value in given.items():
        if not is_whole_number(value, 1):
            raise ValueError(f"{name} is {quoted_value(value)}; it must be a whole number, 1 or more")
    batches = distribute(total_scenes, scenes_per_batch, max_parallel_tasks, min_scenes_per_batch)
    tasks, largest = len(batches), batches[0]
    warnings = []
    if largest > scenes_per_batch:
        bound = f"max_parallel_tasks is {max_parallel_tasks}"
        if tasks < max_parallel_tasks:
            bound = f"min_scenes_per_batch is {min_scenes_per_batch}"
        warnings.append(f"Batches have up to {counted(largest, 'scene')} instead of {scenes_per_batch}: {bound}")
    if batches[-1] < min_scenes_per_batch:
        warnings.append(f"Batches have fewer than min_scenes_per_batch = {counted(min_scenes_per_batch, 'scene')}")
    return {
        "num_tasks": tasks,
        "batch_distribution": batches,
        "total_batches": tasks,
        "strategy": _strategy(total_scenes, tasks, scenes_per_batch, max_parallel_tasks),
        "warnings": warnings,
    }


def _strategy(total: int, tasks: int, per_batch: int, most_tasks: int) -> str:
    each = total / tasks
    if tasks == 1:
        return f"Single container: all {Number(total):of 1 scene|# scenes}"
    containers, scenes = counted(tasks, "container"), f"{each:g} {'scene' if each == 1 else 'scenes'}"
    if total >= per_batch * most_tasks:
        return f"Large batch: all {containers} with about {scenes} each"
    word = "Optimal" if abs(each - per_batch) <= _NEAR else "Adjusted"
    return f"{word}: {containers} with about {scenes} each"


def choose_optimal_config(total_videos: int, urgency_level: str = "normal") -> dict[str, int]:
    """Choose sizes for a number of videos; they fit `execute_parallel_batches` as keywords.

    Args:
        total_videos: number of videos.
        urgency_level: "urgent" or "normal".

    Returns:
        config_priority, scenes_per_batch, max_parallel_tasks.

    Raises:
        ValueError: total_videos is no whole number or is negative, or urgency_level is another word.
    """
    if not is_whole_number(total_videos, 0):
        raise ValueError(f"total_videos is {quoted_value(total_videos)}; it must be a whole number, 0 or more")
    if urgency_level not in ("urgent", "normal"):
        raise ValueError(f"urgency_level is {quoted_value(urgency_level)}; it must be 'urgent' or 'normal'")
    return choose_size(total_videos, "urgent" if urgency_level == "urgent" else "routine")._asdict()
