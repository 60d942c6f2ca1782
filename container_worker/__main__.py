"""`python -m container_worker` is the worker program."""

import sys
from os.path import dirname

# A `scenequeue` of the user's own may come first on the path; what says so is found beside this folder.
sys.path.insert(0, dirname(dirname(__file__)))
from scenequeue.start import start

del sys.path[0]


def _main() -> int:
    from container_worker.main import main

    return main()


if __name__ == "__main__":
    sys.exit(start("sceneburst worker", _main, extras=["worker"], packages=["scenequeue", "container_worker"]))
