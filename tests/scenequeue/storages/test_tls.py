"""https:// over a real connection: the certificate and the name are those asked for, the address is the one judged."""

import ssl
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx
import pytest

from scenequeue.errors import StorageUnavailable
from scenequeue.storages.https import HttpsStorage
from tests.support.certificates import self_signed

_NAME = "videos.example"


@dataclass
class Server:
    """A web server with a certificate for one name, and what it was asked."""

    port: int
    trust: ssl.SSLContext
    hosts: list[str] = field(default_factory=list)

    def storage(self) -> HttpsStorage:
        """Storage that trusts the server's certificate and finds every name at this machine."""
        return HttpsStorage(lambda _host, _port: "127.0.0.1", httpx.AsyncHTTPTransport(verify=self.trust))


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    """A server for videos.example on this machine."""
    pem = tmp_path / "server.pem"
    self_signed(_NAME, pem)
    hosts: list[str] = []

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            hosts.append(self.headers["Host"])
            self.send_response(200)
            self.send_header("Content-Length", "7")
            self.end_headers()
            self.wfile.write(b"picture")

        def log_message(self, *_: object) -> None:
            """Silent."""

    web = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    web.socket = context.wrap_socket(web.socket, server_side=True)
    thread = threading.Thread(target=web.serve_forever, args=(0.02,))
    thread.start()
    yield Server(web.server_port, ssl.create_default_context(cafile=str(pem)), hosts)
    web.shutdown()
    thread.join()
    web.server_close()


def test_the_name_asked_for_is_checked_at_the_address_that_was_judged(server: Server, tmp_path: Path) -> None:
    """TLS and the Host header see the name; the socket sees only the address."""
    stored = server.storage().get(f"https://{_NAME}:{server.port}/a.jpg", tmp_path / "a.jpg", max_bytes=100)
    assert (stored.bytes, (tmp_path / "a.jpg").read_bytes()) == (7, b"picture")
    assert server.hosts == [f"{_NAME}:{server.port}"]


def test_a_certificate_for_another_name_is_refused(server: Server, tmp_path: Path) -> None:
    """Connecting by address does not mean trusting whoever answers there."""
    with pytest.raises(StorageUnavailable, match="certificate"):
        server.storage().get(f"https://other.example:{server.port}/a.jpg", tmp_path / "a.jpg", max_bytes=100)
    assert server.hosts == []
    assert not (tmp_path / "a.jpg").exists()
