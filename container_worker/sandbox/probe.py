"""Finds the strongest level of isolation that works on this machine, by trying each on a real child."""

import os
import platform
import signal
import stat
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from container_worker.codes import Code
from container_worker.sandbox.level import Level
from container_worker.sandbox.policy import Policy, confined
from container_worker.sandbox.seccomp import program_for
from container_worker.sandbox.users import borrowed_uid, hand_over
from container_worker.scratch import PREFIX
from scenequeue.errors import reason_for
from scenequeue.reasons import Reason
from scenequeue.reasons.endings import ending_of

_PROBE_TIMEOUT_S = 20.0
#: Inconclusive trials of a level before it counts as unavailable for now.
_TRIES = 2
#: A child that tries what its level must refuse and what every child needs. Arguments: the level's rank, a file outside its
#: folder, a file that must be readable. Its last line is a Code where it could do what it should not.
_ATTEMPTS = """
import os, socket, sys

def is_refused(attempt, *arguments):
    try:
        attempt(*arguments)
    except PermissionError:
        return True
    return False

rank, outside, needed = int(sys.argv[1]), sys.argv[2], sys.argv[3]
open(needed, "rb").read(1)
with open("own", "w") as file:
    file.write("mine")
if rank >= 1:
    is_refused(socket.socket) or sys.exit("isolation_allows_sockets")
    is_refused(os.setsid) or sys.exit("isolation_allows_leaving")
if rank >= 2:
    is_refused(open, outside) or sys.exit("isolation_allows_files")
if rank >= 3:
    os.getuid() == int(sys.argv[4]) or sys.exit("isolation_keeps_user")
if sys.argv[5:]:
    os.execv(sys.argv[5], sys.argv[5:])
"""


@dataclass(frozen=True)
class Isolation:
    """The isolation that works on this machine."""

    level: Level
    has_landlock: bool
    #: Reason that the next level does not work; None for the strongest.
    why_not_more: Reason | None = None


@dataclass(frozen=True)
class _Trial:
    """The result of trying a level."""

    works: bool
    why_not: Reason | None = None
    #: False if the machine was too busy or short of resources for a conclusion.
    is_certain: bool = True


#: Results by program, for this process.
_found: dict[Path | None, Isolation] = {}
#: All slots start at once; only one of them probes.
_probe_lock = threading.Lock()


def probe(program: Path | None) -> Isolation:
    """Find the strongest level at which a child can work and is refused what the level forbids.

    Args:
        program: the program that children run, tried with `-version`; None tries only the interpreter.

    Cost: a few hundredths of a second for each level, once per process and program. An inconclusive result is not cached,
    so the next child tries again.
    """
    with _probe_lock:
        if (known := _found.get(program)) is not None:
            return known
        found, is_certain = _find(program)
        if is_certain:
            _found[program] = found
        return found


def _find(program: Path | None) -> tuple[Isolation, bool]:
    """Return the isolation, and False if the result is inconclusive."""
    landlock = _try_level(Level.LANDLOCK, program, has_landlock=True)
    is_certain = landlock.is_certain
    why_not_more: Reason | None = reason_for(Code.ISOLATION_NEEDS_ROOT)
    if os.geteuid() == 0:
        uid = _try_level(Level.UID, program, has_landlock=landlock.works)
        is_certain, why_not_more = is_certain and uid.is_certain, uid.why_not
        if uid.works:
            return Isolation(Level.UID, landlock.works), is_certain
    if landlock.works:
        return Isolation(Level.LANDLOCK, True, why_not_more), is_certain
    seccomp = _try_level(Level.SECCOMP, program, has_landlock=False)
    is_certain = is_certain and seccomp.is_certain
    if seccomp.works:
        return Isolation(Level.SECCOMP, False, landlock.why_not), is_certain
    return Isolation(Level.NONE, False, seccomp.why_not), is_certain


def level_for(isolation: Isolation, folder: Path, readable: Sequence[Path]) -> Level:
    """Return the level for one child: `uid` only if that user can reach its folder and all inputs are in it."""
    if isolation.level is not Level.UID:
        return isolation.level
    is_reachable = all(place.stat().st_mode & stat.S_IXOTH for place in folder.parents)
    if is_reachable and all(path.is_relative_to(folder) for path in readable):
        return Level.UID
    return Level.LANDLOCK if isolation.has_landlock else Level.SECCOMP


@contextmanager
def _signals_blocked() -> Iterator[None]:
    """Block SIGINT and SIGTERM, so that none arrives between creating a file and registering its removal."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _try_level(level: Level, program: Path | None, *, has_landlock: bool) -> _Trial:
    """Try a level on a child, again if the result is inconclusive."""
    if sys.platform != "linux" or not program_for(platform.machine(), 0):
        return _Trial(False, reason_for(Code.ISOLATION_UNSUPPORTED, system=sys.platform, machine=platform.machine()))
    for _ in range(_TRIES):
        try:
            trial = _try(level, program, has_landlock=has_landlock)
        except PermissionError as error:
            # Root without capabilities cannot change owners.
            trial = _Trial(False, reason_for(str(error)))
        except (OSError, subprocess.TimeoutExpired) as error:
            trial = _Trial(False, reason_for(str(error)), is_certain=False)
        if trial.is_certain:
            break
    return trial


def _try(level: Level, program: Path | None, *, has_landlock: bool) -> _Trial:
    with ExitStack() as cleanup:
        # The prefix of scratch folders, which are swept if the worker is killed.
        prefix = f"{PREFIX}{os.getpid()}-probe-"
        with _signals_blocked():
            folder = Path(cleanup.enter_context(tempfile.TemporaryDirectory(prefix=prefix))).resolve()
            outside = cleanup.enter_context(tempfile.NamedTemporaryFile(prefix=prefix))
        uid = cleanup.enter_context(borrowed_uid(level is Level.UID))
        hand_over(folder, uid)
        policy = Policy(level, folder, programs=(program,) if program else (), uid=uid, has_landlock=has_landlock)
        attempts = [sys.executable, "-I", "-S", "-c", _ATTEMPTS]
        arguments = [str(level.rank), outside.name, __file__, str(uid)]
        if program:
            arguments += [str(program), "-hide_banner", "-version"]
        ran = subprocess.run(
            confined([*attempts, *arguments], policy=policy), cwd=folder, env={"PATH": os.environ.get("PATH", "")},
            capture_output=True, timeout=_PROBE_TIMEOUT_S, check=False, stdin=subprocess.DEVNULL,
        )  # fmt: skip
        written = (folder / "own").read_text() if ran.returncode == 0 else ""
    if ran.returncode == 0 and written == "mine":
        return _Trial(True)
    said = ran.stderr.decode(errors="replace").strip().splitlines()
    why_not = _why_not(said[-1]) if said else reason_for(Code.ISOLATION_TRIAL_ENDED, ending=ending_of(ran.returncode))
    # SIGKILL: the kernel kills children first when memory runs out.
    return _Trial(False, why_not, is_certain=ran.returncode != -signal.SIGKILL)


def _why_not(last_line: str) -> Reason:
    """Return the reason that a trial failed: the code that it ended with, else the words of the system or of a library."""
    return reason_for(Code(last_line)) if last_line in set(Code) else reason_for(last_line)
