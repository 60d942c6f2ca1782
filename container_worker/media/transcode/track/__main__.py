"""`python -m container_worker.media.transcode.track` is the child that copies or converts one track of a source."""

from container_worker.media.child_program import exit_with, run
from container_worker.media.transcode.track.child import make

if __name__ == "__main__":
    exit_with(lambda: run(make))
