"""Exit codes of a worker program, each the reason that it ended."""

from enum import IntEnum


class Exit(IntEnum):
    """Exit codes of `sceneburst worker`."""

    #: Nothing was left to do.
    IDLE = 0
    #: Settings are wrong, a tool is missing or Redis refuses the user; starting it again would not help.
    MISCONFIGURED = 2
    #: Asked to leave (SIGTERM, Spot reclaim, or the dispatcher's drain mark); everything was finished or handed back.
    DRAINED = 10
    #: Redis was gone for longer than SCENEBURST_REDIS_PATIENCE_S.
    REDIS_LOST = 11
    #: The scratch space is used up.
    DISK_FULL = 12
    #: Its surroundings are broken: no scratch folder can be made, or no program be run; what it held was handed back.
    BROKEN = 13
    #: A second interrupt: left at once; what was held comes back when its leases end.
    INTERRUPTED = 130
