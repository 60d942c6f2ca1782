"""Spans of files on web servers, some of which have none."""

from pathlib import Path

import httpx
import pytest

from scenequeue.errors import BadInput, ItemError, ObjectNotFound, StorageDenied, StorageUnavailable
from scenequeue.reasons import Code
from scenequeue.storage import FoundSource
from scenequeue.storages.https import HttpsStorage

_URI = "https://open.example/film.mp4"
_CONTENT = bytes(range(200))


def _served(request: httpx.Request, *, etag: str = '"one"') -> httpx.Response:
    first, last = (int(each) for each in request.headers["range"].removeprefix("bytes=").split("-"))
    if first >= len(_CONTENT):
        return httpx.Response(416, headers={"content-range": f"bytes */{len(_CONTENT)}"})
    part = _CONTENT[first : last + 1]
    headers = {"content-range": f"bytes {first}-{first + len(part) - 1}/{len(_CONTENT)}", "etag": etag}
    return httpx.Response(206, headers=headers, stream=httpx.ByteStream(part))


def _web(*answers: httpx.Response) -> HttpsStorage:
    """Answers by these, one after the other; or as a good server, if there are none."""
    left = list(answers)
    return HttpsStorage(
        lambda _host, _port: "93.184.215.14", httpx.MockTransport(lambda request: left.pop(0) if left else _served(request))
    )


def _read(web: HttpsStorage, folder: Path, begin: int = 20, end: int = 30) -> bytes:
    with (folder / "x").open("w+b") as target:
        web.read_range(_URI, begin, end, version='"one" 200', target=target)
    return (folder / "x").read_bytes()


def test_a_span_stands_at_its_place(tmp_path: Path) -> None:
    """Also after a redirect; nothing is requested of an empty one."""
    assert _web().find_source(_URI) == FoundSource(bytes=200, version='"one" 200')
    assert _read(_web(httpx.Response(302, headers={"location": "/b"})), tmp_path) == bytes(20) + _CONTENT[20:30]
    assert _read(_web(httpx.Response(500)), tmp_path, 7, 7) == b""


def test_a_server_without_ranges_is_told_apart() -> None:
    """By its answer to a request of one byte; the body is not read."""
    headers = {"etag": '"a"', "content-length": "9"}
    assert _web(httpx.Response(200, headers=headers)).find_source(_URI) == FoundSource(bytes=9, version='"a" 9', has_ranges=False)
    assert _web(httpx.Response(200, stream=httpx.ByteStream(b"x"))).find_source(_URI).version == ""
    empty = _web(httpx.Response(416, headers={"content-range": "bytes */0", "last-modified": "today"}))
    assert empty.find_source(_URI) == FoundSource(bytes=0, version="today 0")


@pytest.mark.parametrize(
    ("answer", "error", "code"),
    [
        (httpx.Response(206, headers={"content-range": "bytes 20-29/200", "etag": '"two"'}), BadInput, Code.SOURCE_CHANGED),
        (httpx.Response(206, headers={"content-range": "bytes 20-29/201", "etag": '"one"'}), BadInput, Code.SOURCE_CHANGED),
        (httpx.Response(206, headers={"content-range": "bytes 0-9/200", "etag": '"one"'}), BadInput, Code.SOURCE_CHANGED),
        (httpx.Response(416), BadInput, Code.SOURCE_CHANGED),
        (httpx.Response(200, content=_CONTENT), BadInput, Code.SOURCE_WITHOUT_RANGES),
        (httpx.Response(404), ObjectNotFound, Code.OBJECT_MISSING),
        (httpx.Response(403), StorageDenied, Code.SERVER_ANSWERED),
        (httpx.Response(503), StorageUnavailable, Code.SERVER_ANSWERED),
    ],
)
def test_no_other_bytes_are_taken_for_the_span(
    tmp_path: Path, answer: httpx.Response, error: type[ItemError], code: Code
) -> None:
    """Of another version, size, place, or the whole."""
    with pytest.raises(error) as caught:
        _read(_web(answer), tmp_path)
    assert caught.value.reason.code == code


@pytest.mark.parametrize("length", [9, 11])
def test_a_span_of_another_length_is_transient(tmp_path: Path, length: int) -> None:
    """Nothing is written behind it."""
    headers = {"content-range": "bytes 20-29/200", "etag": '"one"'}
    with pytest.raises(StorageUnavailable):
        _read(_web(httpx.Response(206, headers=headers, stream=httpx.ByteStream(bytes(length)))), tmp_path)
    assert (tmp_path / "x").stat().st_size <= 30


def test_a_redirect_to_a_private_address_is_refused() -> None:
    """As in a download."""

    def resolve(host: str, _port: int) -> str:
        if host == "inside.example":
            raise StorageDenied("not a public one")
        return "93.184.215.14"

    away = httpx.MockTransport(lambda _: httpx.Response(302, headers={"location": "https://inside.example/"}))
    with pytest.raises(StorageDenied):
        HttpsStorage(resolve, away).find_source(_URI)
