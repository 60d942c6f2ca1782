"""A scene's sound, from narrations that are not what they should be."""

from pathlib import Path

import numpy as np
import pytest

from container_worker.ffmpeg import Limits
from container_worker.render.scene import SceneInputs, render_scene
from scenequeue.options import RenderOptions
from tests.media import Media
from tests.prober import check, first_sound_s, sound


@pytest.mark.parametrize("ending", ["mkv", "mp4"])
@pytest.mark.parametrize("has_music", [False, True])
def test_a_narration_that_starts_after_its_own_picture_is_heard_at_once(
    media: Media, tmp_path: Path, ending: str, *, has_music: bool
) -> None:
    """Its sound begins with the scene, lasts as long as it, and is all there."""
    narration = media.late_sound(f"late.{ending}", late_s=0.5, sounding_s=1.0)
    music = media.late_sound(f"music.{ending}", late_s=0.5, sounding_s=0.4) if has_music else None
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    target = tmp_path / "made.mp4"
    options = RenderOptions(resolution="360p", fps=25, motion="none", music_gain_db=-40)
    report = render_scene(SceneInputs(media.image(), narration, music=music), options, target, scratch, limits=Limits(wall_s=60))
    # AAC comes in blocks of 21 ms, the first of them before the sound.
    assert 25 <= report.frames <= 27
    check(target, frames=report.frames, fps=25, size=(640, 360))
    assert first_sound_s(target) <= 0.045
    heard = sound(target)[round(0.1 * 48_000) : round(0.95 * 48_000)]
    assert np.abs(heard.reshape(-1, 480)).max(axis=1).min() > 0.2
