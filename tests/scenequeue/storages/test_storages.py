"""Addresses of files, S3 and the web: which ones may be read and written, and by which errors others are refused."""

import os
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from scenequeue.errors import BadInput, ObjectNotFound, StorageDenied, StorageUnavailable
from scenequeue.jobs.address import bucket_and_key
from scenequeue.settings import SceneburstSettings
from scenequeue.storage import sha256_of
from scenequeue.storages.files import file_uri, path_of
from scenequeue.storages.https import HttpsStorage
from scenequeue.storages.public_network import public_address
from scenequeue.storages.s3 import MULTIPART_BYTES
from scenequeue.storages.uri import UriStorage
from tests.conftest import S3


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """The one folder that file:// may touch."""
    root = tmp_path / "allowed"
    root.mkdir()
    return root


@pytest.fixture
def storage(root: Path) -> UriStorage:
    """Storage with that root, and inputs of at most 1 MiB."""
    return UriStorage(SceneburstSettings.load(file_roots=[root], max_input_bytes=1024 * 1024))


@pytest.fixture(params=["file", "s3"])
def prefix(request: pytest.FixtureRequest, root: Path, s3: S3) -> str:
    """A prefix on each kind of storage."""
    return file_uri(root / "out put") if request.param == "file" else f"{s3.uri}/out put"


def _file(tmp_path: Path, content: bytes = b"hello") -> Path:
    path = tmp_path / "source"
    path.write_bytes(content)
    return path


def test_an_input_over_the_limit_is_refused_before_it_is_fetched(storage: UriStorage, prefix: str, tmp_path: Path) -> None:
    """A permanent error that names both numbers."""
    storage.put(_file(tmp_path, b"x" * (1024 * 1024 + 1)), f"{prefix}/big")
    with pytest.raises(BadInput, match="1048577 bytes; at most 1048576"):
        storage.get(f"{prefix}/big", tmp_path / "copy")
    assert not (tmp_path / "copy").exists()


def test_large_files_go_to_s3_in_parts(s3: S3, tmp_path: Path) -> None:
    """Above 16 MiB, and come back the same."""
    storage = UriStorage(SceneburstSettings.load())
    source = _file(tmp_path, os.urandom(MULTIPART_BYTES + 12_345))
    storage.put(source, f"{s3.uri}/large", metadata={"fingerprint": "f"})
    found = storage.stat(f"{s3.uri}/large")
    assert found is not None
    assert (found.bytes, found.sha256) == (MULTIPART_BYTES + 12_345, sha256_of(source))
    storage.get(f"{s3.uri}/large", tmp_path / "copy")
    assert sha256_of(tmp_path / "copy") == found.sha256


def test_a_bucket_that_is_not_there_is_refused(s3: S3) -> None:
    """Before anything is rendered for it."""
    storage = UriStorage(SceneburstSettings.load())
    storage.check_writable(f"{s3.uri}/videos")
    with pytest.raises(StorageDenied, match="no bucket"):
        storage.check_writable("s3://no-such-bucket-here/videos")


def test_an_s3_that_does_not_answer_is_transient(s3: S3, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """An outage is no reason for a dead letter."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    with pytest.raises(StorageUnavailable) as caught:
        UriStorage(SceneburstSettings.load()).get(f"{s3.uri}/x", tmp_path / "copy")
    assert caught.value.transient


@pytest.mark.parametrize(
    "uri", ["ftp://x/y", "http://example.org/x", "plain/path", "s3://bucket-only", "file://host/etc/passwd", "data:,x"]
)
def test_other_addresses_are_refused(storage: UriStorage, uri: str, tmp_path: Path) -> None:
    """Permanently, and by name."""
    with pytest.raises(StorageDenied):
        storage.get(uri, tmp_path / "copy")


@pytest.mark.parametrize(
    "escape",
    [
        lambda root: f"file://{root}/../secret",
        lambda root: f"file://{root}/%2e%2e/secret",
        lambda root: f"file://{root}/link",
        lambda root: f"file://{root}-but-not-quite/x",
        lambda _root: "file:///etc/passwd",
        lambda root: f"file://{root}/x%00y",
    ],
)
def test_no_file_address_leads_out_of_the_roots(
    storage: UriStorage, root: Path, tmp_path: Path, escape: Callable[[Path], str]
) -> None:
    """Dots, encoded dots, links, prefixes, NUL: for reading and for writing."""
    (root.parent / "secret").write_text("secret")
    (root / "link").symlink_to(root.parent / "secret")
    with pytest.raises(StorageDenied):
        storage.get(escape(root), tmp_path / "copy")
    with pytest.raises(StorageDenied):
        storage.put(_file(tmp_path), escape(root))


@pytest.mark.parametrize("key", ["in/../a.jpg", "..", "./a.jpg", "in/.."])
def test_a_key_that_clients_resolve_differently_is_refused(key: str) -> None:
    """It would be one object for S3, and another for a proxy before it."""
    with pytest.raises(StorageDenied, match="in its key, which some clients resolve and others keep"):
        bucket_and_key(f"s3://bucket/{key}")
    assert bucket_and_key("s3://bucket/a//b/...jpg") == ("bucket", "a//b/...jpg")


def test_a_link_out_of_the_roots_is_named_with_the_remedy(storage: UriStorage, root: Path, tmp_path: Path) -> None:
    """Also one to a folder, on the way to the file; where it leads stays untold."""
    (root.parent / "elsewhere").mkdir()
    (root / "folder").symlink_to(root.parent / "elsewhere")
    with pytest.raises(StorageDenied, match=f"through the link {root}/folder out of .*: put what") as caught:
        storage.get(file_uri(root / "folder" / "a.jpg"), tmp_path / "copy")
    assert "elsewhere" not in str(caught.value)


def test_a_pipe_or_folder_in_a_files_place_is_refused_without_hanging(storage: UriStorage, root: Path, tmp_path: Path) -> None:
    """Only regular files are read."""
    os.mkfifo(root / "pipe")
    for name in ("pipe", ""):
        with pytest.raises(BadInput):
            storage.get(file_uri(root / name), tmp_path / "copy")


def test_an_output_folder_that_cannot_be_written_is_refused(tmp_path: Path) -> None:
    """A file is in its way."""
    (tmp_path / "taken").touch()
    storage = UriStorage(SceneburstSettings.load(file_roots=[tmp_path]))
    with pytest.raises(StorageDenied):
        storage.check_writable(file_uri(tmp_path / "taken"))


def test_a_path_and_its_address_are_one(tmp_path: Path) -> None:
    """Spaces, umlauts, percent signs and question marks survive."""
    path = tmp_path / "a b" / "ü%20?#.png"
    assert path_of(file_uri(path)) == path


# -- https


def _web(*answers: httpx.Response) -> HttpsStorage:
    queue = list(answers)
    return HttpsStorage(lambda _host, _port: "93.184.215.14", httpx.MockTransport(lambda _: queue.pop(0)))


def test_a_web_address_is_fetched_through_redirects(tmp_path: Path) -> None:
    """Each hop is judged anew."""
    web = _web(httpx.Response(302, headers={"location": "/b"}), httpx.Response(200, stream=httpx.ByteStream(b"picture")))
    assert web.get("https://example.org/a", tmp_path / "x", max_bytes=100).bytes == 7
    assert (tmp_path / "x").read_bytes() == b"picture"


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (httpx.Response(404), ObjectNotFound),
        (httpx.Response(403), StorageDenied),
        (httpx.Response(503), StorageUnavailable),
        (httpx.Response(429), StorageUnavailable),
        (httpx.Response(200, stream=httpx.ByteStream(b"x" * 101)), BadInput),
        (httpx.Response(302, headers={"location": "http://example.org/"}), StorageDenied),
        (httpx.Response(302, headers={"location": "file:///etc/passwd"}), StorageDenied),
    ],
)
def test_what_a_web_server_says_is_told_apart(tmp_path: Path, answer: httpx.Response, error: type[Exception]) -> None:
    """Gone, refused, in trouble, too large, leading astray."""
    with pytest.raises(error):
        _web(answer).get("https://example.org/a", tmp_path / "x", max_bytes=100)
    assert not (tmp_path / "x").exists()


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "localhost", "169.254.169.254", "10.1.2.3", "192.168.0.1", "::1", "::ffff:127.0.0.1", "0.0.0.0", "224.0.0.1"],
)
def test_no_private_address_is_reached(host: str) -> None:
    """Nor loopback, link-local (metadata), multicast, or an IPv4 one in IPv6 clothes."""
    with pytest.raises(StorageDenied, match="not a public one"):
        public_address(host, 443)
