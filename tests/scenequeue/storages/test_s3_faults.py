"""Answers of S3 that are torn, damaged or refusals."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar

import boto3
import pytest
from botocore.config import Config

from scenequeue.errors import ItemError, ObjectNotFound, StorageDenied, StorageUnavailable
from scenequeue.settings import SceneburstSettings
from scenequeue.storages import s3
from scenequeue.storages.s3 import MULTIPART_BYTES
from scenequeue.storages.uri import UriStorage
from tests.conftest import S3
from tests.scenequeue.storages.local_files import file_of


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
    source = file_of(tmp_path, b"x" * size)
    with _s3_that_answers(monkeypatch, status, _error_body(code)), pytest.raises(error) as caught:
        UriStorage(SceneburstSettings.load()).put(source, f"{s3.uri}/x")
    assert caught.value.transient is (error is StorageUnavailable)


def test_metadata_survives_whatever_it_holds(s3: S3, tmp_path: Path) -> None:
    """Line breaks and Chinese travel in an HTTP header."""
    storage = UriStorage(SceneburstSettings.load())
    storage.put(file_of(tmp_path), f"{s3.uri}/x", metadata={"title": "two\r\nlines 标题"})
    found = storage.stat(f"{s3.uri}/x")
    assert found is not None
    assert found.metadata["title"].encode().decode("unicode_escape") == "two\r\nlines 标题"


@pytest.mark.parametrize("key", ["a b.mp4", "100%.mp4", "what?.mp4", "a#b.mp4", "a%20b.mp4", "标题.mp4", "a+b.mp4", "/twice"])
def test_every_key_is_taken_as_it_stands(s3: S3, tmp_path: Path, key: str) -> None:
    """An s3:// address is a bucket, a slash and a key, with nothing decoded or stripped."""
    UriStorage(SceneburstSettings.load()).put(file_of(tmp_path), f"{s3.uri}/{key}")
    listed = boto3.client("s3", endpoint_url=s3.endpoint_url).list_objects_v2(Bucket=s3.bucket)
    assert [entry["Key"] for entry in listed["Contents"]] == [key]
