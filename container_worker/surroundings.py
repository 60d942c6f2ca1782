"""Checks the needs that every item has of its container: scratch space, file descriptors, processes, ffmpeg."""

from pathlib import Path

from container_worker.ffmpeg import examine, find_ffmpeg
from container_worker.scratch import scratch_problem
from scenequeue.errors import SceneburstError, SettingsError


class SurroundingsBroken(SceneburstError):
    """The container's own folder, descriptors, processes or tools are gone; no item is to blame."""

    transient = True


def find_problem(scratch_dir: Path | None, *, thoroughly: bool) -> str:
    """Describe a fault of the container itself; "" when there is none.

    Args:
        scratch_dir: as in the settings.
        thoroughly: whether ffmpeg is started too, which costs some 30 ms and needs a process and descriptors.
    """
    problem = scratch_problem(scratch_dir)
    if problem or not thoroughly:
        return problem
    try:
        program = find_ffmpeg().path
    except SettingsError as error:
        return str(error)
    return "" if examine(program) else f"{program} cannot be run any more"
