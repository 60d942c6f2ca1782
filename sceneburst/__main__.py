"""`sceneburst`, or `python -m sceneburst`, runs the command line."""

import sys
from os.path import dirname

# Checked first: a `scenequeue` package of the user's own on the path may hide ours; `start` lies beside this folder.
sys.path.insert(0, dirname(dirname(__file__)))
from scenequeue.start import is_service, start

del sys.path[0]


def main() -> int | None:
    """Load the command line and run it; return the exit code."""
    return start("sceneburst", _main, extras=["console"], serves=is_service(sys.argv[1:]))


def _main() -> None:
    from sceneburst.cli import main

    main()


if __name__ == "__main__":
    sys.exit(main())
