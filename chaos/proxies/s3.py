"""A proxy to S3 that fails requests (500, 503, late, cut off), and refuses signatures of a wrong clock as S3 does.

It also records the beginner of each multipart upload, and whether an injected fault kept the upload from being ended.
"""

import contextlib
import random
import re
import socket
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

FAULTS = ("500", "503", "slow", "cut")
#: Delays of an answer in seconds: within a client's time-out, and beyond it (2 s, see skew/sitecustomize.py).
LATE_S = (0.5, 4.0)
#: Delay of a held part, in seconds.
_HELD_S = 1.0
#: S3 refuses a request whose signature is dated more than 15 minutes off (RequestTimeTooSkewed).
MAX_SKEW_S = 900.0
_UPLOAD_ID = re.compile(rb"<UploadId>([^<]+)</UploadId>")
_PROGRAM = re.compile(r"\bapp/(\S+)")
_TEXT = {"500": "InternalError", "503": "SlowDown", "403": "RequestTimeTooSkewed"}


@dataclass
class Upload:
    """One multipart upload."""

    #: The container that began it.
    container: str
    #: The container never got its id, or could not end it, because of an injected fault.
    is_answer_lost: bool = False
    has_ended: bool = False


class S3Proxy:
    """An HTTP endpoint in front of an S3 API, with injectable faults. Thread-safe.

    Args:
        target: URL of the real one.
        seed: seed of the choice of failing requests.
    """

    def __init__(self, target: str, seed: int) -> None:
        self._target = urlsplit(target)
        self._draws = random.Random(f"{seed}/s3")
        self._lock = threading.Lock()
        self._injections: list[tuple[tuple[str, ...], float]] = []
        #: Delay uploaded parts, within the sender's time-out, so that a worker can be killed during an upload.
        self.holds_parts = False
        #: Counts by the treatment of a request: "500", "cut GET", "cut PUT after", …
        self.done = Counter[str]()
        #: By upload id.
        self.uploads: dict[str, Upload] = {}
        proxy = self

        class Handler(_Handler):
            owner = proxy

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, args=(0.05,), name="s3-proxy", daemon=True).start()

    def inject(self, faults: tuple[str, ...], share: float) -> Callable[[], None]:
        """Fail this share of the requests with one of these faults, until the returned function is called; safe twice."""
        injection = (faults, share)
        with self._lock:
            self._injections.append(injection)

        def lift() -> None:
            with self._lock, contextlib.suppress(ValueError):
                self._injections.remove(injection)

        return lift

    def uploaders(self) -> list[str]:
        """List the containers that are inside a multipart upload."""
        with self._lock:
            return [upload.container for upload in self.uploads.values() if not upload.has_ended and not upload.is_answer_lost]

    def close(self) -> None:
        """Stop listening."""
        self._server.shutdown()
        self._server.server_close()

    def fault(self, method: str) -> tuple[str, float]:
        """Draw the next request's fault ("", "500", "503", "slow", "cut before", "cut after") and its delay in seconds."""
        with self._lock:
            for faults, share in self._injections:
                if self._draws.random() >= share:
                    continue
                chosen = self._draws.choice(faults)
                late_s = self._draws.choice(LATE_S) if chosen == "slow" else 0.0
                if chosen == "cut":
                    chosen = "cut after" if method == "GET" else self._draws.choice(("cut before", "cut after"))
                self.done[f"{chosen.partition(' ')[0]} {method}" if method == "GET" else f"{chosen} {method}"] += 1
                return chosen, late_s
        return "", 0.0

    def count(self, what: str) -> None:
        """Count one event."""
        with self._lock:
            self.done[what] += 1

    def note(self, method: str, path: str, user_agent: str, answer: bytes, *, is_told: bool) -> None:
        """Record the effect of a request on a multipart upload, and whether the sender got the answer."""
        query = parse_qs(urlsplit(path).query, keep_blank_values=True)
        with self._lock:
            if method == "POST" and "uploads" in query and (found := _UPLOAD_ID.search(answer)):
                program = _PROGRAM.search(user_agent)
                if found[1].decode() not in self.uploads:
                    self.done["upload in parts"] += 1
                self.uploads[found[1].decode()] = Upload(program[1] if program else "", is_answer_lost=not is_told)
            elif method in {"DELETE", "POST"} and (upload := self.uploads.get(query.get("uploadId", [""])[0])):
                upload.has_ended = is_told
                upload.is_answer_lost = upload.is_answer_lost or not is_told

    def ask(self, method: str, path: str, body: bytes, headers: dict[str, str]) -> tuple[int, list[tuple[str, str]], bytes]:
        """Forward a request, and return the answer."""
        connection = HTTPConnection(self._target.hostname or "", self._target.port or 80, timeout=30)
        try:
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            return answer.status, answer.getheaders(), answer.read()
        finally:
            connection.close()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    owner: S3Proxy

    def _pass_on(self) -> None:
        owner, method = self.owner, self.command
        body = self._body()
        if _skew_s(self.headers.get("X-Amz-Date", "")) > MAX_SKEW_S:
            owner.count("refused for its clock")
            self._answer(403, [("Content-Type", "application/xml")], _error("403"))
            return
        if owner.holds_parts and method == "PUT" and "uploadId=" in self.path:
            time.sleep(_HELD_S)
        fault, late_s = owner.fault(method)
        agent = self.headers.get("User-Agent", "")
        if fault in {"500", "503", "cut before"}:
            owner.note(method, self.path, agent, b"", is_told=False)
            if fault == "cut before":
                self._break_off()
            else:
                self._answer(int(fault), [("Content-Type", "application/xml")], _error(fault))
            return
        headers = {name: value for name, value in self.headers.items() if name.lower() != "transfer-encoding"}
        status, answered, data = owner.ask(method, self.path, body, headers)
        is_cut = fault == "cut after"
        owner.note(method, self.path, agent, data, is_told=not is_cut and late_s < max(LATE_S))
        if late_s:
            time.sleep(late_s)
        if self._is_given_up():
            owner.note(method, self.path, agent, data, is_told=False)
        if is_cut and (method != "GET" or len(data) < 2):
            self._break_off()
        else:
            self._answer(status, answered, data, is_cut=is_cut)

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
        kept.setdefault("Date", self.date_time_string())
        for name, value in kept.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data[: len(data) // 2] if is_cut else data)
        if is_cut:
            self._break_off()

    def _is_given_up(self) -> bool:
        """Return True if the client has closed the connection, because of a fault or of a busy machine."""
        try:
            return not self.connection.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT)
        except BlockingIOError:
            return False
        except OSError:
            return True

    def _break_off(self) -> None:
        self.close_connection = True
        with contextlib.suppress(OSError):
            self.wfile.flush()
            self.connection.shutdown(socket.SHUT_RDWR)

    def handle(self) -> None:
        with contextlib.suppress(OSError):
            super().handle()

    def log_message(self, *args: Any) -> None:
        """Log nothing."""


def _skew_s(signed_at: str) -> float:
    """Return the seconds between a request's own date (20261124T203000Z) and ours; 0 if it has none."""
    if not signed_at:
        return 0.0
    moment = datetime.strptime(signed_at, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    return abs(moment.timestamp() - time.time())


def _error(code: str) -> bytes:
    return f"<Error><Code>{_TEXT[code]}</Code><Message>chaos</Message></Error>".encode()
