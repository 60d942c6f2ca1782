"""Keeps out of the worker's process what its libraries load and no worker uses, so that containers start sooner and smaller.

Only for the worker program, before it imports anything else: what is imported already stays as it is, and nobody who imports
our packages is touched.
"""

import os
import sys
from collections.abc import Sequence
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType

#: Optional to the libraries that look for them: structlog draws tracebacks on terminals with rich, redis-py counts for
#: OpenTelemetry. A container's log is JSON, and what it does is told by its events.
_LEFT_OUT = ("rich", "opentelemetry")
#: The asynchronous half of redis-py, which its other half imports without a switch; nothing of ours is asynchronous. It is
#: there, and empty; what the other half needs of its submodules is found in it as ever.
_HOLLOW = "redis.asyncio"


def stay_lean() -> None:
    """Leave out or hollow what is named above. Safe twice."""
    # pydantic's own switch: it need not read what all installed packages offer to find that there is no plugin.
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
    for name in _LEFT_OUT:
        sys.modules.setdefault(name, None)  # type: ignore[arg-type]
    if _HollowFinder not in sys.meta_path:
        sys.meta_path.insert(0, _HollowFinder)


class _HollowFinder:
    """Finds the one package where it is, and has nothing of it run."""

    @classmethod
    def find_spec(cls, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None) -> ModuleSpec | None:
        if name != _HOLLOW:
            return None
        spec = PathFinder.find_spec(name, path, target)
        if spec is None or spec.submodule_search_locations is None:
            return None
        hollow = ModuleSpec(name, None, is_package=True)
        hollow.submodule_search_locations = spec.submodule_search_locations
        return hollow
