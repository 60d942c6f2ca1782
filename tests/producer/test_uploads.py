"""Local files are uploaded once, whole and unchanged."""

import pytest

from producer.uploads import Uploader
from scenequeue.errors import StorageUnavailable
from scenequeue.settings import SceneburstSettings
from scenequeue.storages.uri import UriStorage
from tests.conftest import S3
from tests.support.media import Media


def test_an_upload_that_was_broken_off_elsewhere_is_made_again(s3: S3, media: Media) -> None:
    """A name that is a content's hash must hold that content; progress is told."""
    told: list[int] = []
    storage = UriStorage(SceneburstSettings.load())
    picture = media.image()
    for _ in range(2):
        uploader = Uploader(storage, f"{s3.uri}/inputs", 2, told.append)
        (address,) = uploader.addresses([picture, picture]).values()
        found = storage.stat(address)
        assert found is not None
        assert found.bytes == picture.stat().st_size
        uploader.close()
        storage.put(media.srt("half.srt", [(0, 1, "x")]), address)
    assert told == [1, 1]


def test_a_file_that_changes_while_it_is_uploaded_is_noticed(s3: S3, media: Media, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its address would lie about it for ever."""
    monkeypatch.setattr("producer.uploads.sha256_of", lambda _path: "0" * 64)
    uploader = Uploader(UriStorage(SceneburstSettings.load()), f"{s3.uri}/inputs", 2)
    with pytest.raises(StorageUnavailable, match="changed while"):
        uploader.addresses([media.image()])
    uploader.close()
