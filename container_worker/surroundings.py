"""Checks the resources that every item needs from its container: scratch space, file descriptors, processes, ffmpeg."""

import resource
from pathlib import Path

from container_worker.codes import Code
from container_worker.media.ffmpeg import find_ffmpeg, probe_ffmpeg
from container_worker.scratch import scratch_problem
from scenequeue.errors import SceneburstError, SettingsError
from scenequeue.reasons import Reason

#: Files, connections and pipes that one item opens at once, with a reserve.
_DESCRIPTORS = 32


class SurroundingsBroken(SceneburstError):
    """The container lacks a folder, descriptors, processes or tools; no item is the cause."""

    transient = True


def find_problem(scratch_dir: Path | None, *, thoroughly: bool) -> Reason | None:
    """Describe a fault of the container itself; None when there is none.

    Args:
        scratch_dir: as in the settings.
        thoroughly: also start ffmpeg, which takes some 30 ms and needs a process and descriptors.
    """
    problem = scratch_problem(scratch_dir) or _descriptor_problem()
    if problem or not thoroughly:
        return problem
    try:
        program = find_ffmpeg().path
    except SettingsError as error:
        return error.reason
    return None if probe_ffmpeg(program) else Reason(Code.FFMPEG_BROKEN, {"program": str(program)})


def _descriptor_problem() -> Reason | None:
    limit, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        # Listing the folder uses a descriptor itself.
        left = limit - sum(1 for _ in Path("/dev/fd").iterdir()) + 1
    except OSError:
        # No such folder here; whether one more can be opened, the scratch file has shown.
        return None
    if limit == resource.RLIM_INFINITY or left >= _DESCRIPTORS:
        return None
    return Reason(Code.DESCRIPTORS_SHORT, {"left": left, "needed": _DESCRIPTORS, "limit": limit})
