"""Finds the symbolic link by which a path leaves all folders that may be used."""

from collections.abc import Iterator, Sequence
from pathlib import Path


def link_leaving(path: Path, roots: Sequence[Path]) -> Path | None:
    """The first link beneath a root, on the way to the path, whose target lies in none of the roots; None where there is none.

    Args:
        path: absolute, and not within the roots once its links are followed.
        roots: as they were named.
    """
    inside = [*roots, *(root.resolve() for root in roots)]
    for place in _steps(path):
        if any(place != root and place.is_relative_to(root) for root in inside) and place.is_symlink():
            try:
                if not is_within(place.resolve(), roots):
                    return place
            except (OSError, RuntimeError):  # it leads in a circle
                return place
    return None


def _steps(path: Path) -> Iterator[Path]:
    """The places that the system passes on its way to an absolute path: behind a `..`, those above what a link leads to."""
    place = Path(path.anchor)
    for part in path.parts[1:]:
        try:
            place = place.resolve().parent if part == ".." else place / part
        except (OSError, RuntimeError):  # it leads in a circle
            return
        yield place


def is_within(path: Path, roots: Sequence[Path]) -> bool:
    """True for a root, or what lies beneath one.

    Args:
        path: its links followed.
        roots: as they were named; their links are followed.
    """
    return any(path.is_relative_to(root.resolve()) for root in roots)
