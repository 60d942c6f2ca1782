"""`sceneburst version`."""

import platform

from sceneburst.terminal.screen import JsonFlag, print_json, say
from scenequeue.version import installed_version


def version(as_json: JsonFlag = False) -> None:
    """Print the version of Sceneburst, and of the Python that runs it."""
    found = {"version": installed_version(), "python": platform.python_version(), "platform": platform.platform()}
    if as_json:
        print_json(found)
    else:
        say(f"sceneburst {found['version']} (Python {found['python']}, {found['platform']})")
