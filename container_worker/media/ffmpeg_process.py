"""Runs ffmpeg inside a media child: starts it confined, feeds it, and kills it on every way out."""

import contextlib
import os
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from container_worker.codes import Code
from container_worker.sandbox.kill import kill_child
from container_worker.sandbox.last_lines import with_last_lines
from container_worker.sandbox.policy import confined
from scenequeue.errors import ToolFailed
from scenequeue.reasons import Reason
from scenequeue.reasons.endings import ending_of

#: Characters at the end of a captured stderr that an error quotes.
_QUOTED_CHARS = 2000
#: `ffmpeg -version` takes a few hundredths of a second; a busy machine may need more.
_VERSION_TIMEOUT_S = 20.0


class FfmpegProcess:
    """A running ffmpeg, as a context manager that leaves no process behind.

    A broken pipe inside the block is raised as ToolFailed. Only `kill` may be called from another thread.

    Args:
        argv: absolute program path first.
        folder: its working directory.
        failure: code of the error that it ended with another exit code than 0.
        has_input: give it a pipe as stdin, for `write`; otherwise stdin is empty.
        has_output: give it a pipe as stdout, for `read_into`; otherwise stdout is inherited.
        has_report: capture stderr, which `finish` returns; otherwise stderr is inherited, and the worker adds its last
            lines to the error.
        environment: added to this process's environment.
    """

    def __init__(
        self,
        argv: Sequence[str],
        folder: Path,
        failure: Code,
        *,
        has_input: bool = False,
        has_output: bool = False,
        has_report: bool = False,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self._failure_code = failure
        self._process = subprocess.Popen(
            confined(argv), cwd=folder, bufsize=0, env={**os.environ, **(environment or {})},
            stdin=subprocess.PIPE if has_input else subprocess.DEVNULL,
            stdout=subprocess.PIPE if has_output else None,
            stderr=subprocess.PIPE if has_report else None,
        )  # fmt: skip

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        try:
            if isinstance(error, BrokenPipeError):
                raise self._failure() from None
        finally:
            self.close()

    @property
    def input_fd(self) -> int:
        """The writing end of its stdin."""
        assert self._process.stdin
        return self._process.stdin.fileno()

    def write(self, data: bytes | memoryview) -> None:
        """Write all of the data to its stdin.

        Raises:
            BrokenPipeError: it has closed its stdin.
        """
        rest = memoryview(data).cast("B")
        while rest:
            rest = rest[os.write(self.input_fd, rest) :]

    def read_into(self, buffer: memoryview) -> None:
        """Fill the buffer from its stdout.

        Raises:
            ToolFailed: it ended before the buffer was full.
        """
        if self.read_up_to(buffer) < buffer.nbytes:
            raise self._failure()

    def read_up_to(self, buffer: memoryview) -> int:
        """Fill the buffer from its stdout as far as that reaches; returns the number of bytes, less than all at the end."""
        assert self._process.stdout
        rest = buffer.cast("B")
        while rest:
            count = os.readv(self._process.stdout.fileno(), [rest])
            if not count:
                break
            rest = rest[count:]
        return buffer.nbytes - rest.nbytes

    def finish(self) -> str:
        """Close its stdin and wait until it has ended; returns its stderr where that is captured.

        Raises:
            ToolFailed: its exit code is not 0.
        """
        if self._process.stdin:
            self._process.stdin.close()
        report = self._report()
        if self._process.wait() != 0:
            raise self._failure(report)
        return report

    def kill(self) -> None:
        """Kill it; a `read_into` that waits in another thread raises ToolFailed."""
        kill_child(self._process)

    def close(self) -> None:
        """Kill it, wait for its end and close its pipes. Safe to call twice."""
        self.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout, self._process.stderr):
            if pipe:
                with contextlib.suppress(OSError):
                    pipe.close()

    def _report(self) -> str:
        stderr = self._process.stderr
        return stderr.read().decode(errors="replace") if stderr and not stderr.closed else ""

    def _failure(self, report: str | None = None) -> ToolFailed:
        report = self._report() if report is None else report
        exit_code = self._process.wait()
        why = Reason(self._failure_code, {"ending": ending_of(exit_code), "exit_code": exit_code})
        return ToolFailed(with_last_lines(why, report[-_QUOTED_CHARS:]))


def read_version_report(path: Path) -> str:
    """Return the stdout of `ffmpeg -version`; "" for a program that cannot be run or does not end."""
    try:
        ended = subprocess.run(
            [str(path), "-hide_banner", "-version"], capture_output=True, timeout=_VERSION_TIMEOUT_S, check=False,
            stdin=subprocess.DEVNULL,
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return ended.stdout.decode(errors="replace")
