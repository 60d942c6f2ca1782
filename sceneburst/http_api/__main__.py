"""`python -m sceneburst.http_api` is the HTTP API program."""

import sys
from os.path import dirname

# A `scenequeue` of the user's own may come first on the path; the start that reports it is found beside this package.
sys.path.insert(0, dirname(dirname(dirname(__file__))))
from scenequeue.start import start

del sys.path[0]


def _main() -> int:
    from sceneburst.http_api.server import main

    return main()


if __name__ == "__main__":
    sys.exit(start("sceneburst api", _main, extras=["api"], packages=["scenequeue", "producer", "sceneburst"], serves=True))
