"""Needs, and images that serve them, for tests of the planner."""

from dispatcher.decisions.planning.backlog import Profile, Waiting
from scenequeue.jobs.job import Lane

A, B, C = "render/1", "stitch/1", "run/1+uid"


def waiting(need: str, normal: int = 0, *, urgent: int = 0, bulk: int = 0, weight: float = 0.0) -> Waiting:
    """Ready items of a need, by lane."""
    return Waiting(need, {Lane.URGENT: urgent, Lane.NORMAL: normal, Lane.BULK: bulk}, weight)


def image(name: str, *serves: str, usd: float = 1.0, to_probe: tuple[str, ...] = (), room: int | None = None) -> Profile:
    """An image that has said what it serves."""
    sizes = range(1, 6)
    return Profile(
        name,
        dict.fromkeys(sizes, usd),
        dict.fromkeys(sizes, 2),
        serves=frozenset(serves),
        to_probe=frozenset(to_probe),
        room=room,
    )


BOTH = image("both", A, B)
