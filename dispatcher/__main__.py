"""`python -m dispatcher` is the dispatcher program."""

import sys
from os.path import dirname

# Checked first: a `scenequeue` package of the user's own on the path may hide ours; `start` lies beside this folder.
sys.path.insert(0, dirname(dirname(__file__)))
from scenequeue.start import start

del sys.path[0]


def _main() -> int:
    from dispatcher.app import main
    from scenequeue.reasons import load_words

    load_words()
    return main()


if __name__ == "__main__":
    sys.exit(start("sceneburst dispatcher", _main, extras=["dispatcher"], packages=["scenequeue", "dispatcher"], serves=True))
