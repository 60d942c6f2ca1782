"""Runs a media child's work: a JSON request on stdin, JSON lines on stdout, an exit code.

Lines: {"ready": true} when all is prepared, then it waits for a line on stdin before it uses a core;
{"frame": n, "of": m};
{"warning": {"code": word, "parameters": {...}}}, a reason of scenequeue.reasons; and last either {"done": {...}} or
{"error": class name, "reason": {"code": word, "parameters": {...}}}.
A crash, out-of-memory or kill of this process costs one attempt at one item.
"""

import errno
import json
import os
import resource
import sys
import traceback
from collections.abc import Callable
from typing import Any, NoReturn

from container_worker.codes import Code
from container_worker.media.child_protocol import reserve_stdout, send, send_failure
from scenequeue.errors import BadInput, DiskFull, ItemError, LimitExceeded
from scenequeue.storages.disk_errors import is_full


def limit_preparation() -> Callable[[], None]:
    """Limit the CPU time of reading the inputs; returns a function that lifts the limit.

    RLIMIT_CPU rather than a thread, which a decoder that holds the interpreter lock would block.
    """
    from container_worker.media.defaults import PREPARATION_CPU_S

    before = resource.getrlimit(resource.RLIMIT_CPU)
    soft = PREPARATION_CPU_S if before[0] == resource.RLIM_INFINITY else min(before[0], PREPARATION_CPU_S)
    resource.setrlimit(resource.RLIMIT_CPU, (soft, before[1]))
    return lambda: resource.setrlimit(resource.RLIMIT_CPU, before)


def wait_for_slot() -> None:
    """Report that everything is prepared, and wait for a slot. Ends the process if the parent has ended."""
    send({"ready": True})
    if not sys.stdin.readline():
        sys.exit(1)


def run(make: Callable[[dict[str, Any]], dict[str, Any]]) -> int:
    """Read the request from stdin, carry it out, and report the outcome as the last line.

    Args:
        make: takes the request and returns the result, both as JSON data; raises ItemError on failure.

    Returns:
        The exit code: 0 for success and for bad input, 3 for other errors.
    """
    reserve_stdout()
    try:
        send({"done": make(json.loads(sys.stdin.readline()))})
        return 0
    except ItemError as error:
        failure = error
    except MemoryError:
        failure = LimitExceeded(Code.RENDERING_MEMORY)
    except OSError as error:
        if is_full(error):
            failure = DiskFull(Code.SCRATCH_FULL)
        elif error.errno == errno.EFBIG:
            failure = LimitExceeded(Code.RENDERING_FILE_SIZE)
        elif error.errno == errno.ENOMEM:
            failure = LimitExceeded(Code.RENDERING_MEMORY)
        else:
            raise
    except Exception as error:
        # OpenCV and Pillow report a failed allocation as errors of their own.
        if "memory" not in str(error).lower():
            raise
        failure = LimitExceeded(Code.RENDERING_MEMORY_FOR, problem=str(error).splitlines()[0])
    send_failure(failure)
    return 0 if isinstance(failure, BadInput) else 3


def used_cpu_s() -> float:
    """Return the CPU time of this process and of its children that have ended, in seconds."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return round(sum(each.ru_utime + each.ru_stime for each in used), 3)


def exit_with(program: Callable[[], int]) -> NoReturn:
    """Run the program and exit with its return value, or with 1 if it raises, without waiting for threads.

    Uses os._exit, because a thread that returns from OpenCV while the interpreter shuts down aborts the process.
    """
    code = 1
    try:
        code = program()
    except Exception:
        traceback.print_exc()
    finally:
        sys.stderr.flush()
        os._exit(code)
