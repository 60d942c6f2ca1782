"""Two proxies to break things in: one in front of Redis that cuts connections, one in front of S3 that answers badly."""

import contextlib
import random
import select
import socket
import threading
import time
from collections.abc import Callable
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

_BUFFER = 65_536


class RedisProxy:
    """A unix socket that leads to another one. Thread-safe.

    Args:
        path: where it listens.
        target: where it leads.
    """

    def __init__(self, path: Path, target: Path) -> None:
        self._target = target
        self._server = socket.socket(socket.AF_UNIX)
        self._server.bind(str(path))
        self._server.listen(256)
        self.url = f"unix://{path}"
        self._pairs: set[tuple[socket.socket, socket.socket]] = set()
        self._lock = threading.Lock()
        self.is_blocked = False
        threading.Thread(target=self._accept, name="redis-proxy", daemon=True).start()

    def cut(self, share: float, draws: random.Random) -> int:
        """Break so many of the connections, in the middle of whatever they carry; returns how many."""
        with self._lock:
            chosen = [pair for pair in self._pairs if draws.random() < share]
        for pair in chosen:
            _close(*pair)
        return len(chosen)

    def close(self) -> None:
        """Listen no more; safe twice."""
        self._server.close()
        with self._lock:
            pairs = list(self._pairs)
        for pair in pairs:
            _close(*pair)

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._server.accept()
            except OSError:
                return
            upstream = socket.socket(socket.AF_UNIX)
            try:
                if self.is_blocked:
                    raise ConnectionRefusedError
                upstream.connect(str(self._target))
            except OSError:
                _close(client, upstream)
                continue
            pair = (client, upstream)
            with self._lock:
                self._pairs.add(pair)
            threading.Thread(target=self._carry, args=(pair,), daemon=True).start()

    def _carry(self, pair: tuple[socket.socket, socket.socket]) -> None:
        client, upstream = pair
        with contextlib.suppress(OSError, ValueError):
            while True:
                readable, _, _ = select.select(pair, [], [], 1.0)
                for side in readable:
                    data = side.recv(_BUFFER)
                    if not data:
                        raise ConnectionResetError
                    (upstream if side is client else client).sendall(data)
        _close(*pair)
        with self._lock:
            self._pairs.discard(pair)


def _close(*sockets: socket.socket) -> None:
    for each in sockets:
        with contextlib.suppress(OSError):
            each.shutdown(socket.SHUT_RDWR)
        each.close()


class S3Proxy:
    """An HTTP endpoint that leads to an S3 API, and misbehaves when told to: 500, 503, slow, cut short. Thread-safe.

    Args:
        target: URL of the real one.
        seed: of the draws which request is hit.
    """

    def __init__(self, target: str, seed: int) -> None:
        self._draws = random.Random(seed)
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(target, self._fault))
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        #: What may go wrong, and in which share of the requests.
        self.faults: tuple[str, ...] = ()
        self.share = 0.4
        threading.Thread(target=self._server.serve_forever, name="s3-proxy", daemon=True).start()

    def close(self) -> None:
        """Listen no more."""
        self._server.shutdown()
        self._server.server_close()

    def _fault(self) -> str:
        faults = self.faults
        return self._draws.choice(faults) if faults and self._draws.random() < self.share else ""


def _handler(target: str, fault_of: Callable[[], str]) -> type[BaseHTTPRequestHandler]:
    place = urlsplit(target)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _pass_on(self) -> None:
            fault = fault_of()
            body = self._body()
            if fault in {"500", "503"}:
                self._answer(int(fault), [("Content-Type", "application/xml")], _error(fault))
                return
            if fault == "slow":
                time.sleep(2.0)
            connection = HTTPConnection(place.hostname or "", place.port or 80, timeout=30)
            try:
                headers = {name: value for name, value in self.headers.items() if name.lower() != "transfer-encoding"}
                connection.request(self.command, self.path, body, headers)
                answer = connection.getresponse()
                data = answer.read()
                self._answer(answer.status, answer.getheaders(), data, is_cut=fault == "cut" and len(data) > 1)
            finally:
                connection.close()

        do_GET = do_PUT = do_POST = do_HEAD = do_DELETE = _pass_on

        def _body(self) -> bytes:
            if "chunked" not in self.headers.get("Transfer-Encoding", ""):
                return self.rfile.read(int(self.headers.get("Content-Length", 0)))
            parts = []
            while size := int(self.rfile.readline().split(b";")[0], 16):
                parts.append(self.rfile.read(size))
                self.rfile.readline()
            self.rfile.readline()
            return b"".join(parts)

        def _answer(self, status: int, headers: list[tuple[str, str]], data: bytes, *, is_cut: bool = False) -> None:
            kept = {name: value for name, value in headers if name.lower() not in {"connection", "transfer-encoding"}}
            if self.command != "HEAD":
                kept = {name: value for name, value in kept.items() if name.lower() != "content-length"}
                kept["Content-Length"] = str(len(data))
            self.send_response_only(status)
            for name, value in kept.items():
                self.send_header(name, value)
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(data[: len(data) // 2] if is_cut else data)
            if is_cut:
                self.close_connection = True
                with contextlib.suppress(OSError):
                    self.connection.shutdown(socket.SHUT_RDWR)

        def handle(self) -> None:
            with contextlib.suppress(OSError):
                super().handle()

        def log_message(self, *args: Any) -> None:
            """Nothing."""

    return Handler


def _error(code: str) -> bytes:
    name = "InternalError" if code == "500" else "SlowDown"
    return f"<Error><Code>{name}</Code><Message>chaos</Message></Error>".encode()
