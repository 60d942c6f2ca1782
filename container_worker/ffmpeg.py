"""The door to child processes: which ffmpeg there is, and how one confined child is run.

Every program that touches a user's file runs as a child of its own session, with limits, and dies with its
caller. Nothing else in the worker starts processes, but for the pipes inside the render child.
"""

import contextlib
import os
import re
import selectors
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import IO

from scenequeue.errors import DiskFull, ItemError, LimitExceeded, SceneburstError, SettingsError, ToolFailed

#: Lines of stderr that a ToolFailed message ends with.
STDERR_LINES = 50
#: Longest line of a child's output that is kept, in bytes.
_LINE_BYTES = 64 * 1024
#: Oldest ffmpeg that has been tested.
_OLDEST_MAJOR = 6
#: What children say that had no more memory: ffmpeg, Python, and the loader where a library found no room.
_OUT_OF_MEMORY = ("Cannot allocate memory", "MemoryError", "failed to map segment from shared object")
#: How often a waiting caller looks at `should_stop` and the clock, in seconds.
_LOOK_S = 0.05


class Stopped(SceneburstError):
    """The caller asked for a stop; the child's whole process group has been killed."""

    transient = True


@dataclass(frozen=True)
class Limits:
    """What one child and its descendants may use; each process of the group by itself, but for `wall_s`."""

    #: Wall clock, in seconds.
    wall_s: float = 3600.0
    #: CPU seconds; None leaves it to the wall clock.
    cpu_s: int | None = None
    #: Address space, in bytes.
    memory_bytes: int = 4 * 1024**3
    #: Largest file it may write, in bytes.
    file_bytes: int = 8 * 1024**3

    def arguments(self) -> list[str]:
        """These limits as confine.py takes them."""
        cpu = [] if self.cpu_s is None else [f"RLIMIT_CPU={self.cpu_s}"]
        return [f"RLIMIT_AS={self.memory_bytes}", f"RLIMIT_FSIZE={self.file_bytes}", *cpu]


@dataclass(frozen=True)
class Ffmpeg:
    """An ffmpeg program that can do what rendering needs."""

    path: Path
    version: str
    has_av1: bool


def confined(argv: Sequence[str], limits: Limits | None = None) -> list[str]:
    """The argv that runs `argv` with these limits, killed when the calling thread's process dies."""
    bounds = limits.arguments() if limits else []
    return [sys.executable, "-I", "-S", str(Path(__file__).with_name("confine.py")), str(os.getpid()), *bounds, "--", *argv]


def child_environment(home: Path) -> dict[str, str]:
    """An environment for children: what they need to start, no credentials, one thread per library."""
    kept = {name: os.environ[name] for name in ("PATH", "LD_LIBRARY_PATH", "TZ") if name in os.environ}
    package_root = str(Path(__file__).resolve().parent.parent)
    return {
        **kept, "HOME": str(home), "TMPDIR": str(home), "LANG": "C.UTF-8", "PYTHONPATH": package_root, "PYTHONNOUSERSITE": "1",
        "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "MALLOC_ARENA_MAX": "2",
        # Pictures and the encoder's frames are given back to the system; left alone, glibc would come to keep them: 25 MB.
        "MALLOC_MMAP_THRESHOLD_": str(4 * 1024**2),
        # Memory of a raw frame is kept for the next one: to fetch it anew costs ffmpeg twice what reading the frame does.
        "MALLOC_TRIM_THRESHOLD_": str(32 * 1024**2),
        # Huge pages for large blocks, where the system has them on request: 1 to 2 % of a scene's time goes into small ones.
        "GLIBC_TUNABLES": "glibc.malloc.hugetlb=1",
    }  # fmt: skip


def read_version(report: str) -> tuple[int, str, frozenset[str]] | None:
    """Major version, version text and enabled libraries out of what `ffmpeg -version` prints; None if it is not that.

    A build from git ("N-1234-g…") counts as new.
    """
    found = re.match(r"ffmpeg version (\S+)", report)
    if not found:
        return None
    version = found.group(1)
    number = re.match(r"n?(\d+)\.", version)
    return (int(number.group(1)) if number else 999), version, frozenset(re.findall(r"--enable-(\S+)", report))


def examine(path: Path) -> Ffmpeg | None:
    """What this ffmpeg can do, or None where it is too old, not complete, or not ffmpeg."""
    try:
        report = subprocess.run(
            [str(path), "-hide_banner", "-version"], capture_output=True, timeout=20, check=False, stdin=subprocess.DEVNULL
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    facts = read_version(report.stdout.decode(errors="replace"))
    if facts is None or facts[0] < _OLDEST_MAJOR or not {"libx264", "libass"} <= facts[2]:
        return None
    return Ffmpeg(path, facts[1], "libsvtav1" in facts[2])


@lru_cache(maxsize=4)
def _found(search: str, named: str | None) -> Ffmpeg:
    if named:
        chosen = examine(Path(named))
        if chosen is None:
            raise SettingsError(
                f"SCENEBURST_FFMPEG names {named}, which is not an ffmpeg {_OLDEST_MAJOR} or newer with libx264 and libass"
            )
        return chosen
    on_path = shutil.which("ffmpeg", path=search)
    chosen = examine(Path(on_path)) if on_path else None
    if chosen is None:
        try:
            import imageio_ffmpeg

            chosen = examine(Path(imageio_ffmpeg.get_ffmpeg_exe()))
        except (ImportError, RuntimeError):
            chosen = None
    if chosen is None:
        raise SettingsError(
            f"no ffmpeg {_OLDEST_MAJOR} or newer with libx264 and libass: install one, or `pip install imageio-ffmpeg`"
        )
    return chosen


def find_ffmpeg() -> Ffmpeg:
    """The ffmpeg to use: SCENEBURST_FFMPEG, else the one on PATH if good enough, else the imageio-ffmpeg wheel's.

    Raises:
        SettingsError: there is none; the message says what to install.
    """
    return _found(os.environ.get("PATH", ""), os.environ.get("SCENEBURST_FFMPEG"))


def classify(returncode: int, stderr: str, program: str) -> ItemError:
    """The error that a child's end means, from its exit code (negative: signal) and its last lines."""
    if "No space left on device" in stderr:
        return DiskFull(f"no space left in the scratch folder while {program} ran")
    if returncode == -signal.SIGXCPU:
        return LimitExceeded(f"{program} used more CPU time than it may")
    if returncode == -signal.SIGXFSZ or "File too large" in stderr:
        return LimitExceeded(f"{program} wrote a larger file than it may")
    if returncode == -signal.SIGKILL or any(words in stderr for words in _OUT_OF_MEMORY):
        return LimitExceeded(f"{program} used more memory than it may, or was killed by the system")
    how = f"was killed by signal {signal.Signals(-returncode).name}" if returncode < 0 else f"ended with code {returncode}"
    return ToolFailed(f"{program} {how}\n{stderr}".rstrip())


def kill_group(pid: int) -> None:
    """Kill a child that leads its process group, with all that are still in it; safe when they are gone."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)


class _Talk:
    """Hears a child's lines, and answers where there is an answer."""

    def __init__(self, stdin: IO[bytes], on_line: Callable[[str], bytes | None]) -> None:
        self._stdin, self._on_line = stdin, on_line
        #: Seconds that hearing has taken so far.
        self.took_s = 0.0

    def say(self, data: bytes) -> None:
        # A child that has ended already hears nothing; its exit code says why.
        with contextlib.suppress(BrokenPipeError):
            self._stdin.write(data)
            self._stdin.flush()

    def hear(self, line: str) -> None:
        began = time.monotonic()
        answer = self._on_line(line)
        self.took_s += time.monotonic() - began
        if answer:
            self.say(answer)


@dataclass(frozen=True)
class _Deadline:
    """When a child's time is over: later by what hearing it has taken."""

    at: float
    talk: _Talk

    def left_s(self) -> float:
        return self.at + self.talk.took_s - time.monotonic()


class _Lines:
    """Cuts a byte stream into lines, bounded in memory."""

    def __init__(self, take: Callable[[str], None]) -> None:
        self._take, self._rest = take, b""

    def feed(self, data: bytes) -> None:
        *lines, self._rest = (self._rest + data).replace(b"\r", b"\n").split(b"\n")
        self._rest = self._rest[:_LINE_BYTES]
        for line in lines:
            self._take(line[:_LINE_BYTES].decode(errors="replace"))

    def close(self) -> None:
        if self._rest:
            self.feed(b"\n")


def run_child(
    argv: Sequence[str],
    *,
    program: str,
    limits: Limits,
    folder: Path,
    stdin: bytes = b"",
    environment: Mapping[str, str] | None = None,
    should_stop: threading.Event | None = None,
    on_line: Callable[[str], bytes | None] = lambda _line: None,
) -> int:
    """Run one confined child in its own process group to its end, reading its stdout line by line.

    Args:
        argv: absolute program path first.
        program: what to call it in messages.
        limits: for it and its descendants.
        folder: its working directory, home and temporary folder.
        stdin: handed to it first (kept under the size of a pipe, 64 KiB, by every caller); its stdin stays open to its end.
        environment: added to `child_environment`.
        should_stop: looked at every 50 ms.
        on_line: called for each line of stdout in the calling thread; what it returns goes to the child's stdin. The time
            that it takes is not the child's. An exception from it kills the child.

    Returns:
        0; any other end raises.

    Raises:
        Stopped: `should_stop` was set. LimitExceeded, DiskFull, ToolFailed: see `classify`.

    Guarantees:
        When it returns or raises, no process of the child's group is left, whatever the reason.
    """
    tail: deque[str] = deque(maxlen=STDERR_LINES)
    child = subprocess.Popen(
        confined(argv, limits), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        cwd=folder, env={**child_environment(folder), **(environment or {})}, start_new_session=True,
    )  # fmt: skip
    assert child.stdin
    assert child.stdout
    assert child.stderr
    talk = _Talk(child.stdin, on_line)
    deadline = _Deadline(time.monotonic() + limits.wall_s, talk)
    try:
        talk.say(stdin)
        streams = {child.stdout: _Lines(talk.hear), child.stderr: _Lines(tail.append)}
        _read_to_end(streams, deadline, should_stop, program, limits)
        returncode = child.wait(timeout=max(0.1, deadline.left_s()))
    except subprocess.TimeoutExpired:
        raise LimitExceeded(f"{program} ran longer than {limits.wall_s:g} s") from None
    finally:
        kill_group(child.pid)
        child.wait()
        for pipe in (child.stdin, child.stdout, child.stderr):
            _close_quietly(pipe)
    if returncode != 0:
        raise classify(returncode, "\n".join(tail), program)
    return returncode


def _close_quietly(pipe: IO[bytes]) -> None:
    with contextlib.suppress(OSError):
        pipe.close()


def _read_to_end(
    streams: dict[IO[bytes], _Lines], deadline: _Deadline, should_stop: threading.Event | None, program: str, limits: Limits
) -> None:
    with selectors.DefaultSelector() as selector:
        for stream, lines in streams.items():
            selector.register(stream, selectors.EVENT_READ, lines)
        while selector.get_map():
            if should_stop is not None and should_stop.is_set():
                raise Stopped(f"{program} was stopped")
            if deadline.left_s() < 0:
                raise LimitExceeded(f"{program} ran longer than {limits.wall_s:g} s")
            for key, _ in selector.select(_LOOK_S):
                data = os.read(key.fd, _LINE_BYTES)
                if data:
                    key.data.feed(data)
                else:
                    key.data.close()
                    selector.unregister(key.fileobj)
