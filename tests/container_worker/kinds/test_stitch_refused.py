"""Films that cannot be made name the scene that prevents it."""

from collections.abc import Callable
from pathlib import Path

import av
import numpy as np
import pytest

from scenequeue.errors import BadInput, ItemError, ObjectNotFound
from tests.container_worker.kinds.films import FADE_S, OPTIONS, Run, scenes
from tests.support.ffmpeg_recorder import Recorder
from tests.support.media import Media


def test_a_film_in_a_codec_that_this_ffmpeg_has_not_is_a_permanent_error(
    run: Run, media: Media, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Said before anything is fetched."""
    Recorder(tmp_path, monkeypatch, lacks="libsvtav1")
    with pytest.raises(BadInput, match="codec av1 needs an ffmpeg with libsvtav1"):
        run("stitch", "film", {"sources": [f"file://{tmp_path}/none.mp4"]}, OPTIONS.overridden({"codec": "av1"}))


def test_a_scene_that_is_gone_or_does_not_fit_is_named(run: Run, media: Media, tmp_path: Path) -> None:
    """Permanent: another attempt finds the same."""
    sources = scenes(run, media, [1.2])
    with pytest.raises(ObjectNotFound, match="scene 2"):
        run("stitch", "film", {"sources": [*sources, f"file://{tmp_path}/lost.mp4"]}, OPTIONS)
    with pytest.raises(BadInput, match="25 fps"):
        run("stitch", "film", {"sources": sources}, OPTIONS.overridden({"fps": 30}))
    bad = tmp_path / "bad.mp4"
    bad.write_text("no film")
    with pytest.raises(BadInput, match="not a rendered scene"):
        run("stitch", "film", {"sources": [bad.as_uri()]}, OPTIONS)


def _cut(content: bytes) -> bytes:
    """An MP4 whose index is whole and whose frames are not: zeros in place of the second half of its data."""
    at = content.index(b"mdat") + 4
    size = int.from_bytes(content[at - 8 : at - 4], "big") - 8
    return content[: at + size // 2] + bytes(size - size // 2) + content[at + size :]


@pytest.mark.parametrize(
    "damage", [lambda _: b"no film", lambda whole: whole[: len(whole) // 3], _cut], ids=["text", "cut", "zeros"]
)
def test_a_damaged_scene_is_named_by_its_address(
    run: Run, media: Media, tmp_path: Path, damage: Callable[[bytes], bytes]
) -> None:
    """Not by its copy in the scratch folder, which nobody has seen."""
    sources = scenes(run, media, [1.2, 1.2])
    bad = tmp_path / "out" / "bad.mp4"
    bad.write_bytes(damage((tmp_path / "out" / "scene1.mp4").read_bytes()))
    with pytest.raises(ItemError) as caught:
        run("stitch", "film", {"sources": [sources[0], bad.as_uri()], "crossfade_s": FADE_S}, OPTIONS)
    said = str(caught.value)
    assert said.startswith(f"scene 2: {bad.as_uri()}")
    assert "scratch" not in said
    assert "00001" not in said


def test_a_scene_without_picture_is_told(run: Run, media: Media) -> None:
    """A sound file has none."""
    sound_only = media.folder / "only.mp4"
    with av.open(str(sound_only), "w") as container:
        track = container.add_stream("aac", rate=48_000, layout="mono")
        silence = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), format="fltp", layout="mono")
        silence.sample_rate = 48_000
        for frame in (silence, None):
            container.mux(track.encode(frame))
    with pytest.raises(BadInput, match=rf"scene 1: {sound_only.as_uri()} is not a rendered scene: it has no picture"):
        run("stitch", "film", {"sources": [sound_only.as_uri()]}, OPTIONS)
