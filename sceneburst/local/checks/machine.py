"""Checks this machine: programs, fonts and disk space for rendering."""

import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from sceneburst.local.checks.codes import Code
from sceneburst.local.checks.finding import Check, doubtful, good, wrong
from scenequeue.errors import SceneburstError
from scenequeue.reasons import Reason
from scenequeue.start import find_hiding_file, find_missing
from scenequeue.storages.temporary import find_temporary_folder

_MIN_FREE_BYTES = 1024**3


def python() -> Iterator[Check]:
    """Check the interpreter, and the packages that Python finds."""
    yield good(Code.PYTHON_FOUND, "python", version=sys.version.split()[0])
    if line := find_hiding_file():
        # It is English in every language.
        problem, _, mend = line.partition(": ")
        yield wrong(Code.PACKAGE_HIDDEN, "python", mend, problem=problem)


def packages(program: str) -> Iterator[Check]:
    """Check the packages that a program imports, which the extra of its name installs."""
    what = f"packages of the {program}"
    if missing := find_missing([program]):
        facts = missing.parameters
        absent = Reason(Code.MODULES_ABSENT, {"modules": facts["modules"], "count": facts["count"]})
        yield wrong(absent, what, f"pip install 'sceneburst[{facts['extra']}]'")
    else:
        yield good(Code.PACKAGES_INSTALLED, what, program=program)


def redis_server() -> Iterator[Check]:
    """Check the redis-server that `render` and `up` start."""
    from sceneburst.local.embedded_redis import find_redis_server

    yield good(Code.PROGRAM_FOUND, "redis-server", path=str(find_redis_server()))


def ffmpeg() -> Iterator[Check]:
    """Check the encoder."""
    from container_worker.media.ffmpeg import find_ffmpeg

    found = find_ffmpeg()
    parts = ", ".join(["libx264", "libass", *(["libsvtav1"] if found.has_av1 else [])])
    yield good(Code.FFMPEG_FOUND, "ffmpeg", path=str(found.path), version=str(found.version), parts=parts)


def isolation() -> Iterator[Check]:
    """Find the level of isolation of the programs that read users' files."""
    from container_worker.media.ffmpeg import find_ffmpeg
    from container_worker.sandbox.level import Level
    from container_worker.sandbox.probe import probe

    found = probe(find_ffmpeg().path)
    problem = found.why_not_more or ""
    if found.level is Level.NONE:
        mend = "run workers on Linux with seccomp, as any container engine has it"
        yield doubtful(Code.ISOLATION_NONE, "isolation", mend, problem=problem)
    elif problem:
        yield good(Code.ISOLATION_LIMITED, "isolation", level=str(found.level), problem=problem)
    else:
        yield good(Code.ISOLATION_FULL, "isolation", level=str(found.level))


def fonts() -> Iterator[Check]:
    """Check the packaged fonts."""
    from importlib.resources import files

    packaged = files("container_worker").joinpath("fonts").iterdir()
    names = [font.name for font in packaged if font.name.endswith((".ttf", ".otf", ".ttc"))]
    if not any("SC" in name or "CJK" in name for name in names):
        raise SceneburstError(Code.FONTS_CHINESE_MISSING)
    yield good(Code.FONTS_FOUND, "fonts", fonts=len(names))


def scratch() -> Iterator[Check]:
    """Check the scratch space."""
    named = os.environ.get("SCENEBURST_SCRATCH_DIR")
    folder = Path(named) if named else find_temporary_folder()
    mend = "set SCENEBURST_SCRATCH_DIR to a folder that can be written to, with a GiB per slot"
    try:
        # A worker creates the folder; only the ability to do so matters.
        folder = next(place for place in (folder, *folder.absolute().parents) if os.path.lexists(place))
        with tempfile.TemporaryFile(dir=folder):
            pass
        free = shutil.disk_usage(folder).free
    except OSError as error:
        problem = error.strerror or str(error)
        yield wrong(Code.SCRATCH_UNWRITABLE, "scratch space", mend, folder=str(folder), problem=problem)
        return
    if free < _MIN_FREE_BYTES:
        yield wrong(Code.SCRATCH_SMALL, "scratch space", mend, folder=str(folder), free_mib=free / 1024**2)
    else:
        yield good(Code.SCRATCH_FOUND, "scratch space", folder=str(folder), free_gib=free / 1024**3)
