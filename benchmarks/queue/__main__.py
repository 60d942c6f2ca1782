"""`python -m benchmarks.queue` compares the queue with eight others."""

import sys

from benchmarks.queue.command import main

if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
