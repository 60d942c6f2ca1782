"""Starts and stops the parts of the queue benchmark: environments, Redis, producers, worker trees."""

import ast
import contextlib
import ctypes
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from benchmarks.environments import ROOT, python_with
from sceneburst.local.embedded_redis import find_redis_server

BASELINES = ROOT / "benchmarks" / "queue" / "baselines"
_PR_SET_PDEATHSIG = 1
_REDIS_START_LIMIT_S = 10.0
_PRODUCER_LIMIT_S = 300.0
_LIBC = ctypes.CDLL(None)
#: Set when the run is interrupted; every thread ends at its next pause.
stopping = threading.Event()


class Stopped(BaseException):
    """The run was interrupted; a BaseException, so that no `except Exception` catches it."""


@dataclass(frozen=True)
class Sizes:
    """Sizes of the measurements."""

    #: Items of the bulk and drain figures.
    items: int = 20_000
    #: Calls of the single figure.
    single: int = 2_000
    #: Sends to an idle worker.
    sends: int = 200
    #: Idle workers, of which each send wakes one.
    workers: int = 40
    #: Jobs of a kill test, and its time limit, in seconds.
    jobs: int = 200
    watch_s: float = 60.0


def pause(seconds: float) -> None:
    """Sleep; raises Stopped if the run is interrupted."""
    if stopping.wait(seconds):
        raise Stopped


def _die_with_parent() -> None:
    _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def module_of(baseline: str) -> str:
    """Return the name of the baseline's module in baselines/."""
    return baseline if baseline == "ours" else f"{baseline}_baseline"


def constant_of(baseline: str, name: str) -> Any:
    """Read a literal constant of a baseline's module without importing it."""
    for node in ast.parse((BASELINES / f"{module_of(baseline)}.py").read_text()).body:
        if isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None:
            target = node.targets[0] if isinstance(node, ast.Assign) else node.target
            if isinstance(target, ast.Name) and target.id == name:
                return ast.literal_eval(node.value)
    raise ValueError(f"{baseline}: no {name}")


def requirements_of(baseline: str) -> list[str]:
    """Return its pinned requirements."""
    return list(constant_of(baseline, "REQUIREMENTS"))


def python_of(baseline: str) -> str:
    """Return the interpreter of its own environment, which is built if it is missing or its requirements have changed."""
    if baseline == "ours":
        return sys.executable
    return python_with(baseline, requirements_of(baseline))


class RedisServer:
    """A redis-server on a free loopback port, with an append-only file synced each second unless `is_volatile`."""

    def __init__(self, folder: Path, *, is_volatile: bool = False) -> None:
        self._folder, self._is_volatile = folder, is_volatile
        self._process: subprocess.Popen[bytes] | None = None
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = int(free.getsockname()[1])

    def start(self) -> None:
        """Start, and wait until it answers and has read its file."""
        argv = [str(find_redis_server()), "--port", str(self.port), "--bind", "127.0.0.1", "--dir", str(self._folder)]
        argv += ["--save", "", "--appendonly", "no" if self._is_volatile else "yes", "--appendfsync", "everysec"]
        self._process = subprocess.Popen(
            argv,
            stdout=subprocess.DEVNULL,
            start_new_session=True,
            preexec_fn=_die_with_parent,  # noqa: PLW1509  one call of a library that is loaded
        )
        deadline = time.monotonic() + _REDIS_START_LIMIT_S
        while time.monotonic() < deadline:
            with contextlib.suppress(OSError):
                if self.call("PING").startswith(b"+PONG"):
                    return
            pause(0.02)
        raise RuntimeError("redis-server does not answer")

    def kill(self) -> None:
        """Kill it with SIGKILL; `start` restarts it on the same port. Safe twice and before start."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def call(self, *words: str) -> bytes:
        """Send an inline command, and return the first 64 KiB of the answer."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=30) as connection:
            connection.sendall(" ".join(words).encode() + b"\r\n")
            return connection.recv(65_536)

    def info(self, section: str, field: str) -> str:
        """Return one field of INFO."""
        return self.call("INFO", section).decode().split(f"\r\n{field}:")[1].split("\r\n")[0]

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()


class Log:
    """The lines that jobs append to a log: (ns, number) of each start and end."""

    def __init__(self, path: Path) -> None:
        self.path, self._at, self._rest = path, 0, b""
        self.began: list[tuple[int, int]] = []
        self.ended: list[tuple[int, int]] = []
        path.write_bytes(b"")

    def read(self) -> "Log":
        """Read the lines appended since the last call."""
        with self.path.open("rb") as file:
            file.seek(self._at)
            fresh = file.read()
        self._at += len(fresh)
        *lines, self._rest = (self._rest + fresh).split(b"\n")
        for letter, at, number in map(bytes.split, lines):
            (self.began if letter == b"S" else self.ended).append((int(at), int(number)))
        return self


class Worker:
    """A running worker command and its descendants."""

    def __init__(self, argv: list[str], environment: dict[str, str], errors: Path) -> None:
        self.started_ns = time.time_ns()
        with errors.open("ab") as file:
            self.process = subprocess.Popen(
                argv,
                env=environment,
                cwd=BASELINES,
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=file,
                start_new_session=True,
                preexec_fn=_die_with_parent,  # noqa: PLW1509  one call of a library that is loaded
            )

    def tree(self) -> list[int]:
        """Return the process ids of its session and of all descendants."""
        parents: dict[int, tuple[int, int]] = {}
        for folder in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):
                fields = (folder / "stat").read_text().rpartition(")")[2].split()
                if fields[0] != "Z":
                    parents[int(folder.name)] = int(fields[1]), int(fields[3])
        found = {pid for pid, (_, session) in parents.items() if session == self.process.pid or pid == self.process.pid}
        while more := {pid for pid, (parent, _) in parents.items() if parent in found} - found:
            found |= more
        return sorted(found)

    def pss_mb(self) -> float:
        """Return the proportional set size of the tree, in MB of 10^6 bytes."""
        kib = 0
        for pid in self.tree():
            with contextlib.suppress(OSError):
                rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
                kib += int(rollup.split("\nPss:")[1].split()[0])
        return kib * 1024 / 1e6

    def kill(self) -> None:
        """Stop the whole tree, then kill it, so that no process reacts to the death of another. Safe twice."""
        pids = self.tree() if self.process.returncode is None else []
        for number in (signal.SIGSTOP, signal.SIGKILL):
            for pid in pids:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, number)
        self.process.wait()


class Baseline:
    """One queue, ours included, on one Redis."""

    def __init__(self, name: str, redis: RedisServer, folder: Path) -> None:
        self.name, self.redis, self._folder = name, redis, folder
        self._python = python_of(name)
        self._errors = folder / f"{name}-{redis.port}.err"
        self._logs = 0
        self._argv: dict[tuple[tuple[str, str], ...], list[str]] = {}

    def new_log(self) -> Log:
        """Return an empty log."""
        self._logs += 1
        return Log(self._folder / f"{self.name}-{os.urandom(4).hex()}-{self._logs}.log")

    def _environment(self, log: Log, more: dict[str, str]) -> dict[str, str]:
        paths = [str(BASELINES)] + ([str(ROOT)] if self.name == "ours" else [])
        own = {"BENCH_LOG": str(log.path), "BENCH_REDIS_PORT": str(self.redis.port), "PYTHONPATH": os.pathsep.join(paths)}
        clean = {key: value for key, value in os.environ.items() if not key.startswith(("BENCH_", "SCENEBURST_", "PYTHON"))}
        return {**clean, "PYTHONWARNINGS": "ignore", **own, **more}

    def send(self, what: str, count: int = 0, *, log: Log | None = None, **more: str) -> Any:
        """Run baselines/sender.py, and return what it prints for `what`.

        Raises:
            RuntimeError: it failed or hung; the message ends with its last lines of output.
        """
        argv = [self._python, str(BASELINES / "sender.py"), module_of(self.name), what, str(count)]
        environment = self._environment(log or self.new_log(), more)
        try:
            done = subprocess.run(
                argv, env=environment, cwd=BASELINES, capture_output=True, text=True, timeout=_PRODUCER_LIMIT_S, check=False
            )
        except subprocess.TimeoutExpired:
            raise RuntimeError(f"{what}: took more than {_PRODUCER_LIMIT_S:.0f} s") from None
        if done.returncode:
            raise RuntimeError(f"{what}: {' / '.join(done.stderr.strip().splitlines()[-2:])}")
        return json.loads(done.stdout.strip().splitlines()[-1])

    @contextlib.contextmanager
    def worker(self, log: Log, **more: str) -> Iterator[Worker]:
        """Run its worker command for the length of the block."""
        known = tuple(sorted(more.items()))
        if known not in self._argv:
            self._argv[known] = self.send("worker", **more)
        with self.running(self._argv[known], log, **more) as worker:
            yield worker

    @contextlib.contextmanager
    def running(self, argv: list[str], log: Log, **more: str) -> Iterator[Worker]:
        """Run a command in its environment for the length of the block."""
        worker = Worker(argv, self._environment(log, more), self._errors)
        try:
            yield worker
        finally:
            worker.kill()

    def last_errors(self) -> str:
        """Return the last lines that its workers wrote to stderr; empty if none."""
        lines = self._errors.read_text(errors="replace").strip().splitlines() if self._errors.exists() else []
        return " / ".join(lines[-2:])
