"""What the benchmark starts, and takes down again: environments, a Redis, producers, worker trees."""

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
#: Set when the run is broken off; every thread leaves at its next pause.
stopping = threading.Event()


class Stopped(BaseException):
    """The run was broken off; passes every `except Exception`."""


@dataclass(frozen=True)
class Sizes:
    """How much of everything is measured."""

    #: Items that bulk and drain figures are taken over.
    items: int = 20_000
    #: Calls that the single figure is taken over.
    single: int = 2_000
    #: Sends to an idle worker.
    sends: int = 200
    #: Jobs of a kill test, and how long it is watched, in seconds.
    jobs: int = 200
    watch_s: float = 60.0


def pause(seconds: float) -> None:
    """Sleep; raises Stopped when the run is broken off."""
    if stopping.wait(seconds):
        raise Stopped


def _die_with_parent() -> None:
    _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def module_of(system: str) -> str:
    """The name of a system's file in baselines/, which is importable from there."""
    return system if system == "ours" else f"{system}_system"


def constant_of(system: str, name: str) -> Any:
    """A literal constant of a peer's file, read without importing it."""
    for node in ast.parse((BASELINES / f"{module_of(system)}.py").read_text()).body:
        if isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None:
            target = node.targets[0] if isinstance(node, ast.Assign) else node.target
            if isinstance(target, ast.Name) and target.id == name:
                return ast.literal_eval(node.value)
    raise ValueError(f"{system}: no {name}")


def requirements_of(system: str) -> list[str]:
    """What is installed for it, pinned."""
    return list(constant_of(system, "REQUIREMENTS"))


def python_of(system: str) -> str:
    """The interpreter of a system's own environment, built when it is missing or its requirements have changed."""
    if system == "ours":
        return sys.executable
    return python_with(system, requirements_of(system))


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
        """SIGKILL; `start` brings it back on the same port. Safe twice and before start."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def call(self, *words: str) -> bytes:
        """The first 64 KiB of the answer to an inline command."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=30) as connection:
            connection.sendall(" ".join(words).encode() + b"\r\n")
            return connection.recv(65_536)

    def info(self, section: str, field: str) -> str:
        """One field of INFO."""
        return self.call("INFO", section).decode().split(f"\r\n{field}:")[1].split("\r\n")[0]

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()


class Log:
    """The lines that jobs append: (ns, number) of each that began or ended."""

    def __init__(self, path: Path) -> None:
        self.path, self._at, self._rest = path, 0, b""
        self.began: list[tuple[int, int]] = []
        self.ended: list[tuple[int, int]] = []
        path.write_bytes(b"")

    def read(self) -> "Log":
        """Take in what was appended since the last call."""
        with self.path.open("rb") as file:
            file.seek(self._at)
            fresh = file.read()
        self._at += len(fresh)
        *lines, self._rest = (self._rest + fresh).split(b"\n")
        for letter, at, number in map(bytes.split, lines):
            (self.began if letter == b"S" else self.ended).append((int(at), int(number)))
        return self


class Worker:
    """One started worker command with all that it starts."""

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
        """Process ids of its session and of all descendants."""
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
        """Proportional set size of the tree, in MB of 10^6 bytes."""
        kib = 0
        for pid in self.tree():
            with contextlib.suppress(OSError):
                rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
                kib += int(rollup.split("\nPss:")[1].split()[0])
        return kib * 1024 / 1e6

    def kill(self) -> None:
        """Freeze the whole tree, then SIGKILL it, so that nobody sees another's end. Safe twice."""
        pids = self.tree() if self.process.returncode is None else []
        for number in (signal.SIGSTOP, signal.SIGKILL):
            for pid in pids:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, number)
        self.process.wait()


class System:
    """One queue system against one Redis."""

    def __init__(self, name: str, redis: RedisServer, folder: Path) -> None:
        self.name, self.redis, self._folder = name, redis, folder
        self._python = python_of(name)
        self._errors = folder / f"{name}-{redis.port}.err"
        self._logs = 0
        self._argv: dict[tuple[tuple[str, str], ...], list[str]] = {}

    def new_log(self) -> Log:
        """A log nobody has written to."""
        self._logs += 1
        return Log(self._folder / f"{self.name}-{os.urandom(4).hex()}-{self._logs}.log")

    def _environment(self, log: Log, more: dict[str, str]) -> dict[str, str]:
        paths = [str(BASELINES)] + ([str(ROOT)] if self.name == "ours" else [])
        own = {"BENCH_LOG": str(log.path), "BENCH_REDIS_PORT": str(self.redis.port), "PYTHONPATH": os.pathsep.join(paths)}
        clean = {key: value for key, value in os.environ.items() if not key.startswith(("BENCH_", "SCENEBURST_", "PYTHON"))}
        return {**clean, "PYTHONWARNINGS": "ignore", **own, **more}

    def send(self, what: str, count: int = 0, *, log: Log | None = None, **more: str) -> Any:
        """What baselines/sender.py prints for `what`.

        Raises:
            RuntimeError: it failed or hung; the message ends with its last words.
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
        """Its worker command, killed afterwards."""
        known = tuple(sorted(more.items()))
        if known not in self._argv:
            self._argv[known] = self.send("worker", **more)
        with self.running(self._argv[known], log, **more) as worker:
            yield worker

    @contextlib.contextmanager
    def running(self, argv: list[str], log: Log, **more: str) -> Iterator[Worker]:
        """A command in this system's surroundings, killed afterwards."""
        worker = Worker(argv, self._environment(log, more), self._errors)
        try:
            yield worker
        finally:
            worker.kill()

    def last_words(self) -> str:
        """What its workers wrote last; empty when nothing."""
        lines = self._errors.read_text(errors="replace").strip().splitlines() if self._errors.exists() else []
        return " / ".join(lines[-2:])
