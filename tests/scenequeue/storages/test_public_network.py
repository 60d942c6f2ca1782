"""Exchanges with servers that answer without an end: one limit holds for all of it, and a request to stop ends them."""

import threading
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from scenequeue.errors import StorageDenied, StorageUnavailable
from scenequeue.storages.https import HttpsStorage
from scenequeue.storages.public_network import check_public_url
from tests.support.dripping_server import DrippingServer, dripping_server

_KINDS = ["handshake", "headers", "informational", "body"]


@pytest.fixture(params=_KINDS)
def server(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[DrippingServer]:
    """A server of each kind."""
    with dripping_server(tmp_path, request.param) as running:
        yield running


def _storage(server: DrippingServer, limit_s: float) -> HttpsStorage:
    return HttpsStorage(lambda _host, _port: "127.0.0.1", httpx.AsyncHTTPTransport(verify=server.trust), limit_s)


def test_a_download_has_one_limit_for_all_of_it(server: DrippingServer, tmp_path: Path) -> None:
    """Every read brings something in time, and still it ends."""
    with pytest.raises(StorageUnavailable, match=r"within 0\.5 s"):
        _storage(server, 0.5).get(server.url, tmp_path / "x", max_bytes=10**9)
    assert [path.name for path in tmp_path.iterdir()] == ["server.pem"]


def test_a_download_that_is_asked_to_stop_stops(server: DrippingServer, tmp_path: Path) -> None:
    """In the middle of whatever the server is at: the limit is an hour away."""

    class Asked(Exception):
        pass

    def stop() -> None:
        if server.began.is_set():
            raise Asked

    with pytest.raises(Asked):
        _storage(server, 3600).get(server.url, tmp_path / "x", max_bytes=10**9, stop_if_asked=stop)
    assert [path.name for path in tmp_path.iterdir()] == ["server.pem"]


def test_a_name_that_resolves_too_slowly_is_not_waited_for(tmp_path: Path) -> None:
    """The resolver has no limit of its own."""
    over = threading.Event()

    def resolve(_host: str, _port: int) -> str:
        over.wait(60)
        return "127.0.0.1"

    try:
        with pytest.raises(StorageUnavailable, match=r"within 0\.3 s"):
            HttpsStorage(resolve, limit_s=0.3).get("https://slow.example/a", tmp_path / "x", max_bytes=9)
    finally:
        over.set()


@pytest.mark.parametrize(
    "url",
    [
        "http://example.org/",
        "https://user:hush@example.org/",
        "https://user@example.org/",
        "https://127.0.0.1/hook",
        "https://[::1]/",
        "https://10.0.0.1/",
        "https://[::ffff:169.254.169.254]/",
        "https://localhost/hook",
        "https://a.localhost/hook",
        "https://localhost./hook",
        "https://168.63.129.16/metadata",
        "https://127.0.0.1./hook",
        "https://0x7f.1/",
        "https://0X7F.0.0.1/",
        "https://2130706433/",
        "https://2130706433./",
        "https://0177.0.0.1/",
        "https://127.1:8443/",
        "https://10.1/",
        "https://0/",
        "https://0xa9fea9fe/latest",
        "https:///x",
        "https://[x/",
        "no address",
    ],
)
def test_an_address_that_no_request_goes_to_is_refused_unresolved(url: str) -> None:
    """As far as it shows in the text; the message does not repeat a password."""
    with pytest.raises(StorageDenied) as caught:
        check_public_url(url)
    assert "hush" not in str(caught.value)


def test_a_public_address_is_accepted_unresolved() -> None:
    """Names are judged when they are resolved."""
    check_public_url("https://example.org:8443/hook?x=1")
    check_public_url("https://93.184.215.14/hook")
    check_public_url("https://0x5db8d70e/hook")
    check_public_url("https://0x7f.example/hook")


def test_a_host_that_is_unknown_or_private_is_told_with_the_input_that_named_it(tmp_path: Path) -> None:
    """Of a scene with five addresses, which one it is."""
    for uri, words in (
        ("https://nobody.invalid/picture.jpg", "nobody.invalid does not resolve"),
        ("https://localhost/picture.jpg?signature=hush99", "localhost has the address .*, which is not a public one"),
    ):
        shown = uri.replace("hush99", "***").replace("?", r"\?").replace("*", r"\*")
        with pytest.raises((StorageUnavailable, StorageDenied), match=rf"^{shown}: {words}"):
            HttpsStorage().get(uri, tmp_path / "x", max_bytes=9)


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("nonsense", "'nonsense'"), ("", "''"), ("http://a.example/b", "'http://a.example'"),
        ("mailto:u:hush99@a.example", "'a.example'"),
        ("https:///path", "'https:///path'"), ("x" * 1000, f"'{'x' * 119}"),
    ],
)  # fmt: skip
def test_what_is_no_https_address_is_shown_with_an_example(url: str, shown: str) -> None:
    """As a callback address; never with a password."""
    with pytest.raises(StorageDenied) as caught:
        check_public_url(url)
    assert str(caught.value).startswith(shown)
    assert str(caught.value).endswith("is not a plain https:// address, such as https://example.com/path")
    assert "hush99" not in str(caught.value)
