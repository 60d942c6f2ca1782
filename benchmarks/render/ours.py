"""Runs the render child as `python -m container_worker.media.scene` does, and measures it.

    python -m benchmarks.render.ours [PRESET PARAMS | --frames FILE] < request.json

With a preset and parameters, x264 uses those. With --frames, the raw frames are written to a file and nothing is encoded. The
child prints one line more: {"first_frame_s": …}, from the process's start until the first frame goes to the encoder.
"""

import json
import os
import sys
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from container_worker.media.child_program import exit_with, run


def main() -> int:
    from container_worker.media.frame_pipe import FramePipe
    from container_worker.media.request import RenderRequest
    from container_worker.media.scene import encoder
    from container_worker.media.scene.child import render

    put, began_s = FramePipe.put, _began_s()
    is_first = True

    def put_first(pipe: FramePipe, frame: memoryview) -> None:
        nonlocal is_first
        if is_first:
            is_first = False
            line = json.dumps({"first_frame_s": time.clock_gettime(time.CLOCK_BOOTTIME) - began_s})
            # One write, because ffmpeg writes to the same pipe.
            print(f"{line}\n", end="", flush=True)
        put(pipe, frame)

    def save(_request: Any, _count: int, frames: Iterable[memoryview], folder: Path, *_: Any) -> None:
        with Path(sys.argv[2]).open("wb") as file:
            file.writelines(frames)
        (folder / "scene.mp4").touch()

    FramePipe.put = put_first
    if sys.argv[1:2] == ["--frames"]:
        encoder.encode = save
    elif len(sys.argv) > 1:
        vars(encoder).update(X264_PRESET=sys.argv[1], X264_PARAMS=sys.argv[2])
    return run(lambda data: render(RenderRequest.from_json(data)))


def _began_s() -> float:
    """Return this process's start in seconds since boot (proc(5): field 22 of stat)."""
    ticks = Path("/proc/self/stat").read_text().rpartition(")")[2].split()[19]
    return int(ticks) / os.sysconf("SC_CLK_TCK")


if __name__ == "__main__":
    exit_with(main)
