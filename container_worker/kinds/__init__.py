"""The kinds of items that this container can execute: one file each, which defines `KIND`."""

from collections.abc import Mapping
from importlib import import_module
from pkgutil import iter_modules

from container_worker.kind import Kind


def load_kinds() -> Mapping[str, Kind]:
    """Return every kind by name, which is the name of its file."""
    return {module.name: import_module(f"{__name__}.{module.name}").KIND for module in iter_modules(__path__)}
