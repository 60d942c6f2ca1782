"""`python -m dispatcher` is the dispatcher program."""

import sys

from dispatcher.app import run
from scenequeue.errors import SettingsError
from scenequeue.settings import DispatcherSettings

if __name__ == "__main__":
    try:
        run(DispatcherSettings.load())
    except SettingsError as error:
        sys.stderr.write(f"sceneburst dispatcher: {error}\n")
        sys.exit(2)
