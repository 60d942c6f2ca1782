"""Folders that a command makes and leaves empty are removed; others are left alone."""

from pathlib import Path

import pytest

from sceneburst.exit_codes import Interrupted
from sceneburst.local.empty_folders import without_empty_folders


def test_what_was_made_and_is_empty_goes_however_the_command_ends(tmp_path: Path) -> None:
    """With the folders above it that were made for it."""
    folder = tmp_path / "a" / "b" / "c"

    def interrupted() -> None:
        with without_empty_folders(folder):
            folder.mkdir(parents=True)
            raise Interrupted

    for _ in range(2):
        with pytest.raises(Interrupted):
            interrupted()
        assert list(tmp_path.iterdir()) == []
        with without_empty_folders(folder):
            folder.mkdir(parents=True)
        assert list(tmp_path.iterdir()) == []


def test_what_was_there_or_is_not_empty_stays(tmp_path: Path) -> None:
    """An empty folder of the user's own too."""
    (tmp_path / "own").mkdir()
    with without_empty_folders(tmp_path / "own"):
        pass
    with without_empty_folders(tmp_path / "own" / "videos" / "new"):
        (tmp_path / "own" / "videos" / "new").mkdir(parents=True)
        (tmp_path / "own" / "videos" / "one.mp4").touch()
    with without_empty_folders(None):
        pass
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["one.mp4", "own", "videos"]
