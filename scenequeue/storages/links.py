"""Finds symbolic links that lead out of the allowed folders."""

from collections.abc import Iterator, Sequence
from pathlib import Path


def find_escaping_link(path: Path, roots: Sequence[Path]) -> Path | None:
    """Return the first link on the path, under a root, whose target lies in none of the roots; None if there is none.

    Args:
        path: absolute; its links lead out of the roots.
        roots: as configured, links and all.
    """
    inside = [*roots, *(root.resolve() for root in roots)]
    for place in _steps(path):
        if any(place != root and place.is_relative_to(root) for root in inside) and place.is_symlink():
            try:
                if not is_within(place.resolve(), roots):
                    return place
            except (OSError, RuntimeError):  # a circle of links
                return place
    return None


def _steps(path: Path) -> Iterator[Path]:
    """Yield the folders and links that the system passes on its way to an absolute path; a `..` leaves the target of a link."""
    place = Path(path.anchor)
    for part in path.parts[1:]:
        try:
            place = place.resolve().parent if part == ".." else place / part
        except (OSError, RuntimeError):  # a circle of links
            return
        yield place


def is_within(path: Path, roots: Sequence[Path]) -> bool:
    """Return True if the path is a root, or under one.

    Args:
        path: with its links resolved.
        roots: their links are resolved here.
    """
    return any(path.is_relative_to(root.resolve()) for root in roots)
