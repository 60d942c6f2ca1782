"""Finds the Pythons of this machine: those on PATH, and those that pyenv keeps."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

_SAY = "import sys; print('%d.%d' % sys.version_info[:2])"


def find_python(version: str) -> Path | None:
    """An interpreter of this version ("3.13"), or None."""
    if version == "{}.{}".format(*sys.version_info):
        return Path(sys.executable)
    on_path = shutil.which(f"python{version}")
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"))
    candidates = [*([Path(on_path)] if on_path else []), *sorted(pyenv.glob(f"versions/{version}*/bin/python{version}"))]
    return next((path for path in candidates if _version_of(path) == version), None)


def _version_of(python: Path) -> str:
    # A shim of pyenv's may be there without the Python that it stands for.
    return subprocess.run([str(python), "-c", _SAY], capture_output=True, text=True, check=False).stdout.strip()
