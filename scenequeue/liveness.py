"""Touches a file as a sign of life, for the health checks of containers."""

import contextlib
from pathlib import Path


def touch_alive_file(file: Path | None) -> None:
    """Touch the file, if one is configured; a full or read-only disk is ignored."""
    if file is not None:
        with contextlib.suppress(OSError):
            file.touch()
