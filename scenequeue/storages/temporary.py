"""Finds the system's folder for temporary files."""

import tempfile
from pathlib import Path

from scenequeue.errors import SettingsError


def find_temporary_folder() -> Path:
    """Return the folder that TMPDIR names, or the system's usual one.

    Raises:
        SettingsError: none of these folders can be written to.
    """
    try:
        return Path(tempfile.gettempdir())
    except OSError as error:
        problem = f"no folder for temporary files can be written to ({error.strerror})"
        raise SettingsError(f"{problem}; set TMPDIR to one that can, and has space left") from None
