"""Web servers that are private, redirect, drip, or break off."""

import errno
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from scenequeue.errors import BadInput, DiskFull, ItemError, StorageDenied, StorageUnavailable
from scenequeue.storages.https import HttpsStorage
from scenequeue.storages.public_network import is_public, pinned_request


@pytest.mark.parametrize(
    ("address", "is_open"),
    [
        ("93.184.215.14", True),
        ("2606:2800:21f:cb07:6820:80da:af6b:8b2c", True),
        ("64:ff9b::5db8:d70e", True),
        ("64:ff9b::a9fe:a9fe", False),
        ("::127.0.0.1", False),
        ("::ffff:10.0.0.1", False),
        ("2002:7f00:1::", False),
        ("2001:0:7f00:1::1", False),
        ("fec0::1", False),
        ("fe80::1%eth0", False),
        ("fd00::1", False),
        ("ff0e::1", False),
        ("100.64.0.1", False),
        ("240.0.0.1", False),
        ("255.255.255.255", False),
        ("192.0.0.192", False),
        ("::ffff:192.0.0.192", False),
        ("192.88.99.1", False),
        ("168.63.129.16", False),
        ("3fff::1", False),
    ],
)
def test_only_the_open_internet_is_public(address: str, *, is_open: bool) -> None:
    """Also when an IPv4 address travels inside an IPv6 one: mapped, compatible, NAT64, 6to4, Teredo."""
    assert is_public(address) is is_open


def test_the_connection_goes_to_the_address_that_was_judged() -> None:
    """Under the name that was asked for, in the certificate's check and in the Host header."""
    request = pinned_request("https://müde.example:8443/a?b#c", lambda _host, _port: "2606:2800::1")
    assert request["url"] == "https://[2606:2800::1]:8443/a?b"
    assert request["extensions"] == {"sni_hostname": "xn--mde-hoa.example"}
    assert request["headers"]["Host"] == "xn--mde-hoa.example:8443"


@pytest.mark.parametrize("url", ["https://user@host/", "https://@host/", "https://user:word@host/", "HTTP://host/", "https:///x"])
def test_an_address_with_a_user_or_without_a_host_is_refused(url: str) -> None:
    """Before any name is looked up."""
    with pytest.raises(StorageDenied):
        pinned_request(url, lambda _host, _port: pytest.fail("looked up"))


def test_a_redirect_to_a_private_address_is_refused(tmp_path: Path) -> None:
    """Every hop's name is resolved and judged anew."""
    asked: list[str] = []

    def resolve(host: str, _port: int) -> str:
        asked.append(host)
        if host == "inside.example":
            raise StorageDenied("not a public one")
        return "93.184.215.14"

    away = httpx.MockTransport(lambda _: httpx.Response(302, headers={"location": "https://inside.example/"}))
    with pytest.raises(StorageDenied):
        HttpsStorage(resolve, away).get("https://open.example/", tmp_path / "x", max_bytes=9)
    assert asked == ["open.example", "inside.example"]


def test_redirects_end(tmp_path: Path) -> None:
    """After five, as a permanent error."""
    around = httpx.MockTransport(lambda _: httpx.Response(302, headers={"location": "/again"}))
    with pytest.raises(BadInput, match="redirects"):
        HttpsStorage(lambda _h, _p: "93.184.215.14", around).get("https://open.example/", tmp_path / "x", max_bytes=9)


class _Drip(httpx.AsyncByteStream):
    async def __aiter__(self) -> AsyncIterator[bytes]:
        for _ in range(3):
            yield b"x"


class _FullAfterOne(httpx.AsyncByteStream):
    async def __aiter__(self) -> AsyncIterator[bytes]:
        yield b"x"
        raise OSError(errno.ENOSPC, "No space left on device")


@pytest.mark.parametrize(
    ("headers", "stream", "error"),
    [({"content-length": "9"}, _Drip(), StorageUnavailable), ({}, _FullAfterOne(), DiskFull)],
)
def test_a_web_download_is_whole_or_not_there(
    tmp_path: Path, headers: dict[str, str], stream: httpx.AsyncByteStream, error: type[ItemError]
) -> None:
    """Shorter than announced, or out of space half-way."""
    web = HttpsStorage(
        lambda _h, _p: "93.184.215.14", httpx.MockTransport(lambda _: httpx.Response(200, headers=headers, stream=stream))
    )
    with pytest.raises(error):
        web.get("https://open.example/", tmp_path / "x", max_bytes=9)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("fault", "words"),
    [(TimeoutError(errno.ETIMEDOUT, "x"), "the connection timed out"), (httpx.ReadTimeout(""), "ReadTimeout")],
)
def test_a_connection_that_timed_out_is_called_that(tmp_path: Path, fault: Exception, words: str) -> None:
    """Not a limit that was not reached, and never nothing."""

    def fail(_: httpx.Request) -> httpx.Response:
        raise fault

    storage = HttpsStorage(lambda _h, _p: "93.184.215.14", httpx.MockTransport(fail))
    with pytest.raises(StorageUnavailable) as caught:
        storage.get("https://a.example/b", tmp_path / "x", max_bytes=9)
    assert str(caught.value) == f"https://a.example/b: {words}"
