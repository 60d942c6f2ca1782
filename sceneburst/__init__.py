"""The names that applications use, each loaded when it is used."""

from typing import Any


def __getattr__(name: str) -> Any:
    import producer

    if name in producer.__all__:
        return getattr(producer, name)
    raise AttributeError(f"module 'sceneburst' has no attribute {name!r}")
