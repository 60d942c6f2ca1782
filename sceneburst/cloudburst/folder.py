"""Chooses the folder for videos if the caller names none."""

import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from scenequeue.errors import InvalidScenes
from scenequeue.storages.temporary import find_temporary_folder


def named_folder(saving_dir: str | Path | None) -> Path | None:
    """Return the folder that the caller names, else RESULTS_DIR, else None.

    Raises:
        InvalidScenes: it is a URI, not a folder.
    """
    named = saving_dir or os.environ.get("RESULTS_DIR")
    if not named:
        return None
    if "://" in str(named):
        raise InvalidScenes([f"saving_dir: {str(named)!r} is not a folder; give an address as output"])
    return Path(os.path.abspath(named))  # noqa: PTH100  `..` is taken out, links are not followed


def temporary_folder(plan: Mapping[str, Any] | None) -> Path:
    """Make a new folder that containers can write to.

    Args:
        plan: the active dispatcher's plan; its `file_roots` are the folders shared by containers and this machine.

    Raises:
        SettingsError: no temporary folder can be made.
    """
    return Path(tempfile.mkdtemp(prefix="cloudburst-results-", dir=_shared(plan)))


def _shared(plan: Mapping[str, Any] | None) -> Path | None:
    """Return a shared parent folder; None for the system's temporary folder, if that is shared or no folder is."""
    roots = [Path(str(root)) for root in (plan or {}).get("file_roots") or ()]
    usual = find_temporary_folder()
    if any(usual.is_relative_to(root) for root in roots):
        return None
    return next((root for root in roots if os.access(root, os.W_OK | os.X_OK)), None)
