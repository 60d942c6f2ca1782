"""`python -m sceneburst.page` runs the operators' page."""

import sys
from os.path import dirname

# Checked first: a `scenequeue` package of the user's own on the path may hide ours; `start` lies beside this package.
sys.path.insert(0, dirname(dirname(dirname(__file__))))
from scenequeue.start import start

del sys.path[0]


def _main() -> int:
    from sceneburst.page.server import main

    return main()


if __name__ == "__main__":
    sys.exit(start("sceneburst page", _main, extras=["page"], packages=["scenequeue", "producer", "sceneburst"], serves=True))
