"""Manifest files that cannot be read: missing, a folder, a pipe, too large."""

import os
from pathlib import Path

import pytest

from sceneburst.manifest import read_manifest
from scenequeue.errors import InvalidScenes
from tests.support.media import Media


def test_a_manifest_that_is_not_there_or_not_text(media: Media) -> None:
    """Each gets one clear line."""
    with pytest.raises(InvalidScenes, match="no such manifest"):
        read_manifest(media.folder / "nope.yaml")
    with pytest.raises(InvalidScenes, match="not a text file"):
        read_manifest(media.image("picture.jpg"))


def test_a_manifest_that_is_a_pipe_is_refused_at_once(tmp_path: Path) -> None:
    """Opening a pipe waits for a writer, and reading one or a device may never end."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with pytest.raises(InvalidScenes, match="pipe: not a regular file"):
        read_manifest(pipe)


def test_a_folder_is_no_manifest(tmp_path: Path) -> None:
    """It is named, as every other thing that is no file."""
    with pytest.raises(InvalidScenes, match="not a regular file"):
        read_manifest(tmp_path)


def test_a_manifest_that_is_too_large_is_refused(tmp_path: Path) -> None:
    """It is not parsed, and no more of it is read than a manifest may have."""
    path = tmp_path / "job.yaml"
    with path.open("wb") as file:
        file.truncate(64 * 1024 * 1024 + 1)
    with pytest.raises(InvalidScenes, match="larger than 67108864 bytes"):
        read_manifest(path)
