"""Keeps out of the worker's process what its libraries load and it does not use yet, so that containers start sooner and smaller.

Only for the worker program, before it imports anything else: what is imported already stays as it is, and nobody who imports
our packages is touched.
"""

import os
import sys
import typing
from _operator import _compare_digest
from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from importlib.machinery import ModuleSpec, PathFinder
from pathlib import Path
from threading import RLock
from types import ModuleType
from typing import Any

try:
    from _sha1 import sha1  # type: ignore[import-not-found]
except ImportError:  # a Python that was built without hashes of its own
    sha1 = None

#: Optional to the libraries that look for them: structlog draws tracebacks on terminals with rich, redis-py counts for
#: OpenTelemetry. A container's log is JSON, and what it does is told by its events.
_LEFT_OUT = ("rich", "opentelemetry")


def _version(package: str) -> str:
    """As importlib.metadata says, read off the name of the package's record; it is asked where there is none."""
    for folder in filter(None, sys.path):
        for record in Path(folder).glob(f"{package}-*.dist-info"):
            return record.name.removeprefix(f"{package}-").removesuffix(".dist-info")
    module = import_module("importlib.metadata")
    _run(module)
    return str(module.version(package))


#: Modules whose code runs when it is needed, and what of each is there before. None is a function that has the code run first.
#: (importlib's LazyLoader does not wait for such names to be used, and fails in threads before Python 3.12.3.)
_LATER: Mapping[str, Mapping[str, object]] = {
    # Clusters, sentinels and asynchronous halves, which redis-py and structlog import without a switch. The names are those of
    # annotations there, and of an `except` in what is asynchronous: nothing of ours is.
    "redis": {},
    "redis.asyncio": {},
    "asyncio": {"IncompleteReadError": None, "Lock": None, "StreamReader": None},
    # OpenSSL takes 4 MB. Redis names scripts by their SHA-1, and `secrets` wants to compare: Python has both without it.
    "hashlib": {"sha1": sha1},
    "hmac": {"compare_digest": _compare_digest},
    # pydantic would look for plugins with it, redis-py and the heartbeat ask for versions.
    "importlib.metadata": {"entry_points": None, "version": _version},
    # What shutil could unpack with.
    "bz2": {},
    "lzma": {},
    "locale": {},
}
#: One module's code at a time; who asks for more of a module meanwhile waits until all of it is there.
_running = RLock()


def stay_lean() -> None:
    """Leave out and put off what is named above. Safe twice."""
    # pydantic's own switch: it need not read what all installed packages offer to find that there is no plugin.
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
    for name in _LEFT_OUT:
        sys.modules.setdefault(name, None)  # type: ignore[arg-type]
    if _LaterFinder in sys.meta_path:
        return
    sys.meta_path.insert(0, _LaterFinder)
    if not _needs_tls():
        # For redis-py alone, which takes a Python without OpenSSL as it comes; everybody else finds it.
        sys.modules.setdefault("ssl", None)  # type: ignore[arg-type]
    import redis.client
    import redis.exceptions as errors

    # What connection.py takes of the package itself.
    vars(redis).update(Redis=redis.client.Redis, ConnectionError=errors.ConnectionError, TimeoutError=errors.TimeoutError)
    if sys.modules.get("ssl", ...) is None:
        del sys.modules["ssl"]
    # 1 MB, for tools that read signatures; given back before anything else is loaded, it is used again.
    typing.clear_overloads()


def _needs_tls() -> bool:
    """True for a rediss:// or rediss+… address of the queue. Runs before the libraries that settings are read with are loaded."""
    return any(name.upper() == "SCENEBURST_REDIS_URL" and url.startswith("rediss") for name, url in os.environ.items())


class _LaterFinder:
    """Finds those modules where they are."""

    @classmethod
    def find_spec(cls, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None) -> ModuleSpec | None:
        spec = PathFinder.find_spec(name, path, target) if name in _LATER else None
        if spec is not None and spec.loader is not None:
            spec.loader = _LaterLoader(spec.loader)  # type: ignore[assignment]
        return spec


class _LaterLoader:
    """Makes a module as its own loader would, without running its code."""

    def __init__(self, loader: Any) -> None:
        self.loader = loader

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        made: ModuleType | None = self.loader.create_module(spec)
        return made

    def exec_module(self, module: ModuleType) -> None:
        for name, given in _LATER[module.__name__].items():
            module.__dict__[name] = _later_function(module, name) if given is None else given
        module.__class__ = _LaterModule


class _LaterModule(ModuleType):
    """A module that runs its code when asked for what it does not have yet; until then its submodules do without."""

    def __getattr__(self, name: str) -> Any:
        if name == "__path__":  # the import system asks every module whether it is a package
            raise AttributeError(name)
        folders = self.__dict__.get("__path__")
        if folders and PathFinder.find_spec(inner := f"{self.__name__}.{name}", folders):
            return import_module(inner)
        _run(self)
        return ModuleType.__getattribute__(self, name)


def _later_function(module: ModuleType, name: str) -> Callable[..., Any]:
    def later(*args: Any, **options: Any) -> Any:
        _run(module)
        return module.__dict__[name](*args, **options)

    return later


def _run(module: ModuleType) -> None:
    """Run the module's code, unless that has been done."""
    with _running:
        spec = module.__spec__
        if spec is not None and isinstance(spec.loader, _LaterLoader):
            spec.loader = module.__loader__ = spec.loader.loader
            spec.loader.exec_module(module)
            module.__class__ = ModuleType
