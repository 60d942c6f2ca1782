"""Becomes another program, but confined: resource limits set, and killed when its parent dies.

Run as a script, `python -I -S confine.py PARENT_PID NAME=VALUE... -- PROGRAM ARGUMENT...`: it replaces itself, so
the program keeps its process id. A separate program rather than `preexec_fn`, because code between fork
and exec may deadlock in a worker that has threads.
"""

import ctypes
import os
import resource
import signal
import sys

_PR_SET_PDEATHSIG = 1


def confine(arguments: list[str]) -> None:
    """Set the limits that the arguments name (RLIMIT_…=number), then execute the program after `--`.

    The parent's death kills this process (Linux only; elsewhere this part is skipped). The kernel means the
    thread that started it: that thread must wait for the program, as `container_worker.ffmpeg` does.
    """
    split = arguments.index("--")
    parent, limits, program = int(arguments[0]), arguments[1:split], arguments[split + 1 :]
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:  # it died before the line above
            sys.exit(1)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    for limit in limits:
        name, value = limit.split("=")
        number = getattr(resource, name)
        hard = resource.getrlimit(number)[1]
        bound = int(value) if hard == resource.RLIM_INFINITY else min(int(value), hard)
        # A CPU limit's soft end sends SIGXCPU, which tells it from other deaths; the hard end is a second later.
        above = bound + 1 if number == resource.RLIMIT_CPU and hard == resource.RLIM_INFINITY else bound
        resource.setrlimit(number, (bound, above))
    os.execv(program[0], program)  # noqa: S606  that is what this program is for


if __name__ == "__main__":
    confine(sys.argv[1:])
