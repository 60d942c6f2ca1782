"""Exit codes of the worker program, one per reason for ending."""

from enum import IntEnum


class Exit(IntEnum):
    """Exit codes of `sceneburst worker`."""

    #: No work was left.
    IDLE = 0
    #: Settings are wrong, a tool is missing, or Redis refuses the login; a restart would not help.
    MISCONFIGURED = 2
    #: Asked to leave (SIGTERM, Spot reclaim, the drain mark of dispatcher or operator); all items were finished or handed back.
    DRAINED = 10
    #: Redis did not answer for longer than SCENEBURST_REDIS_PATIENCE_S.
    REDIS_LOST = 11
    #: The scratch disk is full.
    DISK_FULL = 12
    #: The container is broken: it can make no scratch folder, or run no program; its items were handed back.
    BROKEN = 13
    #: A second interrupt ended it at once; its items come back when their leases expire.
    INTERRUPTED = 130
