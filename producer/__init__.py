"""Enqueues scenes. Applications import these names from `sceneburst`; each is imported when it is first used."""

from importlib import import_module

TYPE_CHECKING = False
if TYPE_CHECKING:
    from producer.client import Producer as Producer
    from producer.handle import JobHandle as JobHandle
    from scenequeue.jobs.film import Film as Film
    from scenequeue.jobs.job import Lane as Lane
    from scenequeue.jobs.kinds.render import RenderOptions as RenderOptions, SubtitleStyle as SubtitleStyle
    from scenequeue.jobs.options import WatermarkStyle as WatermarkStyle
    from scenequeue.jobs.scene import Scene as Scene

_HOMES = {
    "Producer": "producer.client",
    "JobHandle": "producer.handle",
    "Film": "scenequeue.jobs.film",
    "Lane": "scenequeue.jobs.job",
    "Scene": "scenequeue.jobs.scene",
    **dict.fromkeys(("RenderOptions", "SubtitleStyle"), "scenequeue.jobs.kinds.render"),
    "WatermarkStyle": "scenequeue.jobs.options",
}
__all__ = sorted(_HOMES)  # noqa: PLE0605

if not TYPE_CHECKING:  # a type checker would accept any name

    def __getattr__(name: str) -> object:
        if name not in _HOMES:
            raise AttributeError(f"module 'producer' has no attribute {name!r}")
        value = globals()[name] = getattr(import_module(_HOMES[name]), name)
        return value
