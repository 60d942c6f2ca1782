"""A scene's picture is encoded with loss once, whatever is asked of it."""

from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from container_worker.media.ffmpeg import find_ffmpeg
from container_worker.media.scene.worker import SceneInputs, render_scene
from container_worker.sandbox.limits import Limits
from scenequeue.jobs.kinds.render import RenderOptions
from tests.support.ffmpeg_recorder import Recorder
from tests.support.media import Media

ENCODERS = {"h264": "libx264", **({"av1": "libsvtav1"} if find_ffmpeg().has_av1 else {})}
ALL = {"normalize_loudness": True, "title_card_s": 0.2, "poster": True, "webvtt": True, "safe_area": 0.05, "fit": "contain"}


@pytest.mark.parametrize("codec", ENCODERS)
@pytest.mark.parametrize(
    "more", [{}, {"motion": "none"}, ALL, {**ALL, "subtitle_mode": "soft"}], ids=["plain", "still", "all", "soft"]
)
def test_a_scene_is_encoded_exactly_once(
    media: Media, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, codec: str, more: dict[str, Any]
) -> None:
    """Of all ffmpegs that a render starts, one encodes video and sound; the others draw and measure."""
    recorder = Recorder(tmp_path, monkeypatch)
    mark = media.folder / "mark.png"
    Image.new("RGBA", (60, 30), (255, 255, 255, 128)).save(mark)
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    inputs = SceneInputs(
        media.image(), media.tone("n.wav", 0.5), media.srt("s.srt", [(0.1, 0.4, "Once")]), mark, "Title",
        music=media.tone("m.wav", 0.3, 220) if more else None, cut_s=0.2,
    )  # fmt: skip
    options = RenderOptions(**{"resolution": "360p", "codec": codec, **more})
    render_scene(inputs, options, tmp_path / "made.mp4", scratch, limits=Limits(wall_s=120))
    assert recorder.encodes() == [ENCODERS[codec]]
    assert recorder.sound_encodes() == ["aac"]
    if more == ALL:
        assert len(recorder.calls()) >= 5, "title, subtitles, twice loudness, and the encode"
