"""What the exit codes of `sceneburst` mean."""

from enum import IntEnum


class Exit(IntEnum):
    """Exit codes, the same for every command. `worker` has its own: container_worker/exits.py."""

    OK = 0
    #: Some scenes failed, or what was asked for is not there.
    FAILED = 1
    #: A wrong manifest, option or setting; nothing was done.
    USAGE = 2
    #: Something that is needed does not answer or is not installed: Redis, ffmpeg, the object store.
    UNAVAILABLE = 3
    INTERRUPTED = 130
