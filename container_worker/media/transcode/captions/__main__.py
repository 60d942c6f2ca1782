"""`python -m container_worker.media.transcode.captions` is the child that writes a source's subtitles as WebVTT files."""

from container_worker.media.child_program import exit_with, run
from container_worker.media.transcode.captions.child import make

if __name__ == "__main__":
    exit_with(lambda: run(make))
