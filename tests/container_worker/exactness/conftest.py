"""Numbered clips, each made once for all tests of a process."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.numbered_clips.clip import Clip


@pytest.fixture(scope="session")
def clip_path(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Clip], Path]:
    """Makes a clip with its first use."""
    made: dict[str, Path] = {}

    def path_of(clip: Clip) -> Path:
        if clip.name not in made:
            made[clip.name] = clip.make(tmp_path_factory.mktemp("clip"))
        return made[clip.name]

    return path_of
