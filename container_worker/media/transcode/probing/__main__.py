"""`python -m container_worker.media.transcode.probing` is the child that describes a source."""

from container_worker.media.child_program import exit_with, run
from container_worker.media.transcode.probing.child import make

if __name__ == "__main__":
    exit_with(lambda: run(make))
