"""Finds the system's folder for temporary files."""

import tempfile
from pathlib import Path

from scenequeue.errors import SettingsError
from scenequeue.reasons import Code


def find_temporary_folder() -> Path:
    """Return the folder that TMPDIR names, or the system's usual one.

    Raises:
        SettingsError: none of these folders can be written to.
    """
    try:
        return Path(tempfile.gettempdir())
    except OSError as error:
        raise SettingsError(Code.NO_TEMPORARY_FOLDER, problem=str(error.strerror)) from None
