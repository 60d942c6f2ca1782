"""Every storage does what the interface promises: files, S3, both by URI, and the web for reads."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from scenequeue.errors import StorageDenied
from scenequeue.settings import SceneburstSettings
from scenequeue.storage import Storage
from scenequeue.storages import bounded_http
from scenequeue.storages.files import FileStorage, file_uri
from scenequeue.storages.https import HttpsStorage
from scenequeue.storages.s3 import S3Storage
from scenequeue.storages.uri import UriStorage
from tests.conftest import S3
from tests.scenequeue.storages.storage_conformance import ReadConformance, StorageConformance, Store


class TestFiles(StorageConformance):
    """Files under one root."""

    @pytest.fixture
    def storage(self, tmp_path: Path) -> Storage:
        return FileStorage([tmp_path / "root"])

    @pytest.fixture
    def prefix(self, tmp_path: Path) -> str:
        return file_uri(tmp_path / "root" / "out put")

    def test_the_last_working_folder_takes_the_empty_ones_above_with_it(
        self, storage: Storage, prefix: str, tmp_path: Path
    ) -> None:
        """Up to `.sceneburst`; not one that has other files."""
        out, source = tmp_path / "root" / "out put", tmp_path / "source"
        source.touch()
        for name in ("job1/0/plan.json", "job1/1/plan.json", "job2/0/plan.json"):
            storage.put(source, f"{prefix}/.sceneburst/{name}", metadata={}, content_type="x/y", on_bytes=None)
        storage.delete_under(f"{prefix}/.sceneburst/job1/0")
        assert (out / ".sceneburst" / "job1" / "1" / "plan.json").exists()
        storage.delete_under(f"{prefix}/.sceneburst/job1/1")
        assert [path.name for path in (out / ".sceneburst").iterdir()] == ["job2"]
        storage.delete_under(f"{prefix}/.sceneburst/job2")
        assert list(out.iterdir()) == []

    def test_a_working_folder_that_is_a_link_is_not_followed(self, storage: Storage, prefix: str, tmp_path: Path) -> None:
        """The folder behind it keeps its files."""
        out, precious = tmp_path / "root" / "out put", tmp_path / "root" / "precious"
        precious.mkdir(parents=True)
        (precious / "film.mp4").touch()
        (out / ".sceneburst" / "job1").mkdir(parents=True)
        (out / ".sceneburst" / "job2").symlink_to(precious)
        (out / ".sceneburst" / "job1" / "0").symlink_to(precious)
        with pytest.raises(StorageDenied):
            storage.delete_under(f"{prefix}/.sceneburst/job2")
        storage.delete_under(f"{prefix}/.sceneburst/job1")
        assert (precious / "film.mp4").exists()


class TestS3(StorageConformance):
    """Objects in a bucket."""

    @pytest.fixture
    def storage(self, s3: S3) -> Storage:
        return S3Storage()

    @pytest.fixture
    def prefix(self, s3: S3) -> str:
        return f"{s3.uri}/out put"


class TestUris(StorageConformance):
    """The storage that picks one by scheme."""

    @pytest.fixture
    def storage(self, tmp_path: Path, s3: S3) -> Storage:
        return UriStorage(SceneburstSettings.load(file_roots=[tmp_path / "root"]))

    @pytest.fixture(params=["file", "s3"])
    def prefix(self, request: pytest.FixtureRequest, tmp_path: Path, s3: S3) -> str:
        return file_uri(tmp_path / "root" / "out put") if request.param == "file" else f"{s3.uri}/out put"


class _Stalled(httpx.AsyncByteStream):
    async def __aiter__(self) -> AsyncIterator[bytes]:
        yield b"x"
        await asyncio.Event().wait()


class TestHttps(ReadConformance):
    """Public web servers, which are only read."""

    @pytest.fixture
    def pages(self) -> dict[str, httpx.AsyncByteStream]:
        """The bodies of a web server, by path."""
        return {"/slow": _Stalled()}

    @pytest.fixture
    def storage(self, pages: dict[str, httpx.AsyncByteStream]) -> Storage:
        def answer(request: httpx.Request) -> httpx.Response:
            page = pages.get(request.url.path)
            return httpx.Response(404) if page is None else httpx.Response(200, stream=page)

        return HttpsStorage(lambda _host, _port: "93.184.215.14", httpx.MockTransport(answer))

    @pytest.fixture
    def store(self, pages: dict[str, httpx.AsyncByteStream]) -> Store:
        def put(content: bytes) -> str:
            pages["/stored"] = httpx.ByteStream(content)
            return "https://open.example/stored"

        return put

    @pytest.fixture
    def missing(self) -> str:
        return "https://open.example/nothing"

    @pytest.fixture
    def slow(self, monkeypatch: pytest.MonkeyPatch) -> str:
        monkeypatch.setattr(bounded_http, "_STOP_CHECK_S", 0.01)
        return "https://open.example/slow"

    def test_nothing_is_written(self, storage: Storage, tmp_path: Path) -> None:
        """Put, stat and the check say so, permanently."""
        (tmp_path / "source").touch()
        uri = "https://open.example/x"
        with pytest.raises(StorageDenied):
            storage.put(tmp_path / "source", uri, metadata={}, content_type="video/mp4", on_bytes=None)
        with pytest.raises(StorageDenied):
            storage.stat(uri)
        with pytest.raises(StorageDenied):
            storage.check_writable(uri)
        with pytest.raises(StorageDenied):
            storage.delete_under("https://open.example/.sceneburst/job1")
