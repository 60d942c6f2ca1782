"""A TLS server whose answers never end."""

import contextlib
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from tests.support.certificates import self_signed

NAME = "slow.example"
#: Seconds between two pieces of an answer; far below every time-out of a single read.
_PAUSE_S = 0.02


@dataclass
class DrippingServer:
    """A running server: its port, a TLS context that trusts it, and an event set when it begins to answer."""

    port: int
    trust: ssl.SSLContext
    began: threading.Event = field(default_factory=threading.Event)

    @property
    def url(self) -> str:
        """Its address; in these tests every host name resolves to this machine."""
        return f"https://{NAME}:{self.port}/a.jpg"


def drops_of(kind: str) -> Iterator[bytes]:
    """Yield an endless answer: endless headers, endless informational answers, or an endless body."""
    if kind == "headers":
        yield b"HTTP/1.1 200 OK\r\n"
        number = 0
        while True:
            number += 1
            yield b"x-%d: y\r\n" % number if number < 200 else b""
    if kind == "informational":
        while True:
            yield b"HTTP/1.1 103 Early Hints\r\n\r\n"
    yield b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n"
    while True:
        yield b"x"


@contextlib.contextmanager
def dripping_server(folder: Path, kind: str) -> Iterator[DrippingServer]:
    """Serve one kind of endless answer on this machine: handshake, headers, informational, or body."""
    pem = folder / "server.pem"
    self_signed(NAME, pem)
    listening = socket.create_server(("127.0.0.1", 0))
    server = DrippingServer(listening.getsockname()[1], ssl.create_default_context(cafile=str(pem)))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    over = threading.Event()
    threads = [threading.Thread(target=_serve, args=(listening, context, kind, server, over))]
    threads[0].start()
    try:
        yield server
    finally:
        over.set()
        with contextlib.suppress(OSError):
            listening.shutdown(socket.SHUT_RDWR)
        listening.close()
        threads[0].join()


def _serve(listening: socket.socket, context: ssl.SSLContext, kind: str, server: DrippingServer, over: threading.Event) -> None:
    with contextlib.suppress(OSError):
        while True:
            connection, _ = listening.accept()
            connection.settimeout(5)
            with contextlib.suppress(OSError), connection:
                _answer(connection, context, kind, server, over)


def _answer(connection: socket.socket, context: ssl.SSLContext, kind: str, server: DrippingServer, over: threading.Event) -> None:
    if kind == "handshake":
        server.began.set()
        connection.settimeout(_PAUSE_S)
        _until_closed(lambda: connection.recv(65536), over)
        return
    with context.wrap_socket(connection, server_side=True) as secure:
        secure.recv(65536)
        for drop in drops_of(kind):
            secure.sendall(drop)
            server.began.set()
            if over.wait(_PAUSE_S):
                return


def _until_closed(receive: Callable[[], bytes], over: threading.Event) -> None:
    while not over.is_set():
        with contextlib.suppress(TimeoutError):
            if not receive():
                return
