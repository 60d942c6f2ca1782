"""`python -m container_worker.media.transcode.quality` is the child that encodes spans of a source and measures their VMAF."""

from container_worker.media.child_program import exit_with, run
from container_worker.media.transcode.quality.child import make

if __name__ == "__main__":
    exit_with(lambda: run(make))
