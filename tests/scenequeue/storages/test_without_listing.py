"""A role that may get and put, and not list: S3 answers 403 where nothing is."""

from pathlib import Path

import pytest

from scenequeue.errors import StorageDenied
from scenequeue.settings import SceneburstSettings
from scenequeue.storages.s3 import S3Storage
from scenequeue.storages.uri import UriStorage
from tests.conftest import S3
from tests.support.s3_denials import deny, deny_listing


@pytest.fixture
def storage(s3: S3) -> UriStorage:
    """Storage of such a role."""
    storage = UriStorage(SceneburstSettings.load())
    storage._s3 = S3Storage()
    deny_listing(storage._s3._client, s3.bucket)
    return storage


def test_a_new_output_is_written_and_found_again(storage: UriStorage, s3: S3, tmp_path: Path) -> None:
    """Nothing there is not a refusal; what is there is seen."""
    source = tmp_path / "source"
    source.write_bytes(b"hello")
    storage.check_writable(f"{s3.uri}/videos")
    assert storage.stat(f"{s3.uri}/videos/a.mp4") is None
    storage.put(source, f"{s3.uri}/videos/a.mp4")
    stored = storage.stat(f"{s3.uri}/videos/a.mp4")
    assert stored is not None
    assert stored.bytes == 5


def test_a_missing_input_is_told_with_what_may_be_missing(storage: UriStorage, s3: S3, tmp_path: Path) -> None:
    """The first error names the permission."""
    with pytest.raises(StorageDenied, match=r"without s3:ListBucket, S3 answers the same for a missing key"):
        storage.get(f"{s3.uri}/in/a.jpg", tmp_path / "copy")


def test_credentials_that_nobody_knows_are_still_refused_before_anything_is_done(s3: S3) -> None:
    """A 403 without a reason is asked for one."""
    storage = S3Storage()
    deny_listing(storage._client, s3.bucket, "InvalidAccessKeyId")
    with pytest.raises(StorageDenied, match="InvalidAccessKeyId"):
        storage.check_writable(f"{s3.uri}/videos")


@pytest.mark.parametrize(
    ("operation", "permission"),
    [
        ("GetObject", "s3:GetObject"),
        ("PutObject", "s3:PutObject"),
        ("ListObjectsV2", "s3:ListBucket"),
        ("DeleteObject", "s3:DeleteObject"),
    ],
)
def test_a_refusal_names_the_permission_of_what_was_refused(s3: S3, tmp_path: Path, operation: str, permission: str) -> None:
    """And the address; that of listing only beside a read, whose object may be missing."""
    source = tmp_path / "source"
    source.write_bytes(b"hello")
    storage, uri = S3Storage(), f"{s3.uri}/in/a"
    deny(storage._client, operation)
    call = {
        "GetObject": lambda: storage.get(uri, tmp_path / "copy", max_bytes=9),
        "PutObject": lambda: storage.put(source, uri, metadata={}, content_type="text/plain"),
        "ListObjectsV2": lambda: storage.check_listable(uri),
        "DeleteObject": lambda: storage.delete(uri),
    }[operation]
    with pytest.raises(StorageDenied) as caught:
        call()
    said = str(caught.value)
    assert said.startswith(f"{uri}: refused (AccessDenied)")
    assert permission in said
    assert ("s3:ListBucket" in said) == (operation in {"GetObject", "ListObjectsV2"})


def test_a_refused_part_of_a_large_upload_names_the_permission_too(
    s3: S3, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its parts are sent by boto3."""
    monkeypatch.setattr("scenequeue.storages.s3.MULTIPART_BYTES", 1)
    source = tmp_path / "source"
    source.write_bytes(b"hello")
    storage = S3Storage()
    deny(storage._client, "PutObject")
    with pytest.raises(StorageDenied, match="this needs s3:PutObject there"):
        storage.put(source, f"{s3.uri}/in/a", metadata={}, content_type="text/plain")
