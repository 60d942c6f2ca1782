"""Runs the operators' page beside a local cluster, and ends it with that."""

import contextlib
import os
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from sceneburst.codes import Code
from sceneburst.exit_codes import uninterrupted
from sceneburst.local.embedded_redis import die_with_parent, free_port
from sceneburst.local.variables import environment_of
from scenequeue.errors import ProgramUnavailable, SettingsError
from scenequeue.reasons.endings import ending_of

_HOST = "127.0.0.1"
#: Wherever it is free, if no port was asked for.
USUAL_PORT = 8080
_START_LIMIT_S = 30.0
_LOOK_S = 0.05
_STOP_S = 5.0


class LocalPage:
    """The page on the loopback, as a process of its own; use it in a `with` block.

    Args:
        redis_url: the queue's address, with its password.
        namespace: of the queue.
        file_roots: folders whose videos it may show.
        port: to listen on; 0 for any free one, None for the usual one where that is free.
        log: file for its log.

    Raises:
        SettingsError: the port is taken.
    """

    def __init__(self, redis_url: str, namespace: str, file_roots: Sequence[Path], port: int | None, log: Path) -> None:
        self.port = _usual_port() if port is None else free_port(port)
        self._log = log
        fields = {
            "redis_url": redis_url,
            "namespace": namespace,
            "file_roots": [str(root) for root in file_roots],
            "page_host": _HOST,
            "page_port": self.port,
            "log_format": "json",
        }
        self._environment = environment_of(fields, os.environ)
        self._program: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """The page's address."""
        return f"http://{_HOST}:{self.port}"

    def __enter__(self) -> Self:
        with self._log.open("wb") as log:
            self._program = subprocess.Popen(
                [sys.executable, "-P", "-m", "sceneburst.page"],
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                # In a session of its own, so that Ctrl-C reaches only us, and we stop it in order.
                start_new_session=True,
                preexec_fn=die_with_parent,  # noqa: PLW1509  before any thread is started
            )
        try:
            self._wait_until_it_listens()
        except BaseException:
            self._stop()
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._stop()

    def _wait_until_it_listens(self) -> None:
        assert self._program is not None
        deadline = time.monotonic() + _START_LIMIT_S
        while time.monotonic() < deadline:
            if self._program.poll() is not None:
                break
            with contextlib.suppress(OSError), socket.create_connection((_HOST, self.port), timeout=1):
                return
            time.sleep(_LOOK_S)
        last = self._log.read_text(errors="replace").strip().splitlines()[-1:]
        ending = ending_of(self._program.poll() or 0)
        raise ProgramUnavailable(Code.PAGE_ENDED, ending=ending, problem="".join(last)[:500])

    def _stop(self) -> None:
        if self._program is None:
            return
        with uninterrupted():
            self._program.terminate()
            try:
                self._program.wait(_STOP_S)
            except subprocess.TimeoutExpired:
                self._program.kill()
                self._program.wait()
            self._program = None


def _usual_port() -> int:
    try:
        return free_port(USUAL_PORT)
    except SettingsError:
        return free_port(0)
