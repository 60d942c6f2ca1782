"""The public names of Sceneburst. Each is imported when it is first used, and needs no extra."""

from importlib import import_module
from importlib.util import module_from_spec, spec_from_file_location
from os.path import abspath, dirname, join

TYPE_CHECKING = False
if TYPE_CHECKING:
    from producer.client import Producer as Producer
    from producer.handle import JobHandle as JobHandle
    from sceneburst.cloudburst.batch import execute_parallel_batches as execute_parallel_batches
    from scenequeue.errors import (
        ActConflict as ActConflict,
        BadInput as BadInput,
        DiskFull as DiskFull,
        DispatcherDeposed as DispatcherDeposed,
        FleetError as FleetError,
        FleetMisconfigured as FleetMisconfigured,
        GrowthRefused as GrowthRefused,
        InvalidScenes as InvalidScenes,
        ItemError as ItemError,
        JobConflict as JobConflict,
        JobNotEnded as JobNotEnded,
        JobNotFound as JobNotFound,
        LeaseLost as LeaseLost,
        LimitExceeded as LimitExceeded,
        LogNotFound as LogNotFound,
        Mistake as Mistake,
        ObjectNotFound as ObjectNotFound,
        ProgramUnavailable as ProgramUnavailable,
        QueueFull as QueueFull,
        QueueUnavailable as QueueUnavailable,
        SceneburstError as SceneburstError,
        SettingsError as SettingsError,
        StorageDenied as StorageDenied,
        StorageUnavailable as StorageUnavailable,
        ToolFailed as ToolFailed,
    )
    from scenequeue.jobs.film import Film as Film
    from scenequeue.jobs.job import (
        Counts as Counts,
        JobEvent as JobEvent,
        JobState as JobState,
        JobStatus as JobStatus,
        Lane as Lane,
    )
    from scenequeue.jobs.kinds.render import RenderOptions as RenderOptions, SubtitleStyle as SubtitleStyle
    from scenequeue.jobs.options import WatermarkStyle as WatermarkStyle
    from scenequeue.jobs.result import ItemResult as ItemResult
    from scenequeue.jobs.scene import Scene as Scene
    from scenequeue.jobs.transcode.options import TranscodeOptions as TranscodeOptions
    from scenequeue.jobs.wishes import JobWishes as JobWishes
    from scenequeue.settings import ProducerSettings as ProducerSettings

#: Public names, by the module that defines them.
_NAMES = {
    "sceneburst.cloudburst.batch": "execute_parallel_batches",
    "producer.client": "Producer",
    "producer.handle": "JobHandle",
    "scenequeue.errors": (
        "ActConflict BadInput DiskFull DispatcherDeposed FleetError FleetMisconfigured GrowthRefused InvalidScenes ItemError "
        "JobConflict JobNotEnded JobNotFound LeaseLost LimitExceeded LogNotFound Mistake ObjectNotFound ProgramUnavailable "
        "QueueFull QueueUnavailable SceneburstError SettingsError StorageDenied StorageUnavailable ToolFailed"
    ),
    "scenequeue.jobs.film": "Film",
    "scenequeue.jobs.job": "Counts JobEvent JobState JobStatus Lane",
    "scenequeue.jobs.result": "ItemResult",
    "scenequeue.jobs.scene": "Scene",
    "scenequeue.jobs.kinds.render": "RenderOptions SubtitleStyle",
    "scenequeue.jobs.options": "WatermarkStyle",
    "scenequeue.jobs.transcode.options": "TranscodeOptions",
    "scenequeue.settings": "ProducerSettings",
    "scenequeue.jobs.wishes": "JobWishes",
}
_HOMES = {name: home for home, names in _NAMES.items() for name in names.split()}
__all__ = sorted(_HOMES)  # noqa: PLE0605


if not TYPE_CHECKING:  # a type checker would accept any name

    def __getattr__(name: str) -> object:
        if name not in _HOMES:
            raise AttributeError(f"module 'sceneburst' has no attribute {name!r}")
        home = _HOMES[name]
        # Code of this package needs all other packages.
        above = ("producer", "dispatcher") if home.startswith("sceneburst.") else (home.partition(".")[0],)
        reason = _hidden(("scenequeue", *above))
        if reason:
            raise ImportError(reason)
        import_module("sceneburst.words").use_words()
        value = globals()[name] = getattr(import_module(home), name)
        return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})


def _hidden(packages: tuple[str, ...]) -> str | None:
    """Ask scenequeue.start, loaded by its path, because a `scenequeue` package of the user's own may come first on sys.path."""
    place = join(dirname(dirname(abspath(__file__))), "scenequeue", "start.py")
    spec = spec_from_file_location("sceneburst.start", place)
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    reason: str | None = module.find_hiding_file(packages)
    return reason
