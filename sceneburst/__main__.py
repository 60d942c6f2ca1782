"""`sceneburst`, and `python -m sceneburst`: the command line."""

import sys
from os.path import dirname

# A `scenequeue` of the user's own may come first on the path; what says so is found beside this folder.
sys.path.insert(0, dirname(dirname(__file__)))
from scenequeue.start import is_service, start

del sys.path[0]


def main() -> int | None:
    """Load the command line and run it; the exit code."""
    return start("sceneburst", _main, extras=["console"], serves=is_service(sys.argv[1:]))


def _main() -> None:
    from sceneburst.cli import main

    main()


if __name__ == "__main__":
    sys.exit(main())
