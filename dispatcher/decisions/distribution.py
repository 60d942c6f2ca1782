"""Distributes scenes over containers: the number of containers, and the number of scenes for each."""

from dispatcher.codes import Code
from scenequeue.errors import InvalidValue


def distribute(
    total_scenes: int, scenes_per_batch: int = 10, max_parallel_tasks: int = 10, min_scenes_per_batch: int = 5
) -> list[int]:
    """Split scenes into batches, one per container.

    With at least `scenes_per_batch × max_parallel_tasks` scenes, all containers are used; below that, as many as
    `scenes_per_batch` asks for, lowered until each has at least `min_scenes_per_batch` (never below one container).

    Args:
        total_scenes: number of scenes, 0 or more.
        scenes_per_batch: desired scenes per container, 1 or more.
        max_parallel_tasks: maximum number of containers, 1 or more.
        min_scenes_per_batch: minimum number of scenes per container, 1 or more.

    Returns:
        Batch sizes, larger ones first; they add up to `total_scenes` and differ by at most one. Empty for no scenes.

    Raises:
        ValueError: an argument is out of its range.

    Source: the published rule and its examples (50 → 5 × 10, 101 → 11 and 9 × 10); see docs/operators.md.
    """
    if total_scenes < 0:
        raise InvalidValue(Code.TOTAL_NEGATIVE, total_scenes=total_scenes)
    least = {
        "scenes_per_batch": scenes_per_batch,
        "max_parallel_tasks": max_parallel_tasks,
        "min_scenes_per_batch": min_scenes_per_batch,
    }
    for name, value in least.items():
        if value < 1:
            raise InvalidValue(Code.NOT_POSITIVE, name=name, value=value)
    if not total_scenes:
        return []
    if total_scenes >= scenes_per_batch * max_parallel_tasks:
        tasks = max_parallel_tasks
    else:
        tasks = max(1, min(-(-total_scenes // scenes_per_batch), total_scenes // min_scenes_per_batch))
    return even_batches(total_scenes, tasks)


def even_batches(total_scenes: int, containers: int) -> list[int]:
    """Split scenes into this many batches that differ by at most one, larger ones first; never more batches than scenes."""
    if containers < 1:
        return []
    share, extra = divmod(max(total_scenes, containers), containers)
    return [share + 1] * extra + [share] * (containers - extra)
