"""Choosing container size and batches for urgent, large and routine work."""

from typing import Literal, NamedTuple

#: More scenes than this are a large job.
LARGE = 20


class Choice(NamedTuple):
    """Settings for one burst; names as in DispatcherSettings."""

    config_priority: int
    scenes_per_batch: int
    max_parallel_tasks: int


def choose_size(total_scenes: int, urgency: Literal["urgent", "routine"] = "routine") -> Choice:
    """The size that suits a burst.

    Urgent work gets the largest containers and one scene each; a large job middle-sized ones; the rest small ones.

    Raises:
        ValueError: total_scenes is negative.
    """
    if total_scenes < 0:
        raise ValueError(f"total_scenes is {total_scenes}; it cannot be negative")
    if urgency == "urgent":
        return Choice(config_priority=4, scenes_per_batch=1, max_parallel_tasks=max(1, min(total_scenes, 10)))
    if total_scenes > LARGE:
        return Choice(config_priority=2, scenes_per_batch=5, max_parallel_tasks=8)
    return Choice(config_priority=1, scenes_per_batch=3, max_parallel_tasks=4)
