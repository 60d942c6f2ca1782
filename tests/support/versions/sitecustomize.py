"""Makes a program one of another version; Python runs this file first, as its folder is on PYTHONPATH.

* VERSION_STRUCTURES: the structures of the queue that it serves, newest first, such as "3 2".
* VERSION_IMAGE: the version that it says is installed, which the process fleet names its image by.
* VERSION_IMAGE_STRUCTURES: the structures of the containers that it launches, which inherit all this.

The lock of the acting dispatcher ends after two seconds instead of ten, so that another takes over sooner. The tests' kind
`sleep` is there.
"""

import os
import sys
from pathlib import Path

_SAMPLE = Path(__file__).parents[2] / "container_worker" / "kinds" / "sample"


def _change() -> None:
    # Before anything copies them.
    import scenequeue.structure.keys as keys

    is_container = "container_worker" in sys.orig_argv
    numbers = os.environ["VERSION_IMAGE_STRUCTURES" if is_container else "VERSION_STRUCTURES"]
    keys.STRUCTURES = tuple(map(int, numbers.split()))
    keys.Keys.__init__.__defaults__ = (keys.STRUCTURES[0],)

    import scenequeue.jobs.kinds
    import scenequeue.version

    scenequeue.version.installed_version = lambda: os.environ["VERSION_IMAGE"]
    scenequeue.jobs.kinds.__path__.append(str(_SAMPLE / "queued"))
    if is_container:
        import container_worker.kinds

        container_worker.kinds.__path__.append(str(_SAMPLE / "carried_out"))
    if "dispatcher" in sys.orig_argv:
        import dispatcher.tick

        dispatcher.tick.MIN_LOCK_S = 2.0


if "VERSION_STRUCTURES" in os.environ:
    _change()
