"""Puts a level of isolation into the words that `confine.py` carries out."""

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
#: oom_score_adj: when memory runs out, the kernel ends children before the worker and everybody else's programs.
_OOM_SCORE_ADJ = 1000
#: Processes and threads that a user id of its own may have.
_MAX_PROCESSES = 512


@dataclass(frozen=True)
class Policy:
    """The isolation of one child."""

    level: Level
    #: Its own folder, and all that it may write to from `landlock` on.
    folder: Path
    #: Inputs that lie elsewhere.
    readable: Sequence[Path] = ()
    #: What it may run besides the system's programs.
    programs: Sequence[Path] = ()
    #: The user that it becomes, at level `uid`.
    uid: int | None = None
    #: Whether the kernel has Landlock.
    has_landlock: bool = True

    def words(self) -> list[str]:
        """For confine.py's command line."""
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
    """The argv that runs `argv` so, killed when the calling thread's process dies.

    A child's own children need no policy: they inherit all of it.
    """
    words = [*(limits.arguments() if limits else []), *(policy.words() if policy else [])]
    return [sys.executable, "-I", "-S", _CONFINE, str(os.getpid()), *words, "--", *argv]
