"""Scenes that tests of the renderer render from options and inputs."""

import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from container_worker.media.scene.worker import RenderReport, SceneInputs, render_scene
from container_worker.sandbox.limits import Limits
from scenequeue.jobs.kinds.render import RenderOptions
from tests.container_worker.media.odd_inputs import FPS, STILL_S, Render
from tests.support.cpu_limits import CpuLimits
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


#: Address space of each process.
_MEMORY_BYTES = 2 * 1024**3


@pytest.fixture
def render(media: Media, tmp_path: Path) -> Render:
    """Renders a short still scene with some inputs replaced, within limits, whatever comes of it."""

    def render(*, cpu_s: int | None = None, **inputs: Path) -> tuple[RenderReport, Path]:
        plain = media.folder / "plain.png"
        Image.new("RGB", (640, 360), (128, 128, 128)).save(plain)
        scene = SceneInputs(**{"image": plain, "audio": media.tone("plain.wav", STILL_S), **inputs})
        scratch = Path(tempfile.mkdtemp(dir=tmp_path))
        target = scratch / "made.mp4"
        options = RenderOptions(resolution="360p", fps=FPS, motion="none", crf=10)
        limits = CpuLimits(cpu_s=cpu_s, memory_bytes=_MEMORY_BYTES) if cpu_s else Limits(memory_bytes=_MEMORY_BYTES)
        return render_scene(scene, options, target, scratch, limits=limits), target

    return render
