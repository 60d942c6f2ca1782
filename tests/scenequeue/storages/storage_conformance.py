"""The promises of every storage; a test module subclasses one of the classes and gives it the fixtures."""

from collections.abc import Callable
from pathlib import Path

import pytest

from scenequeue.errors import BadInput, DiskFull, ObjectNotFound, StorageDenied, StorageUnavailable
from scenequeue.storage import Storage, sha256_of
from scenequeue.storages import atomic

#: Stores these bytes, and returns their URI.
Store = Callable[[bytes], str]


def _names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


class ReadConformance:
    """Reading. Fixtures: `storage`, `store`, `missing` (no object is there), `slow` (its copy calls `stop_if_asked`)."""

    @pytest.fixture
    def folder(self, tmp_path: Path) -> Path:
        """An empty folder to copy into."""
        folder = tmp_path / "copies"
        folder.mkdir()
        return folder

    @pytest.mark.parametrize("content", [b"", b"hello", b"x" * 3_000_000], ids=["empty", "short", "several chunks"])
    def test_what_is_stored_is_fetched(self, storage: Storage, store: Store, folder: Path, content: bytes) -> None:
        """Byte by byte, up to the largest size that is allowed."""
        uri = store(content)
        found = storage.get(uri, folder / "copy", max_bytes=len(content), stop_if_asked=None)
        assert (found.uri, found.bytes) == (uri, len(content))
        assert (folder / "copy").read_bytes() == content

    def test_fetching_replaces_the_target(self, storage: Storage, store: Store, folder: Path) -> None:
        """And leaves no other file beside it."""
        (folder / "copy").write_bytes(b"an older and longer one")
        storage.get(store(b"new"), folder / "copy", max_bytes=100, stop_if_asked=None)
        assert (folder / "copy").read_bytes() == b"new"
        assert _names(folder) == ["copy"]

    def test_a_missing_object_is_told_apart_from_trouble(self, storage: Storage, missing: str, folder: Path) -> None:
        """ObjectNotFound, which is permanent; no file is left."""
        with pytest.raises(ObjectNotFound) as caught:
            storage.get(missing, folder / "copy", max_bytes=100, stop_if_asked=None)
        assert not caught.value.transient
        assert _names(folder) == []

    def test_an_object_over_the_limit_is_refused(self, storage: Storage, store: Store, folder: Path) -> None:
        """BadInput, which is permanent and names the limit; no file is left."""
        with pytest.raises(BadInput, match="100"):
            storage.get(store(b"x" * 101), folder / "copy", max_bytes=100, stop_if_asked=None)
        assert _names(folder) == []

    def test_a_copy_that_is_asked_to_stop_leaves_the_target_as_it_was(self, storage: Storage, slow: str, folder: Path) -> None:
        """The exception is raised as it is."""
        (folder / "copy").write_bytes(b"old")

        def stop() -> None:
            raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            storage.get(slow, folder / "copy", max_bytes=100, stop_if_asked=stop)
        assert [(path.name, path.read_bytes()) for path in folder.iterdir()] == [("copy", b"old")]

    def test_a_full_disk_leaves_nothing_behind(
        self, storage: Storage, store: Store, folder: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """DiskFull, which is transient."""
        uri = store(b"hello")
        monkeypatch.setattr(atomic, "path_by_descriptor", lambda _descriptor, _path: Path("/dev/full"))
        with pytest.raises(DiskFull) as caught:
            storage.get(uri, folder / "copy", max_bytes=100, stop_if_asked=None)
        assert caught.value.transient
        assert _names(folder) == []

    def test_a_target_folder_that_is_gone_is_no_missing_object(self, storage: Storage, store: Store, folder: Path) -> None:
        """It is this machine's trouble, and transient: the object may be fetched elsewhere."""
        with pytest.raises(StorageUnavailable):
            storage.get(store(b"hello"), folder / "gone" / "copy", max_bytes=100, stop_if_asked=None)

    @pytest.mark.parametrize(
        "uri", ["", "plain/path", "ftp://x/y", "s3://bucket-only", "file://host/x", "https:///x", "https://[x/"]
    )
    def test_a_malformed_address_is_denied(self, storage: Storage, uri: str, folder: Path) -> None:
        """Permanently, and never with a foreign error."""
        with pytest.raises(StorageDenied) as caught:
            storage.get(uri, folder / "copy", max_bytes=100, stop_if_asked=None)
        assert not caught.value.transient


class StorageConformance(ReadConformance):
    """Reading and writing. Fixtures: `storage`, and `prefix`, under which nothing lies yet."""

    @pytest.fixture
    def source(self, tmp_path: Path) -> Path:
        """A file to put."""
        source = tmp_path / "source"
        source.write_bytes(b"hello")
        return source

    @pytest.fixture
    def store(self, storage: Storage, prefix: str, tmp_path: Path) -> Store:
        """Put by the storage itself."""

        def put(content: bytes) -> str:
            (tmp_path / "stored").write_bytes(content)
            _put(storage, tmp_path / "stored", f"{prefix}/stored")
            return f"{prefix}/stored"

        return put

    @pytest.fixture
    def missing(self, prefix: str) -> str:
        """Under a prefix that does not exist."""
        return f"{prefix}/nothing/there"

    @pytest.fixture
    def slow(self, store: Store) -> str:
        """Any object."""
        return store(b"hello")

    def test_what_is_put_is_found_with_its_checksum_and_metadata(self, storage: Storage, prefix: str, source: Path) -> None:
        """Put and stat agree; the name may hold spaces and umlauts, and the metadata too."""
        uri = f"{prefix}/a b ü.mp4"
        metadata = {"fingerprint": "abc", "title": "müde"}
        stored = storage.put(source, uri, metadata=metadata, content_type="video/mp4", on_bytes=None)
        assert (stored.uri, stored.bytes, stored.sha256) == (uri, 5, sha256_of(source))
        assert stored.metadata["fingerprint"] == "abc"
        assert stored.metadata["sha256"] == stored.sha256
        assert storage.stat(uri) == stored

    def test_progress_adds_up_to_the_size(self, storage: Storage, prefix: str, source: Path) -> None:
        """`on_bytes` is told of every byte once."""
        seen = list[int]()
        storage.put(source, f"{prefix}/x", metadata={}, content_type="video/mp4", on_bytes=seen.append)
        assert sum(seen) == 5

    def test_a_missing_object_has_no_status(self, storage: Storage, missing: str) -> None:
        """None, not an error."""
        assert storage.stat(missing) is None

    def test_writing_again_replaces_the_object(self, storage: Storage, prefix: str, source: Path, folder: Path) -> None:
        """With its checksum and metadata."""
        uri = f"{prefix}/x"
        _put(storage, source, uri, fingerprint="first", note="gone with the first")
        source.write_bytes(b"second!")
        _put(storage, source, uri, fingerprint="second")
        storage.get(uri, folder / "copy", max_bytes=100, stop_if_asked=None)
        assert (folder / "copy").read_bytes() == b"second!"
        found = storage.stat(uri)
        assert found is not None
        assert (found.bytes, found.sha256) == (7, sha256_of(source))
        assert found.metadata == {"fingerprint": "second", "sha256": found.sha256}

    def test_checking_that_a_prefix_is_writable_leaves_no_object(self, storage: Storage, prefix: str, source: Path) -> None:
        """Once more after objects lie there."""
        storage.check_writable(prefix)
        assert storage.stat(f"{prefix}/x") is None
        _put(storage, source, f"{prefix}/x")
        storage.check_writable(prefix)
        assert storage.stat(f"{prefix}/x") is not None

    @pytest.mark.parametrize("below", ["", "/0"])
    def test_a_working_folder_is_deleted_and_nothing_beside_it(
        self, storage: Storage, prefix: str, source: Path, below: str
    ) -> None:
        """Neither the output, nor another job's folder, nor one whose name begins alike; a second time is a success."""
        work = f"{prefix}/.sceneburst/job1{below}"
        kept = [f"{prefix}/a.mp4", f"{prefix}/.sceneburst/job12/0/plan.json", f"{prefix}/.sceneburst/job1{below}x/plan.json"]
        gone = [f"{work}/plan.json", f"{work}/segments/00001-720p.nut", f"{work}/segments/00001.json"]
        for uri in kept + gone:
            _put(storage, source, uri)
        storage.delete_under(work)
        storage.delete_under(work)
        assert [storage.stat(uri) is not None for uri in kept + gone] == [True, True, True, False, False, False]

    @pytest.mark.parametrize(
        "folder",
        ["", "/.sceneburst", "/.sceneburst/", "/.sceneburst/..", "/sceneburst/job1", "/.sceneburst/.x/0"],
    )
    def test_no_other_folder_is_deleted(self, storage: Storage, prefix: str, source: Path, folder: str) -> None:
        """StorageDenied, which is permanent; everything is still there."""
        kept = [f"{prefix}/a.mp4", f"{prefix}/.sceneburst/job1/plan.json", f"{prefix}/sceneburst/job1/plan.json"]
        for uri in kept:
            _put(storage, source, uri)
        with pytest.raises(StorageDenied):
            storage.delete_under(prefix + folder)
        assert all(storage.stat(uri) is not None for uri in kept)


def _put(storage: Storage, source: Path, uri: str, **metadata: str) -> None:
    storage.put(source, uri, metadata=metadata, content_type="application/octet-stream", on_bytes=None)
