"""`python -m container_worker` is the worker program."""

import sys

from container_worker.lean import stay_lean

stay_lean()

from container_worker.main import main  # noqa: E402

if __name__ == "__main__":
    sys.exit(main())
