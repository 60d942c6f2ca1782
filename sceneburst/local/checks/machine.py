"""Checks this machine: programs, fonts and disk space for rendering."""

import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from sceneburst.local.checks.finding import Check, doubtful, good, wrong
from scenequeue.start import find_hiding_file, find_missing
from scenequeue.storages.temporary import find_temporary_folder

_MIN_FREE_BYTES = 1024**3


def python() -> Iterator[Check]:
    """Check the interpreter, and the packages that Python finds."""
    yield good("python", sys.version.split()[0])
    if why := find_hiding_file():
        yield wrong("python", why.partition(": ")[0], why.partition(": ")[2])


def extras(*names: str) -> Iterator[Check]:
    """Check the packages that the programs of this machine import."""
    if missing := find_missing(names):
        why, _, mend = missing.text.partition(": ")
        yield wrong("packages", why, mend)
    else:
        yield good("packages", f"those of {', '.join(names)} are installed")


def redis_server() -> Iterator[Check]:
    """Check the redis-server that `render` and `up` start."""
    from sceneburst.local.embedded_redis import find_redis_server

    yield good("redis-server", str(find_redis_server()))


def ffmpeg() -> Iterator[Check]:
    """Check the encoder."""
    from container_worker.media.ffmpeg import find_ffmpeg

    found = find_ffmpeg()
    yield good("ffmpeg", f"{found.path} ({found.version}, libx264, libass{', libsvtav1' if found.has_av1 else ''})")


def isolation() -> Iterator[Check]:
    """Find the level of isolation of the programs that read users' files."""
    from container_worker.media.ffmpeg import find_ffmpeg
    from container_worker.sandbox.level import Level
    from container_worker.sandbox.probe import probe

    found = probe(find_ffmpeg().path)
    why = found.why_not_more.text if found.why_not_more else ""
    if found.level is Level.NONE:
        said = f"none: what a media file might make ffmpeg do is not confined ({why})"
        yield doubtful("isolation", said, "run workers on Linux with seccomp, as any container engine has it")
    else:
        yield good("isolation", f"{found.level} (no stronger level: {why})" if why else str(found.level))


def fonts() -> Iterator[Check]:
    """Check the packaged fonts."""
    from importlib.resources import files

    packaged = files("container_worker").joinpath("fonts").iterdir()
    names = [font.name for font in packaged if font.name.endswith((".ttf", ".otf", ".ttc"))]
    if not any("SC" in name or "CJK" in name for name in names):
        raise OSError("the packaged Chinese font is gone")
    yield good("fonts", f"{len(names)} packaged")


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
        yield wrong("scratch space", f"{folder} cannot be written to ({error.strerror})", mend)
        return
    if free < _MIN_FREE_BYTES:
        yield wrong("scratch space", f"{folder} has {free / 1024**2:.0f} MiB left; a 4K scene can need a GiB", mend)
    else:
        yield good("scratch space", f"{folder}, {free / 1024**3:.0f} GiB free")
