"""`python -m container_worker.media.transcode.encode` is the child that encodes one segment of a source."""

from container_worker.media.child_program import exit_with, run
from container_worker.media.transcode.encode.child import make

if __name__ == "__main__":
    exit_with(lambda: run(make))
