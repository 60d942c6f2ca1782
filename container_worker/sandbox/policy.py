"""Translates a level of isolation into arguments of `confine.py`."""

import os
import platform
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from container_worker.sandbox.landlock import rules_for
from container_worker.sandbox.level import Level
from container_worker.sandbox.limits import Limits
from container_worker.sandbox.seccomp import program_for

_CONFINE = str(Path(__file__).with_name("confine.py"))
#: oom_score_adj of children, so that the kernel kills them first when memory runs out.
_OOM_SCORE_ADJ = 1000
#: Largest number of processes and threads of a child's own user id.
_MAX_PROCESSES = 512


@dataclass(frozen=True)
class Policy:
    """The isolation of one child."""

    level: Level
    #: Its own folder, from level `landlock` on the only one it may write to.
    folder: Path
    #: Inputs that lie elsewhere.
    readable: Sequence[Path] = ()
    #: Programs it may run besides the system's.
    programs: Sequence[Path] = ()
    #: User id at level `uid`.
    uid: int | None = None
    #: True if the kernel has Landlock.
    has_landlock: bool = True

    def arguments(self) -> list[str]:
        """Return the arguments for confine.py."""
        if sys.platform != "linux":
            return []
        words = [f"OOM_SCORE_ADJ={_OOM_SCORE_ADJ}", "RIGHTS=1"]
        if self.level.rank >= Level.SECCOMP.rank:
            words.append(f"CALLS={program_for(platform.machine(), os.getpid()).hex()}")
        if self.level.rank >= Level.LANDLOCK.rank and self.has_landlock:
            words += [f"FILE={rule}" for rule in rules_for(self.folder, self.readable, self.programs)]
        if self.uid is not None:
            words += [f"UID={self.uid}", f"RLIMIT_NPROC={_MAX_PROCESSES}"]
        return words


def confined(argv: Sequence[str], limits: Limits | None = None, policy: Policy | None = None) -> list[str]:
    """Return the command that runs `argv` confined; it is killed when the calling thread ends.

    A child's own children need no policy, because they inherit it.
    """
    words = [*(limits.arguments() if limits else []), *(policy.arguments() if policy else [])]
    return [sys.executable, "-I", "-S", _CONFINE, str(os.getpid()), *words, "--", *argv]
