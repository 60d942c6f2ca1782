"""`python -m container_worker` runs the worker program."""

import sys
from os.path import dirname

# Checked first: a `scenequeue` package of the user's own on the path may hide ours; `start` lies beside this folder.
sys.path.insert(0, dirname(dirname(__file__)))
from scenequeue.start import start

del sys.path[0]


def _main() -> int:
    from container_worker.main import main
    from scenequeue.reasons import load_words

    load_words()
    return main()


if __name__ == "__main__":
    sys.exit(start("sceneburst worker", _main, extras=["worker"], packages=["scenequeue", "container_worker"]))
