"""Is everything there that rendering on this machine needs?"""

import os
import shutil
import sys
import tempfile
from collections.abc import Callable
from typing import NamedTuple

from scenequeue.errors import SceneburstError

_LEAST_FREE_BYTES = 1024**3


class Check(NamedTuple):
    """One finding."""

    what: str
    is_good: bool
    #: False for what only some uses need.
    is_needed: bool
    #: What was found, or what to do.
    said: str


def examine() -> list[Check]:
    """All findings, none of which changes anything."""
    return [
        _checked("python", _python),
        _checked("redis-server", _redis_server),
        _checked("redis at SCENEBURST_REDIS_URL", _redis, is_needed=False),
        _checked("ffmpeg", _ffmpeg),
        _checked("isolation of children", _isolation, is_needed=False),
        _checked("fonts", _fonts),
        _checked("scratch space", _scratch),
        _checked("AWS credentials", _aws, is_needed=False),
    ]


def _checked(what: str, find: Callable[[], str], *, is_needed: bool = True) -> Check:
    try:
        return Check(what, True, is_needed, find())
    except (SceneburstError, ImportError, OSError) as error:
        return Check(what, False, is_needed, str(error))


def _python() -> str:
    return sys.version.split()[0]


def _redis_server() -> str:
    from sceneburst.embedded_redis import find_redis_server

    return str(find_redis_server())


def _redis() -> str:
    from scenequeue.queue import SceneQueue
    from scenequeue.settings import ProducerSettings

    queue = SceneQueue(ProducerSettings.load())
    try:
        queue.ping()
        return queue.url
    finally:
        queue.close()


def _ffmpeg() -> str:
    from container_worker.ffmpeg import find_ffmpeg

    found = find_ffmpeg()
    return f"{found.path} ({found.version}, libx264, libass{', libsvtav1' if found.has_av1 else ''})"


def _isolation() -> str:
    from container_worker.ffmpeg import find_ffmpeg
    from container_worker.sandbox.level import Level
    from container_worker.sandbox.probe import probe

    found = probe(find_ffmpeg().path)
    if found.level is Level.NONE:
        raise OSError(f"none: what a media file might make ffmpeg do is not confined ({found.why_not_more})")
    return f"{found.level}{f' (no stronger level: {found.why_not_more})' if found.why_not_more else ''}"


def _fonts() -> str:
    from importlib.resources import files

    fonts = [font.name for font in files("container_worker").joinpath("fonts").iterdir() if font.name.endswith((".ttf", ".otf"))]
    if not any("SC" in name for name in fonts):
        raise OSError("the packaged Chinese font is gone; install Sceneburst again")
    return f"{len(fonts)} packaged (Latin, Chinese, Arabic, Thai and 60 other scripts)"


def _scratch() -> str:
    folder = os.environ.get("SCENEBURST_SCRATCH_DIR") or tempfile.gettempdir()
    free = shutil.disk_usage(folder).free
    if free < _LEAST_FREE_BYTES:
        raise OSError(f"{folder} has {free / 1024**2:.0f} MiB left; a 4K scene can need a GiB: set SCENEBURST_SCRATCH_DIR")
    return f"{folder}, {free / 1024**3:.0f} GiB free"


def _aws() -> str:
    import botocore.session

    credentials = botocore.session.Session().get_credentials()
    if credentials is None:
        raise OSError("none: fine for files; for s3:// use a role or AWS's own environment variables")
    return str(credentials.method)
