"""`python -m container_worker` is the worker program."""

import sys

from container_worker.main import main

if __name__ == "__main__":
    sys.exit(main())
