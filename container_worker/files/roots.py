"""Finds the folders that the acting dispatcher promises to its containers, and this container may not use."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from container_worker.codes import Code
from scenequeue.errors import StorageDenied
from scenequeue.reasons import Reason
from scenequeue.settings import list_for_shell
from scenequeue.storages.files import path_of


def missing_roots(payload: Mapping[str, Any], own: Sequence[Path], plan: Mapping[str, Any] | None) -> list[Path]:
    """Those roots of the plan that hold a file of an item which none of our own roots holds; links are followed.

    Args:
        payload: the item's, whose file:// addresses are looked at.
        own: SCENEBURST_FILE_ROOTS of this container.
        plan: as the dispatcher published it; None where none acts.
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
    """The variable to set for this container, and its value."""
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
