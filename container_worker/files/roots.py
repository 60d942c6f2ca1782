"""Finds folders that the active dispatcher promises to its containers, but that this container may not use."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from container_worker.codes import Code
from scenequeue.errors import StorageDenied
from scenequeue.reasons import Reason
from scenequeue.settings import list_for_shell
from scenequeue.storages.files import path_of


def missing_roots(payload: Mapping[str, Any], own: Sequence[Path], plan: Mapping[str, Any] | None) -> list[Path]:
    """Return those roots of the plan that contain a file of an item outside all of our own roots; links are followed.

    Args:
        payload: the item's payload; its file:// addresses are checked.
        own: SCENEBURST_FILE_ROOTS of this container.
        plan: the plan that the dispatcher published; None if no dispatcher is active.
    """
    promised = [Path(str(root)) for root in (plan or {}).get("file_roots") or ()]
    found: dict[Path, None] = {}
    for address in _addresses(payload):
        try:
            path = path_of(address).resolve()
            if _holding(own, path) is None and (root := _holding(promised, path)) is not None:
                found[root] = None
        except (StorageDenied, OSError, RuntimeError):
            continue
    return list(found)


def advice(own: Sequence[Path], missing: Sequence[Path]) -> Reason:
    """Return the variable to set for this container, with its value."""
    return Reason(Code.ROOTS_MISSING, {"folders": ", ".join(map(str, missing)), "roots": list_for_shell([*own, *missing])})


def _holding(roots: Sequence[Path], path: Path) -> Path | None:
    return next((root for root in roots if path.is_relative_to(root.resolve())), None)


def _addresses(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        if value.startswith("file:"):
            yield value
    elif isinstance(value, Mapping):
        for each in value.values():
            yield from _addresses(each)
    elif isinstance(value, list):
        for each in value:
            yield from _addresses(each)
