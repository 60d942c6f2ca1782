"""Removes folders that a command has made and left empty."""

import contextlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def without_empty_folders(folder: Path | None) -> Iterator[None]:
    """Remove this folder and those above it after the block, however it ends, if they did not exist before and are empty."""
    made = [each for each in (folder, *folder.parents) if not each.exists()] if folder else []
    try:
        yield
    finally:
        for each in made:
            # One that is not empty, or is not there, ends nothing.
            with contextlib.suppress(OSError):
                each.rmdir()
