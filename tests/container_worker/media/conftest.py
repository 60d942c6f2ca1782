"""Scenes that tests of the renderer render from options and inputs."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from container_worker.media.scene.rendering import RenderReport, SceneInputs, render_scene
from container_worker.sandbox.limits import Limits
from scenequeue.jobs.kinds.render import RenderOptions
from tests.support.media import Media

#: A scene is this long where a test does not say: short, and no whole number of frames at most rates.
LENGTH_S = 0.91


@dataclass(frozen=True)
class Made:
    """A rendered scene, and the folder in which it was made."""

    path: Path
    scratch: Path
    report: RenderReport


@pytest.fixture
def make(media: Media, tmp_path: Path) -> Callable[..., Made]:
    """Renders a scene from its options; half a second in, its tone begins and its subtitle comes up."""
    numbers = iter(range(100))

    def render(options: dict[str, Any], *, length_s: float = LENGTH_S, level: float = 0.4, **inputs: Any) -> Made:
        scratch = tmp_path / f"scratch{next(numbers)}"
        scratch.mkdir()
        scene = SceneInputs(
            image=inputs.pop("image", None) or media.image(),
            audio=inputs.pop("audio", None) or media.silence_then_tone("n.wav", 0.5, length_s - 0.5, level), **inputs
        )  # fmt: skip
        target = scratch / "made.mp4"
        look = RenderOptions(**{"resolution": "360p", **options})
        return Made(target, scratch, render_scene(scene, look, target, scratch, limits=Limits(wall_s=120)))

    return render
