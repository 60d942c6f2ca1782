"""Storages whose other side misbehaves: answers that are torn, damaged, refused, slow, or lead astray."""

import errno
import os
import shutil
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar

import boto3
import httpx
import pytest
from botocore.config import Config

from scenequeue.errors import BadInput, DiskFull, ItemError, ObjectNotFound, StorageDenied, StorageUnavailable
from scenequeue.jobs.ids import check_name
from scenequeue.settings import SceneburstSettings
from scenequeue.storage import sha256_of
from scenequeue.storages import s3
from scenequeue.storages.atomic import atomic_write
from scenequeue.storages.files import FileStorage, file_uri, path_of
from scenequeue.storages.https import HttpsStorage
from scenequeue.storages.public_network import is_public, pinned_request
from scenequeue.storages.s3 import MULTIPART_BYTES
from scenequeue.storages.uri import UriStorage
from tests.conftest import S3


@pytest.fixture
def files(tmp_path: Path) -> FileStorage:
    """Files under one folder."""
    return FileStorage([tmp_path])


def _file(folder: Path, content: bytes = b"hello", name: str = "source") -> Path:
    path = folder / name
    path.write_bytes(content)
    return path


# -- files


def test_without_extended_attributes_metadata_lies_in_a_hidden_neighbour(
    files: FileStorage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a file system or a system that has none; what a person sees in the folder is the video alone."""
    _without_attributes(monkeypatch)
    uri = file_uri(tmp_path / "out" / "a.mp4")
    files.put(_file(tmp_path), uri, metadata={"fingerprint": "f"}, content_type="video/mp4")
    found = files.stat(uri)
    assert found is not None
    assert (found.metadata["fingerprint"], found.sha256) == ("f", sha256_of(tmp_path / "source"))
    assert [path.name for path in (tmp_path / "out").iterdir() if not path.name.startswith(".")] == ["a.mp4"]


@pytest.mark.parametrize("has_attributes", [True, False])
def test_metadata_of_a_file_that_has_changed_since_is_not_believed(
    files: FileStorage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, has_attributes: bool
) -> None:
    """A video that someone cut short or wrote over is made again, not taken for the one that was put."""
    if not has_attributes:
        _without_attributes(monkeypatch)
    path = tmp_path / "a.mp4"
    files.put(_file(tmp_path), file_uri(path), metadata={"fingerprint": "f"}, content_type="video/mp4")
    with path.open("r+b") as video:
        video.truncate(2)
    found = files.stat(file_uri(path))
    assert found is not None
    assert (found.bytes, found.metadata) == (2, {})


def test_a_name_as_long_as_a_name_can_be_is_written(files: FileStorage, tmp_path: Path) -> None:
    """82 Chinese characters are 246 bytes; the temporary name must not be longer."""
    uri = file_uri(tmp_path / ("字" * 82 + ".mp4"))
    files.put(_file(tmp_path), uri, metadata={}, content_type="video/mp4")
    assert files.stat(uri) is not None
    with pytest.raises(ValueError, match="220 bytes"):
        check_name("字" * 100)


def test_names_that_are_no_utf8_have_an_address_too(tmp_path: Path) -> None:
    """Bytes, not characters, are what a path is made of."""
    path = tmp_path / os.fsdecode(b"caf\xe9.png")
    assert path_of(file_uri(path)) == path


def test_a_circle_of_links_is_refused(files: FileStorage, tmp_path: Path) -> None:
    """Permanently, and by name."""
    (tmp_path / "a").symlink_to(tmp_path / "b")
    (tmp_path / "b").symlink_to(tmp_path / "a")
    with pytest.raises(StorageDenied, match="circle"):
        files.get(file_uri(tmp_path / "a"), tmp_path / "copy", max_bytes=10)


def test_a_full_disk_leaves_nothing_behind(files: FileStorage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """DiskFull, which is transient, and the old file is still the old file."""
    folder = tmp_path / "out"
    uri = file_uri(folder / "a.mp4")
    files.put(_file(tmp_path, b"old"), uri, metadata={}, content_type="video/mp4")

    def full(_source: Path, target: Path) -> None:
        target.write_bytes(b"half")
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(shutil, "copyfile", full)
    with pytest.raises(DiskFull) as caught:
        files.put(_file(tmp_path, b"new!"), uri, metadata={}, content_type="video/mp4")
    assert caught.value.transient
    assert [(path.name, path.read_bytes()) for path in folder.iterdir()] == [("a.mp4", b"old")]


def test_a_file_that_grows_while_it_is_read_is_cut_off(
    files: FileStorage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The limit holds during the copy, too."""
    path = _file(tmp_path, b"x" * 100)
    real = os.fstat

    def before_it_grew(descriptor: int) -> os.stat_result:
        facts = list(real(descriptor))
        facts[6] = 10
        return os.stat_result(facts)

    monkeypatch.setattr(os, "fstat", before_it_grew)
    with pytest.raises(BadInput, match="grew beyond the 50 bytes"):
        files.get(file_uri(path), tmp_path / "copy", max_bytes=50)
    assert not (tmp_path / "copy").exists()


def test_a_write_that_is_broken_off_leaves_nothing(tmp_path: Path) -> None:
    """Neither the target nor its temporary neighbour."""

    def interrupted() -> None:
        with atomic_write(tmp_path / "a") as copy:
            copy.write_bytes(b"half")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "uri", ["https://[x/", "s3://b/a\nb", "file:///a\0b", "https://h:99999/x", f"https://{'a' * 70}.com/x", ""]
)
def test_a_malformed_address_is_refused_by_name(tmp_path: Path, uri: str) -> None:
    """Never with an error that is not ours."""
    with pytest.raises(StorageDenied):
        UriStorage(SceneburstSettings.load(file_roots=[tmp_path])).get(uri, tmp_path / "copy")


# -- S3


class _Answer(BaseHTTPRequestHandler):
    """Answers every request in one way."""

    status: ClassVar[int]
    announced: ClassVar[int]
    body: ClassVar[bytes]

    def do_GET(self) -> None:
        self.send_response(self.status)
        self.send_header("Content-Length", str(self.announced))
        self.end_headers()
        self.wfile.write(self.body)
        self.close_connection = True

    def do_PUT(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.do_GET()

    def do_POST(self) -> None:
        self.do_PUT()

    def log_message(self, *_: object) -> None:
        """Silent."""


@contextmanager
def _s3_that_answers(monkeypatch: pytest.MonkeyPatch, status: int, body: bytes, announced: int | None = None) -> Iterator[None]:
    answer = type(
        "Answer", (_Answer,), {"status": status, "body": body, "announced": len(body) if announced is None else announced}
    )
    server = ThreadingHTTPServer(("127.0.0.1", 0), answer)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{server.server_port}")
    monkeypatch.setattr(s3, "_CONFIG", s3._CONFIG.merge(Config(retries={"total_max_attempts": 1})))
    try:
        yield
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _error_body(code: str) -> bytes:
    return f"<?xml version='1.0'?><Error><Code>{code}</Code><Message>so it is</Message></Error>".encode()


def test_a_torn_download_is_transient_and_never_a_file(s3: S3, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Half of the announced body, then silence."""
    with _s3_that_answers(monkeypatch, 200, b"half", announced=8), pytest.raises(StorageUnavailable):
        UriStorage(SceneburstSettings.load()).get(f"{s3.uri}/x", tmp_path / "copy")
    assert list(tmp_path.iterdir()) == []


def test_a_download_that_differs_from_its_checksum_is_transient_and_never_a_file(s3: S3, tmp_path: Path) -> None:
    """Right length, wrong bytes."""
    client = boto3.client("s3", endpoint_url=s3.endpoint_url)
    client.put_object(Bucket=s3.bucket, Key="x", Body=b"damaged", Metadata={"sha256": "0" * 64})
    with pytest.raises(StorageUnavailable, match="checksum"):
        UriStorage(SceneburstSettings.load()).get(f"{s3.uri}/x", tmp_path / "copy")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("size", [5, MULTIPART_BYTES + 1])
@pytest.mark.parametrize(
    ("status", "code", "error"),
    [
        (403, "AccessDenied", StorageDenied),
        (403, "SomeNewRefusal", StorageDenied),
        (404, "NoSuchBucket", ObjectNotFound),
        (503, "SlowDown", StorageUnavailable),
        (500, "InternalError", StorageUnavailable),
        (400, "ExpiredToken", StorageUnavailable),
        (400, "KeyTooLongError", StorageDenied),
    ],
)
def test_what_s3_refuses_for_good_is_told_from_what_may_pass(
    s3: S3, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, size: int, status: int, code: str, error: type[ItemError]
) -> None:
    """In one request and in parts alike, where boto3 hides the reason in an error of its own."""
    source = _file(tmp_path, b"x" * size)
    with _s3_that_answers(monkeypatch, status, _error_body(code)), pytest.raises(error) as caught:
        UriStorage(SceneburstSettings.load()).put(source, f"{s3.uri}/x")
    assert caught.value.transient is (error is StorageUnavailable)


def test_metadata_survives_whatever_it_holds(s3: S3, tmp_path: Path) -> None:
    """Line breaks and Chinese travel in an HTTP header."""
    storage = UriStorage(SceneburstSettings.load())
    storage.put(_file(tmp_path), f"{s3.uri}/x", metadata={"title": "two\r\nlines 标题"})
    found = storage.stat(f"{s3.uri}/x")
    assert found is not None
    assert found.metadata["title"].encode().decode("unicode_escape") == "two\r\nlines 标题"


@pytest.mark.parametrize("key", ["a b.mp4", "100%.mp4", "what?.mp4", "a#b.mp4", "a%20b.mp4", "标题.mp4", "a+b.mp4", "/twice"])
def test_every_key_is_taken_as_it_stands(s3: S3, tmp_path: Path, key: str) -> None:
    """An s3:// address is a bucket, a slash and a key, with nothing decoded or stripped."""
    UriStorage(SceneburstSettings.load()).put(_file(tmp_path), f"{s3.uri}/{key}")
    listed = boto3.client("s3", endpoint_url=s3.endpoint_url).list_objects_v2(Bucket=s3.bucket)
    assert [entry["Key"] for entry in listed["Contents"]] == [key]


# -- https


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


def _without_attributes(monkeypatch: pytest.MonkeyPatch) -> None:
    def unsupported(*_: object, **__: object) -> bytes:
        raise OSError(errno.ENOTSUP, "Operation not supported")

    monkeypatch.setattr(os, "setxattr", unsupported)
    monkeypatch.setattr(os, "getxattr", unsupported)


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
