"""Confines its own process (limits, system calls, files, user), then executes another program.

Run as a script, `python -I -S confine.py PARENT_PID NAME=VALUE... -- PROGRAM ARGUMENT...`: it replaces itself, so
the program keeps its process id, and dies with its parent. Not a `preexec_fn`, because code between fork and exec may deadlock
in a process with threads. It imports only the standard library and decides nothing.

Names: `RLIMIT_…` (a number), `OOM_SCORE_ADJ` (of oom_score_adj), `RIGHTS` (1: no capabilities and no new ones),
`FILE` (Landlock rights and a path, as landlock.py writes them; any number of them), `UID` (to become), `CALLS` (the seccomp
program, in hex).
"""

import contextlib
import ctypes
import os
import resource
import signal
import struct
import sys

_PR_SET_PDEATHSIG, _PR_SET_SECCOMP, _PR_CAPBSET_DROP, _PR_SET_NO_NEW_PRIVS = 1, 22, 24, 38
_SECCOMP_MODE_FILTER = 2
_CAPABILITY_VERSION = 0x20080522
_LANDLOCK_CREATE_RULESET, _LANDLOCK_ADD_RULE, _LANDLOCK_RESTRICT_SELF = 444, 445, 446
#: The thirteen rights of the first version of Landlock, and those that later versions added: link elsewhere, truncate, ioctl.
_BASE_RIGHTS, _LATER_RIGHTS = (1 << 13) - 1, {2: 1 << 13, 3: 1 << 14, 5: 1 << 15}
#: Rights that a rule for a file may hold.
_FILE_RIGHTS = 1 | 2 | 4 | 1 << 14 | 1 << 15
#: Since version 6: no abstract sockets and no signals outside the sandbox.
_SCOPES = 1 | 2
#: CPU seconds between the soft and the hard limit; a process with many threads uses several between two checks of the kernel.
_CPU_MARGIN_S = 5
#: The exit code of a program that cannot be executed, as shells use it.
NOT_EXECUTED = 126


def confine(arguments: list[str]) -> None:
    """Apply what the arguments name, then execute the program after `--`.

    The parent's death kills this process (Linux only). To the kernel the parent is the thread that started it,
    so that thread must wait for the program, as `child.py` does.
    """
    split = arguments.index("--")
    parent, program = int(arguments[0]), arguments[split + 1 :]
    given = [word.partition("=")[::2] for word in arguments[1:split]]
    named = dict(given)
    libc = ctypes.CDLL(None, use_errno=True)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    for name, value in given:
        if name.startswith("RLIMIT_"):
            _limit(name, int(value))
    _lower_soft_cpu_limit()
    if "OOM_SCORE_ADJ" in named:
        # Without it the kernel might as well kill the worker.
        with contextlib.suppress(OSError), open("/proc/self/oom_score_adj", "w", encoding="utf-8") as file:  # noqa: PTH123  no more imports
            file.write(named["OOM_SCORE_ADJ"])
    ruleset = _ruleset(libc, [value for name, value in given if name == "FILE"])
    if "RIGHTS" in named:
        _drop_bounding_set(libc)
    if "UID" in named:
        uid = int(named["UID"])
        os.setgroups([])
        os.setresgid(uid, uid, uid)
        os.setresuid(uid, uid, uid)
    if "RIGHTS" in named:
        _call(libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
        _drop_capabilities(libc)
    # After changing the user, which clears the setting.
    if sys.platform == "linux":
        libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:  # the parent died before prctl
            sys.exit(1)
    if ruleset is not None:
        _call(libc.syscall(_LANDLOCK_RESTRICT_SELF, ruleset, 0))
        os.close(ruleset)
    if "CALLS" in named:
        _filter_calls(libc, bytes.fromhex(named["CALLS"]))
    try:
        os.execv(program[0], program)  # noqa: S606  that is what this program is for
    except OSError as error:
        # No sentence: the parent has one for this exit code.
        sys.stderr.write(f"{program[0]}, uid {os.geteuid()}: {error.strerror}\n")
        sys.exit(NOT_EXECUTED)


def _limit(name: str, value: int) -> None:
    number = getattr(resource, name)
    hard = resource.getrlimit(number)[1]
    bound = value if hard == resource.RLIM_INFINITY else min(value, hard)
    resource.setrlimit(number, (bound, bound))


def _lower_soft_cpu_limit() -> None:
    """Set the soft CPU limit below the hard one: unlike the SIGKILL of the hard limit, SIGXCPU names its cause.

    The inherited soft limit is ignored, because a parent may have lowered it for itself.
    """
    hard = resource.getrlimit(resource.RLIMIT_CPU)[1]
    soft = min(hard, max(1, hard - _CPU_MARGIN_S)) if hard != resource.RLIM_INFINITY else hard
    resource.setrlimit(resource.RLIMIT_CPU, (soft, hard))


def _call(result: int) -> int:
    """Return the result of a C library call; raises OSError for a negative one."""
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    return result


def _ruleset(libc: ctypes.CDLL, rules: list[str]) -> int | None:
    """Create a Landlock ruleset that allows only these rules; None without rules. Missing paths are skipped."""
    if not rules:
        return None
    version = _call(libc.syscall(_LANDLOCK_CREATE_RULESET, None, 0, 1))
    handled = _BASE_RIGHTS | sum(right for since, right in _LATER_RIGHTS.items() if version >= since)
    attributes = struct.pack("=QQQ", handled, 0, _SCOPES) if version >= 6 else struct.pack("=Q", handled)
    ruleset = _call(libc.syscall(_LANDLOCK_CREATE_RULESET, attributes, len(attributes), 0))
    for rule in rules:
        rights, _, path = rule.partition(":")
        try:
            place = os.open(path, os.O_PATH | os.O_CLOEXEC)
        except OSError:
            continue
        allowed = int(rights) & handled
        if not os.path.isdir(path):  # noqa: PTH112  no more imports
            allowed &= _FILE_RIGHTS
        attributes = struct.pack("=Qi", allowed, place)
        _call(libc.syscall(_LANDLOCK_ADD_RULE, ruleset, 1, attributes, 0))
        os.close(place)
    return ruleset


def _drop_bounding_set(libc: ctypes.CDLL) -> None:
    """Drop all capabilities from the bounding set, so that no program executed later can gain them."""
    if os.geteuid() == 0:
        capability = 0
        while libc.prctl(_PR_CAPBSET_DROP, capability, 0, 0, 0) == 0:
            capability += 1


def _drop_capabilities(libc: ctypes.CDLL) -> None:
    header, none = struct.pack("=Ii", _CAPABILITY_VERSION, 0), bytes(24)
    _call(libc.capset(header, none))


def _filter_calls(libc: ctypes.CDLL, program: bytes) -> None:
    kept = ctypes.create_string_buffer(program, len(program))
    fields = struct.pack("@HP", len(program) // 8, ctypes.addressof(kept))
    _call(libc.prctl(_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, fields, 0, 0))


if __name__ == "__main__":
    confine(sys.argv[1:])
