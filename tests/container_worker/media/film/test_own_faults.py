"""Faults of our own while a film's picture is made: another attempt may succeed, and no scene is blamed."""

from dataclasses import replace
from pathlib import Path
from typing import Any, Self

import av
import numpy as np
import pytest
from av.error import ArgumentError

from container_worker.media.ffmpeg import find_ffmpeg
from container_worker.media.film.pictures import _encode_range, stitch_pictures
from container_worker.media.film.rendered_scene import Rendered, probe_scene
from container_worker.media.request import RenderRequest
from container_worker.media.scene.worker import SceneInputs, request_for
from scenequeue.errors import ToolFailed
from scenequeue.jobs.kinds.render import RenderOptions

_FRAMES, _FADE = 20, 5


@pytest.fixture
def request_of_film(tmp_path: Path) -> RenderRequest:
    options = RenderOptions(resolution="360p", fps=25)
    return request_for(SceneInputs(Path(), Path(), cut_s=_FADE / 25), options, tmp_path, find_ffmpeg().path, 1)


@pytest.fixture
def scenes(tmp_path: Path, request_of_film: RenderRequest) -> list[Rendered]:
    """Two pictures of one colour each."""
    found = []
    for number, level in enumerate((60, 180)):
        frames = (np.full((540, 640), level, np.uint8) for _ in range(_FRAMES))
        _encode_range(request_of_film, frames, tmp_path / f"{number:05}.mp4", lambda: None)
        found.append(probe_scene(tmp_path / f"{number:05}.mp4", request_of_film))
    return found


def test_a_part_that_the_encoder_left_broken_is_a_fault_of_the_tool(
    tmp_path: Path, scenes: list[Rendered], request_of_film: RenderRequest
) -> None:
    """It ended without an error, as on a disk that lost what was written."""
    broken = tmp_path / "ffmpeg"
    broken.write_text('#!/bin/sh\ncat > /dev/null\nfor each; do case $each in *.mp4) echo "no film" > "$each";; esac; done\n')
    broken.chmod(0o755)
    with pytest.raises(ToolFailed):
        stitch_pictures(replace(request_of_film, ffmpeg=str(broken)), scenes, [_FADE], tmp_path / "film.mp4", lambda *_: None)


class _Refusing:
    """A writer that takes no packet."""

    def __init__(self, container: Any) -> None:
        self._container = container

    def __enter__(self) -> Self:
        self._container.__enter__()
        return self

    def __exit__(self, *error: object) -> None:
        self._container.__exit__(*error)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._container, name)

    def mux(self, packet: Any) -> None:
        raise ArgumentError(22, "Invalid argument")


@pytest.fixture
def refusing_writer(monkeypatch: pytest.MonkeyPatch) -> None:
    real = av.open
    monkeypatch.setattr(av, "open", lambda path, *how, **more: _Refusing(real(path, *how, **more)) if how else real(path, **more))


@pytest.mark.usefixtures("refusing_writer")
def test_an_error_of_the_writer_is_no_error_of_a_scene(
    tmp_path: Path, scenes: list[Rendered], request_of_film: RenderRequest
) -> None:
    """A BadInput would be permanent, and name a file that is whole."""
    with pytest.raises(ArgumentError):
        stitch_pictures(request_of_film, scenes, [0], tmp_path / "film.mp4", lambda *_: None)
