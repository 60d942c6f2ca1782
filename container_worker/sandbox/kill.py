"""Kills child processes: a whole group, or one child of a process that is itself confined."""

import contextlib
import ctypes
import os
import platform
import signal
import subprocess

from container_worker.sandbox.seccomp import call_number


def kill_group(pid: int) -> None:
    """Kill a child that leads its process group, with all that are still in it; safe when they are gone."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)


def kill_child(child: "subprocess.Popen[bytes]") -> None:
    """Kill a child, from a confined process too; safe when it is gone.

    The filter of system calls refuses kill(2) of anything but the own group, and allows tgkill(2).
    """
    try:
        child.kill()
    except PermissionError:
        if (number := call_number("tgkill", platform.machine())) is not None:
            # `kill` has looked: the child is not reaped, so its id is still its own.
            ctypes.CDLL(None).syscall(number, child.pid, child.pid, int(signal.SIGKILL))
