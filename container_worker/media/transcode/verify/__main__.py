"""`python -m container_worker.media.transcode.verify` is the child that verifies joined files."""

from container_worker.media.child_program import exit_with, run
from container_worker.media.transcode.verify.child import make

if __name__ == "__main__":
    exit_with(lambda: run(make))
