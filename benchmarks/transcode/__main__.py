"""Runs the benchmark."""

import sys

from benchmarks.transcode.command import main

if __name__ == "__main__":
    sys.exit(main())
