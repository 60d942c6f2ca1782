"""Names the levels of isolation, weakest first."""

from enum import StrEnum


class Level(StrEnum):
    """A level of isolation of a child. Each level includes all lower ones.

    Every level: resource limits, a minimal environment, no capabilities, first to go when memory runs out, and the whole
    process group ends with the item. The worker itself can be neither traced nor read by its children.
    """

    #: Nothing beyond that: the system has no seccomp.
    NONE = "none"
    #: System calls that a renderer does not need are refused: sockets, tracing, a process group of its own, other
    #: processes' limits and priorities, owners and modes of files, namespaces, io_uring and the like. It cannot signal the
    #: worker, by whatever call; other processes of the same user it can, one by one (tgkill).
    SECCOMP = "seccomp"
    #: It may read only its inputs and programs, and write only its own folder (Landlock, Linux 5.13). From Linux 6.12 on
    #: it can signal no process but itself and its own children.
    LANDLOCK = "landlock"
    #: A user id of its own, for which the worker must be root. Where the kernel has no Landlock it may still read what
    #: everybody may, and write to folders that are open to all.
    UID = "uid"

    @property
    def rank(self) -> int:
        """Position in the order, 0 for the weakest."""
        return list(Level).index(self)
