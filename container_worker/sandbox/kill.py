"""Kills child processes: a process group, or the child of a confined process."""

import contextlib
import ctypes
import os
import platform
import signal
import subprocess

from container_worker.sandbox.seccomp import call_number


def kill_group(pid: int) -> None:
    """Kill a process group by its leader's id; safe if it is gone."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)


def kill_child(child: "subprocess.Popen[bytes]") -> None:
    """Kill a child, also from a confined process; safe if it is gone.

    The system-call filter refuses kill(2) except for the own group, but allows tgkill(2).
    """
    try:
        child.kill()
    except PermissionError:
        if (number := call_number("tgkill", platform.machine())) is not None:
            # `child.kill` has checked that the child is not reaped, so its process id is not reused.
            ctypes.CDLL(None).syscall(number, child.pid, child.pid, int(signal.SIGKILL))
