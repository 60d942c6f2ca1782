"""A scene's sound: narrations that are not what they should be, loudness, and music."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from container_worker.media.scene.worker import SceneInputs, render_scene
from container_worker.sandbox.limits import Limits
from scenequeue.errors import BadInput
from scenequeue.jobs.kinds.render import RenderOptions
from tests.container_worker.media.conftest import Made
from tests.support.media import Media
from tests.support.prober import check, first_sound_s, loudness_lufs, sound, true_peak_db


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


@pytest.mark.parametrize(("level", "target"), [(0.02, -16.0), (0.9, -16.0), (0.3, -23.0)])
def test_loudness_reaches_its_target(make: Callable[..., Made], level: float, target: float) -> None:
    """Measured on the finished file, quiet and loud narrations alike, within half a unit."""
    made = make({"normalize_loudness": True, "loudness_lufs": target, "motion": "none"}, length_s=3.0, level=level)
    assert loudness_lufs(made.path) == pytest.approx(target, abs=0.5)
    assert true_peak_db(made.path) <= -1.0


def test_loudness_reaches_its_target_where_peaks_must_be_held(make: Callable[..., Made], media: Media) -> None:
    """A narration of short loud peaks over a quiet voice: the gain is corrected for what the limiter takes."""
    made = make({"normalize_loudness": True, "loudness_lufs": -14.0, "motion": "none"}, audio=media.spiky("spiky.wav", 4.0))
    assert loudness_lufs(made.path) == pytest.approx(-14.0, abs=0.5)
    assert true_peak_db(made.path) <= -1.0


def test_silence_is_left_silent(make: Callable[..., Made], media: Media) -> None:
    """Nothing is blown up."""
    made = make({"normalize_loudness": True}, audio=media.silence_then_tone("quiet.wav", 1.0, 0.0))
    assert np.abs(sound(made.path)).max() < 1e-3


def _music_db(path: Path, start_s: float, end_s: float) -> float:
    """Level of the 220 Hz music in a part of the sound, by its own frequency; the narration is at 1 kHz."""
    part = sound(path)[round(start_s * 48_000) : round(end_s * 48_000)]
    at = np.exp(-2j * np.pi * 220 * np.arange(len(part)) / 48_000)
    return float(20 * np.log10(abs((part * at).mean()) * 2))


def test_music_steps_back_under_the_narration_and_comes_back(make: Callable[..., Made], media: Media) -> None:
    """By more than 8 dB with ducking, not at all without; and it lasts, though the file is short."""
    narration = media.tone_between("voice.wav", 2.0, 4.0, 7.0)
    music = media.tone("music.wav", 0.7 - 0.7 % (1 / 220), 220)
    ducked = make({"motion": "none", "music_gain_db": -6.0}, audio=narration, music=music).path
    steady = make({"motion": "none", "music_gain_db": -6.0, "ducking": False}, audio=narration, music=music).path
    alone, under, after = ((1.6, 1.95), (2.5, 3.9), (5.0, 5.4))
    assert _music_db(ducked, *alone) - _music_db(ducked, *under) > 8
    assert abs(_music_db(ducked, *alone) - _music_db(ducked, *after)) < 1.5
    assert abs(_music_db(steady, *alone) - _music_db(steady, *under)) < 1
    assert _music_db(steady, 6.9, 6.99) < _music_db(steady, *alone) - 10


@pytest.mark.parametrize("content", [b"no sound at all" * 99, b""])
def test_music_that_is_none_is_a_permanent_error(make: Callable[..., Made], media: Media, content: bytes) -> None:
    """Named as music, and not tried again."""
    path = media.folder / "music.mp3"
    path.write_bytes(content)
    with pytest.raises(BadInput, match="music"):
        make({}, music=path)


def test_damaged_music_is_a_warning(make: Callable[..., Made], media: Media) -> None:
    """As a damaged narration is: somebody may want to upload it again."""
    path = media.tone("music.mp3", 3.0)
    data = bytearray(path.read_bytes())
    data[len(data) // 2 : len(data) // 2 + 2000] = b"\xff\xfb\x90\xff" * 500
    path.write_bytes(data)
    warnings = make({"motion": "none"}, music=path).report.warnings
    assert [warning.code for warning in warnings] == ["music_damaged"]
    assert make({"motion": "none"}, audio=path).report.warnings[0].parameters == warnings[0].parameters


def test_a_playlist_or_another_protocol_is_not_followed_from_music(make: Callable[..., Made], media: Media) -> None:
    """A file that only points to others is not opened as sound."""
    path = media.folder / "music.mp3"
    path.write_text(f"#EXTM3U\n#EXTINF:1,\n{media.tone('other.wav').as_uri()}\nhttps://example.com/a.mp3\n")
    with pytest.raises(BadInput, match="music"):
        make({}, music=path)
