"""`python -m container_worker.media.transcode.joining` is the child that joins the segments of one rendition."""

from container_worker.media.child_program import exit_with, run
from container_worker.media.transcode.joining.child import make

if __name__ == "__main__":
    exit_with(lambda: run(make))
