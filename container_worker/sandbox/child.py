"""Runs one confined child to its end: writes its input, reads its output, and kills its process group."""

import contextlib
import os
import selectors
import signal
import subprocess
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import IO

import structlog

from container_worker.codes import Code
from container_worker.sandbox.confine import NOT_EXECUTED
from container_worker.sandbox.environment import child_environment
from container_worker.sandbox.kill import kill_group
from container_worker.sandbox.last_lines import with_last_lines
from container_worker.sandbox.level import Level
from container_worker.sandbox.limits import Limits
from container_worker.sandbox.policy import Policy, confined
from container_worker.sandbox.probe import Isolation, level_for, probe
from container_worker.sandbox.users import borrowed_uid, hand_over
from scenequeue.errors import DiskFull, ItemError, LimitExceeded, SceneburstError, ToolFailed
from scenequeue.reasons import Reason
from scenequeue.reasons.endings import ending_of
from scenequeue.storages.disk_errors import says_full

#: Lines of stderr quoted in a ToolFailed.
STDERR_LINES = 50
#: Characters quoted of each line.
_MESSAGE_CHARS = 1000
#: Bytes kept of a line of output.
_LINE_BYTES = 64 * 1024
#: Messages about lack of memory: of ffmpeg, of Python, and of the loader when it cannot map a library.
_OUT_OF_MEMORY = ("Cannot allocate memory", "MemoryError", "failed to map segment from shared object")
#: Interval, in seconds, at which `should_stop` and the clock are checked.
_POLL_S = 0.05
_warned = threading.Event()


class Stopped(SceneburstError):
    """The caller asked for a stop; the child's process group has been killed."""

    transient = True


class CpuTimeExceeded(LimitExceeded):
    """The child used more CPU time than its limits, or a limit it set itself, allow."""


def error_for_exit(returncode: int, stderr: str, program: str | Reason) -> ItemError:
    """Map a child's exit code (negative: signal) and last lines of stderr to an error."""
    if says_full(stderr):
        return DiskFull(Code.SCRATCH_FULL_DURING, program=program)
    if returncode == -signal.SIGXCPU:
        return CpuTimeExceeded(Code.CPU_EXCEEDED, program=program)
    if returncode == -signal.SIGXFSZ or "File too large" in stderr:
        return LimitExceeded(Code.FILE_SIZE_EXCEEDED, program=program)
    if returncode == -signal.SIGKILL or any(words in stderr for words in _OUT_OF_MEMORY):
        return LimitExceeded(Code.MEMORY_EXCEEDED, program=program)
    if returncode == NOT_EXECUTED:
        return ToolFailed(Code.PROGRAM_NOT_RUN, program=program, problem=(stderr.splitlines() or [""])[-1])
    code = Code.ENDED_BY_SIGNAL if returncode < 0 else Code.ENDED_WITH_CODE
    ending = Reason(code, {"program": program, "ending": ending_of(returncode), "exit_code": returncode})
    return ToolFailed(with_last_lines(ending, stderr))


class _ChildDialogue:
    """Handles a child's lines, and buffers the answers until its stdin accepts them."""

    def __init__(self, stdin: IO[bytes], first: bytes, on_line: Callable[[str], bytes | None], check: Callable[[], None]) -> None:
        self.stdin, self._on_line, self._check = stdin, on_line, check
        #: Bytes not written yet.
        self.unsent = first
        #: Seconds spent handling lines so far.
        self.handling_s = 0.0
        # Non-blocking, so that a child that does not read cannot block its caller.
        os.set_blocking(stdin.fileno(), False)

    def send(self) -> None:
        """Write as much as the pipe accepts now."""
        try:
            self.unsent = self.unsent[os.write(self.stdin.fileno(), self.unsent) :]
        except BlockingIOError:
            pass
        except BrokenPipeError:
            # The child has ended or closed its stdin; its exit code decides.
            self.unsent = b""

    def on_line(self, line: str) -> None:
        # Between lines too, because thousands may arrive at once.
        self._check()
        began = time.monotonic()
        answer = self._on_line(line)
        self.handling_s += time.monotonic() - began
        self.unsent += answer or b""


class _LineSplitter:
    """Splits a byte stream into lines, in bounded memory."""

    def __init__(self, take: Callable[[str], None]) -> None:
        self._take, self._rest = take, b""

    def feed(self, data: bytes) -> None:
        *lines, self._rest = (self._rest + data).replace(b"\r", b"\n").split(b"\n")
        self._rest = self._rest[:_LINE_BYTES]
        # Empty lines are dropped; most come from CR LF.
        for line in filter(None, lines):
            self._take(line[:_LINE_BYTES].decode(errors="replace"))

    def close(self) -> None:
        if self._rest:
            self.feed(b"\n")


def run_child(
    argv: Sequence[str],
    *,
    program: str | Reason,
    limits: Limits,
    folder: Path,
    readable: Sequence[Path] = (),
    programs: Sequence[Path] = (),
    stdin: bytes = b"",
    environment: Mapping[str, str] | None = None,
    should_stop: threading.Event | None = None,
    on_line: Callable[[str], bytes | None] = lambda _line: None,
) -> int:
    """Run one confined child in its own process group to its end, reading its stdout line by line.

    Args:
        argv: absolute program path first.
        program: its name in errors; a Reason where that is a word of a language.
        limits: for it and its descendants.
        folder: its working directory, home and temporary folder, the only place it may write to.
        readable: inputs that lie elsewhere.
        programs: programs it runs besides the system's; `probe` starts the first one.
        stdin: written first; stdin stays open until the child ends.
        environment: added to `child_environment`.
        should_stop: checked every 50 ms.
        on_line: called in this thread for each line of stdout; returns bytes for the child's stdin. Its time does not
            count as the child's. An exception from it kills the child.

    Returns:
        0; any other exit raises.

    Raises:
        Stopped: `should_stop` was set. LimitExceeded, DiskFull, ToolFailed: see `error_for_exit`.

    Guarantees:
        When it returns or raises, no process of the child's group is left, whatever the reason; from level `seccomp` on
        no descendant can leave the group. Processes that the child leaves running are killed when it ends.
    """
    isolation = probe(programs[0] if programs else None)
    level = level_for(isolation, folder, readable)
    if level is Level.NONE:
        _warn(isolation)
    with borrowed_uid(level is Level.UID) as uid:
        hand_over(folder, uid)
        policy = Policy(level, folder, readable, programs, uid, isolation.has_landlock)
        return _run(confined(argv, limits, policy), program, limits, folder, stdin, environment or {}, should_stop, on_line)


def _warn(isolation: Isolation) -> None:
    """Warn that children are not confined, the first time only."""
    if not _warned.is_set():
        _warned.set()
        structlog.get_logger().warning(
            "children are not confined",
            isolation=str(isolation.level),
            reason=isolation.why_not_more.text if isolation.why_not_more else "",
        )


def _run(
    argv: Sequence[str],
    program: str | Reason,
    limits: Limits,
    folder: Path,
    stdin: bytes,
    environment: Mapping[str, str],
    should_stop: threading.Event | None,
    on_line: Callable[[str], bytes | None],
) -> int:
    tail: deque[str] = deque(maxlen=STDERR_LINES)
    child = subprocess.Popen(
        argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        cwd=folder, env={**child_environment(folder), **environment}, start_new_session=True,
    )  # fmt: skip
    assert child.stdin
    assert child.stdout
    assert child.stderr
    began = time.monotonic()

    def check() -> None:
        if should_stop is not None and should_stop.is_set():
            raise Stopped(Code.PROGRAM_STOPPED, program=program)
        # Minus the time that the caller has spent on its lines.
        if time.monotonic() - began - dialogue.handling_s > limits.wall_s:
            raise LimitExceeded(Code.TIME_EXCEEDED, program=program, limit_s=limits.wall_s)

    dialogue = _ChildDialogue(child.stdin, stdin, on_line, check)
    try:
        streams = {
            child.stdout: _LineSplitter(dialogue.on_line),
            child.stderr: _LineSplitter(lambda line: tail.append(line[:_MESSAGE_CHARS])),
        }
        _exchange(child, dialogue, streams, check)
    finally:
        kill_group(child.pid)
        returncode = child.wait()
        for pipe in (child.stdin, child.stdout, child.stderr):
            _close_quietly(pipe)
    if returncode != 0:
        raise error_for_exit(returncode, "\n".join(tail), program)
    return returncode


def _close_quietly(pipe: IO[bytes]) -> None:
    with contextlib.suppress(OSError):
        pipe.close()


def _has_ended(child: subprocess.Popen[bytes]) -> bool:
    """Return True once the child has ended, without reaping it, so that its process id is not reused."""
    if not hasattr(os, "waitid"):
        return child.poll() is not None
    return os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None


def _exchange(
    child: subprocess.Popen[bytes],
    dialogue: _ChildDialogue,
    streams: dict[IO[bytes], _LineSplitter],
    check: Callable[[], None],
) -> None:
    """Exchange input and output until the child has ended and its output is read; `check` raises to end it early."""
    pause_s = 0.001
    with selectors.DefaultSelector() as selector:
        for stream, lines in streams.items():
            selector.register(stream, selectors.EVENT_READ, lines)
        while True:
            check()
            has_ended = _has_ended(child)
            if has_ended:
                # Processes that it left running would keep its pipes open.
                kill_group(child.pid)
            is_reading = any(stream in selector.get_map() for stream in streams)
            if has_ended and not is_reading:
                return
            if not is_reading:
                # Poll for the end of a child that has closed its pipes; it usually follows at once.
                pause_s = min(2 * pause_s, _POLL_S)
            _watch_stdin(selector, dialogue)
            for key, _ in selector.select(_POLL_S if is_reading else pause_s):
                if key.fileobj is dialogue.stdin:
                    dialogue.send()
                elif data := os.read(key.fd, _LINE_BYTES):
                    key.data.feed(data)
                else:
                    key.data.close()
                    selector.unregister(key.fileobj)


def _watch_stdin(selector: selectors.BaseSelector, dialogue: _ChildDialogue) -> None:
    """Register the child's stdin with the selector while there are bytes to write."""
    is_registered = dialogue.stdin in selector.get_map()
    if dialogue.unsent and not is_registered:
        selector.register(dialogue.stdin, selectors.EVENT_WRITE)
    elif is_registered and not dialogue.unsent:
        selector.unregister(dialogue.stdin)
