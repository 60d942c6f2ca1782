"""A role that may get and put, and not list: S3 answers 403 where nothing is."""

from pathlib import Path

import pytest

from scenequeue.errors import StorageDenied
from scenequeue.settings import SceneburstSettings
from scenequeue.storages.s3 import S3Storage
from scenequeue.storages.uri import UriStorage
from tests.conftest import S3
from tests.support.s3_denials import deny_listing


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
