"""`python -m benchmarks.render` compares rendering with the usual pipelines."""

import sys

from benchmarks.render.command import main

if __name__ == "__main__":
    sys.exit(main())
