"""Local files whose disk is full, that change while they are read, or whose paths lead astray."""

import errno
import os
import shutil
from pathlib import Path

import pytest

from scenequeue.errors import BadInput, DiskFull, StorageDenied
from scenequeue.jobs.ids import check_name
from scenequeue.settings import SceneburstSettings
from scenequeue.storage import sha256_of
from scenequeue.storages.atomic import atomic_write
from scenequeue.storages.files import FileStorage, file_uri, path_of
from scenequeue.storages.uri import UriStorage
from tests.scenequeue.storages.local_files import file_of


@pytest.fixture
def files(tmp_path: Path) -> FileStorage:
    """Files under one folder."""
    return FileStorage([tmp_path])


# -- files


def test_without_extended_attributes_metadata_lies_in_a_hidden_neighbour(
    files: FileStorage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a file system or a system that has none; what a person sees in the folder is the video alone."""
    _without_attributes(monkeypatch)
    uri = file_uri(tmp_path / "out" / "a.mp4")
    files.put(file_of(tmp_path), uri, metadata={"fingerprint": "f"}, content_type="video/mp4")
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
    files.put(file_of(tmp_path), file_uri(path), metadata={"fingerprint": "f"}, content_type="video/mp4")
    with path.open("r+b") as video:
        video.truncate(2)
    found = files.stat(file_uri(path))
    assert found is not None
    assert (found.bytes, found.metadata) == (2, {})


def test_a_name_as_long_as_a_name_can_be_is_written(files: FileStorage, tmp_path: Path) -> None:
    """82 Chinese characters are 246 bytes; the temporary name must not be longer."""
    uri = file_uri(tmp_path / ("字" * 82 + ".mp4"))
    files.put(file_of(tmp_path), uri, metadata={}, content_type="video/mp4")
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
    files.put(file_of(tmp_path, b"old"), uri, metadata={}, content_type="video/mp4")

    def full(_source: Path, target: Path) -> None:
        target.write_bytes(b"half")
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(shutil, "copyfile", full)
    with pytest.raises(DiskFull) as caught:
        files.put(file_of(tmp_path, b"new!"), uri, metadata={}, content_type="video/mp4")
    assert caught.value.transient
    assert [(path.name, path.read_bytes()) for path in folder.iterdir()] == [("a.mp4", b"old")]


def test_a_file_that_grows_while_it_is_read_is_cut_off(
    files: FileStorage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The limit holds during the copy, too."""
    path = file_of(tmp_path, b"x" * 100)
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


# -- https


def _without_attributes(monkeypatch: pytest.MonkeyPatch) -> None:
    def unsupported(*_: object, **__: object) -> bytes:
        raise OSError(errno.ENOTSUP, "Operation not supported")

    monkeypatch.setattr(os, "setxattr", unsupported)
    monkeypatch.setattr(os, "getxattr", unsupported)


# -- an output's folder


@pytest.mark.parametrize("below", ["", "/a", "/a/b"])
def test_a_file_where_an_output_needs_a_folder_is_named_with_the_remedy(files: FileStorage, tmp_path: Path, below: str) -> None:
    """Permanent: by the address of the video, and when only the folder is checked; the same for a root under a file."""
    taken = file_of(tmp_path, name="taken")
    folder = f"{file_uri(taken)}{below}"
    words = f"{taken} is a file, not a folder; move it away, or name another folder"
    for storage in (files, FileStorage([taken / below.lstrip("/")])):
        with pytest.raises(StorageDenied) as caught:
            storage.check_writable(folder)
        assert str(caught.value) == f"{folder}: {words}"
    with pytest.raises(StorageDenied) as caught:
        files.put(file_of(tmp_path), f"{folder}/a.mp4", metadata={}, content_type="video/mp4")
    assert str(caught.value) == f"{folder}/a.mp4: {words}"


def test_a_folder_in_the_place_of_an_output_is_told(files: FileStorage, tmp_path: Path) -> None:
    """The folder stays, and no other file is left."""
    (tmp_path / "out" / "a.mp4" / "in").mkdir(parents=True)
    uri = file_uri(tmp_path / "out" / "a.mp4")
    with pytest.raises(StorageDenied, match=r"a\.mp4: a folder has this name; move it away, or name another folder$"):
        files.put(file_of(tmp_path), uri, metadata={}, content_type="video/mp4")
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["a.mp4"]


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (errno.EACCES, "user {user} of the system may not write to {folder}; allow it, or name another folder"),
        (errno.EPERM, "user {user} of the system may not write to {folder}; allow it, or name another folder"),
        (errno.EROFS, "{folder} is on a read-only file system; mount it writable, or name another folder"),
    ],
)
def test_a_folder_that_may_not_be_written_to_is_named(
    files: FileStorage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, words: str
) -> None:
    """The lowest one that exists, with the user who may not, or the mount."""

    def refuse(*_: object, **__: object) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr("os.mkdir", refuse)
    with pytest.raises(StorageDenied) as caught:
        files.put(file_of(tmp_path), file_uri(tmp_path / "out" / "a.mp4"), metadata={}, content_type="video/mp4")
    assert str(caught.value).endswith(f"out/a.mp4: {words.format(user=os.geteuid(), folder=tmp_path)}")


def test_a_file_that_may_not_be_read_is_told_with_the_user(
    files: FileStorage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Instead of the system's own words."""
    uri = file_uri(file_of(tmp_path))

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr("scenequeue.storages.files._open_no_follow", refuse)
    with pytest.raises(StorageDenied, match=f"source: user {os.geteuid()} of the system may not read it; allow it"):
        files.get(uri, tmp_path / "copy", max_bytes=100)
