"""Faults that were reproduced in the system we replace, each a test of ours, on real renders."""

import tempfile
import threading
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
import numpy.typing as npt
import psutil
import pytest

from container_worker.media.scene.worker import RenderReport, SceneInputs, render_scene
from container_worker.sandbox.child import Stopped
from container_worker.sandbox.limits import Limits
from scenequeue.errors import BadInput, LimitExceeded
from scenequeue.jobs.kinds.render import RenderOptions
from tests.support.media import Media
from tests.support.processes import is_alive
from tests.support.waiting import wait_until

Frames = list[npt.NDArray[np.uint8]]
Render = Callable[..., tuple[RenderReport, Frames, Path]]
_SMALL: dict[str, Any] = {"resolution": "360p", "motion": "none", "crf": 12}


@pytest.fixture
def render(media: Media, tmp_path: Path) -> Render:
    """Renders a scene of one second at 360p; returns the report, all frames as luma, and the file."""

    def render(
        image: Path | None = None, audio: Path | None = None, subtitles: Path | None = None, watermark: Path | None = None,
        name: str = "scene", **options: Any,
    ) -> tuple[RenderReport, Frames, Path]:  # fmt: skip
        scratch = Path(tempfile.mkdtemp(dir=tmp_path))
        sound = audio or media.tone("n.wav", 1.0)
        inputs = SceneInputs(image or media.image(), sound, subtitles, watermark, None, name)
        target = tmp_path / "out.mp4"
        report = render_scene(
            inputs, RenderOptions.model_validate({**_SMALL, **options}), target, scratch, limits=Limits(wall_s=120)
        )
        with av.open(str(target)) as video:
            frames = [frame.to_ndarray(format="gray") for frame in video.decode(video=0)]
        return report, frames, target

    return render


def _shift(first: npt.NDArray[np.uint8], last: npt.NDArray[np.uint8]) -> tuple[float, float]:
    """Pixels that the picture has moved, by phase correlation of the middle."""
    window = np.s_[60:300, 120:520]
    (x, y), _ = cv2.phaseCorrelate(first[window].astype(np.float32), last[window].astype(np.float32))
    return x, y


@pytest.mark.parametrize(("motion", "sign"), [("pan_left", 1), ("pan_right", -1)])
def test_pans_really_move(render: Render, motion: str, sign: int) -> None:
    """There they were cropped away; here the picture slides, and to the right side."""
    _, frames, _ = render(motion=motion, zoom=1.05)
    moved = sum(_shift(a, b)[0] for a, b in pairwise(frames))
    assert moved * sign > 5


def test_random_motion_moves_and_is_the_same_for_the_same_name(render: Render) -> None:
    """There `random` meant none; here it picks a motion, by the scene's name."""
    _, first, _ = render(motion="random", name="a")
    _, second, _ = render(motion="random", name="a")
    assert not np.array_equal(first[0], first[-1])
    assert all(np.array_equal(a, b) for a, b in zip(first, second, strict=True))


def test_a_zoom_is_smooth_and_never_steps_back(render: Render) -> None:
    """Sub-pixel motion: the picture's scale grows with every frame."""
    _, frames, _ = render(motion="zoom_in", zoom=1.2)
    corners = [_corner_shift(a, b) for a, b in pairwise(frames[3:-2])]
    assert min(corners) > -0.1
    assert sum(corners) > 5
    assert float(np.abs(np.diff(corners)).max()) < 0.5


def _corner_shift(a: npt.NDArray[np.uint8], b: npt.NDArray[np.uint8]) -> float:
    """Outward motion of the right edge's middle, in pixels."""
    window = np.s_[116:244, 480:608]
    (x, _), _ = cv2.phaseCorrelate(a[window].astype(np.float32), b[window].astype(np.float32))
    return float(x)


@pytest.mark.parametrize("seconds", [0.5, 1.0, 1.99, 3.003])
@pytest.mark.parametrize("suffix", [".wav", ".mp3"])
def test_the_video_is_as_long_as_its_narration(render: Render, media: Media, seconds: float, suffix: str) -> None:
    """There 1.6 s were added to each scene; here it is less than a frame, and never less than the sound."""
    report, frames, target = render(audio=media.tone(f"n{suffix}", seconds))
    with av.open(str(target)) as video:
        picture, sound = video.streams.video[0], video.streams.audio[0]
        length = float(picture.duration * picture.time_base)
        assert float(sound.duration * sound.time_base) == pytest.approx(length, abs=0.01)
    assert len(frames) == report.frames == round(length * 30)
    # An MP3 is made of whole frames of 24 ms, so it may itself be a little longer than the tone.
    assert seconds - 0.001 <= length <= seconds + 1 / 30 + (0.08 if suffix == ".mp3" else 0.0)


def _marked(frames: Frames, ground: Frames, index: int = 10) -> npt.NDArray[np.bool_]:
    """Mark the pixels in which a frame differs from the one without subtitles."""
    return np.abs(frames[index].astype(int) - ground[index].astype(int)) > 40


#: The frames without subtitles of each orientation, made once.
_GROUNDS: dict[str, Frames] = {}


@pytest.mark.parametrize("orientation", ["landscape", "portrait", "square"])
@pytest.mark.parametrize(
    "text",
    [
        "一个没有空格的很长很长的中文句子必须在画面的边缘之前换行，否则观众就看不到它的开头和结尾了，这是很糟糕的事情。",
        "An English sentence that is far too long for one line of the frame has to be broken at its spaces, of course.",
        "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaftsmitgliederversammlung",
    ],
)
def test_long_lines_stay_inside_the_frame(render: Render, media: Media, orientation: str, text: str) -> None:
    """There Chinese ran off both edges; here every line is at most 90 % of the width."""
    if orientation not in _GROUNDS:
        _GROUNDS[orientation] = render(orientation=orientation)[1]
    ground = _GROUNDS[orientation]
    _, frames, _ = render(subtitles=media.srt("s.srt", [(0, 1, text)]), orientation=orientation)
    columns = np.flatnonzero(_marked(frames, ground).any(axis=0))
    width = frames[0].shape[1]
    assert columns.size
    assert columns[0] >= width * 0.02
    assert columns[-1] <= width * 0.98


def test_subtitles_take_the_same_share_of_every_frame(render: Render, media: Media) -> None:
    """There they grew with the frame, to 11 % of a 4K one; here 720p and 4K look alike."""
    subtitles = media.srt("s.srt", [(0, 1, "Same size 同样大小")])
    sound = media.tone("short.wav", 0.1)
    shares = {}
    for resolution in ("720p", "2160p"):
        _, ground, _ = render(audio=sound, resolution=resolution)
        _, frames, _ = render(audio=sound, subtitles=subtitles, resolution=resolution)
        rows = np.flatnonzero(_marked(frames, ground, 2).any(axis=1))
        shares[resolution] = (rows[-1] - rows[0]) / frames[0].shape[0]
    assert shares["720p"] == pytest.approx(shares["2160p"], abs=0.006)
    assert 0.03 < shares["720p"] < 0.12


@pytest.mark.parametrize(("width", "height"), [(1081, 1921), (641, 359), (33, 47), (3000, 40)])
def test_odd_sizes_are_rendered(render: Render, media: Media, width: int, height: int) -> None:
    """There ffmpeg refused them; here every picture fits its frame."""
    _, frames, _ = render(image=media.image("odd.png", width, height))
    assert frames[0].shape == (360, 640)


def test_a_square_picture_is_shown_whole(render: Render, media: Media, tmp_path: Path) -> None:
    """There 44 % of it were cut away; here it lies whole over a blurred copy of itself."""
    from PIL import Image, ImageDraw

    picture = Image.new("RGB", (600, 600), (90, 90, 90))
    ImageDraw.Draw(picture).rectangle((0, 0, 599, 599), outline=(255, 255, 255), width=24)
    path = media.folder / "square.png"
    picture.save(path)
    _, frames, _ = render(image=path)
    middle = frames[5][:, 320]
    assert middle[4] > 200
    assert middle[-5] > 200
    _, cropped, _ = render(image=path, fit="cover")
    assert cropped[5][4, 320] < 150


def test_orientation_changes_the_frame(render: Render) -> None:
    """There `is_portrait` moved only the subtitles."""
    shapes = {orientation: render(orientation=orientation)[1][0].shape for orientation in ("landscape", "portrait", "square")}
    assert shapes == {"landscape": (360, 640), "portrait": (640, 360), "square": (360, 360)}


def test_a_picture_stored_on_its_side_is_turned_upright(render: Render, media: Media) -> None:
    """EXIF orientation 6: the camera was held upright."""
    from PIL import Image

    picture = Image.new("RGB", (640, 360))
    picture.paste((255, 255, 255), (0, 0, 640, 90))
    exif = Image.Exif()
    exif[0x0112] = 6
    path = media.folder / "turned.jpg"
    picture.rotate(90, expand=True).save(path, exif=exif, quality=95)
    _, frames, _ = render(image=path)
    assert frames[5][20].mean() > 200
    assert frames[5][340].mean() < 60


def test_the_box_is_invisible_at_0_and_solid_at_1(render: Render, media: Media) -> None:
    """There the number meant the opposite of what was written."""
    subtitles = media.srt("s.srt", [(0, 1, "box")])
    changed = {}
    _, ground, _ = render()
    for opacity in (0.0, 1.0):
        _, frames, _ = render(
            subtitles=subtitles, subtitle_style={"box_opacity": opacity, "box_colour": "#000000", "colour": "#000000"}
        )
        changed[opacity] = int(_marked(frames, ground).sum())
    assert changed[1.0] > 2 * changed[0.0]


def test_hostile_subtitles_are_only_text(render: Render, media: Media) -> None:
    """Override tags, quotes and filter syntax are drawn or dropped, never obeyed."""
    text = r"{\an8\p1\fs400}m 0 0 l 900 900'; drawtext=x:y [v] \\N %{pts} <font size=300>big</font>"
    _, ground, _ = render()
    _, frames, _ = render(subtitles=media.srt("s.srt", [(0, 1, text)]))
    rows = np.flatnonzero(_marked(frames, ground).any(axis=1))
    assert rows[0] > 360 * 0.5


def test_a_watermark_lies_in_its_corner(render: Render, media: Media) -> None:
    """Inside its margin, and nowhere else."""
    from PIL import Image

    mark = media.folder / "mark.png"
    Image.new("RGBA", (200, 100), (255, 255, 255, 255)).save(mark)
    _, ground, _ = render(image=None)
    _, frames, _ = render(watermark=mark, watermark_style={"corner": "bottom_left", "opacity": 1.0})
    where = _marked(frames, ground)
    rows, columns = np.flatnonzero(where.any(axis=1)), np.flatnonzero(where.any(axis=0))
    assert rows[0] > 360 * 0.6
    assert columns[-1] < 640 * 0.25
    assert columns[0] > 3


def test_the_encode_is_tagged_and_starts_fast(render: Render) -> None:
    """H.264 high, yuv420p, BT.709 limited, AAC 48 kHz, the index before the data."""
    _, _, target = render()
    with av.open(str(target)) as video:
        picture, sound = video.streams.video[0].codec_context, video.streams.audio[0].codec_context
        assert (picture.name, picture.profile, picture.pix_fmt) == ("h264", "High", "yuv420p")
        assert (picture.colorspace, picture.color_range, picture.color_primaries, picture.color_trc) == (1, 1, 1, 1)
        assert (sound.name, sound.sample_rate) == ("aac", 48_000)
    head = target.read_bytes()
    assert head.index(b"moov") < head.index(b"mdat")


@pytest.mark.parametrize(
    ("broken", "words"),
    [("image-text", "picture"), ("image-cut", ""), ("audio-text", ""), ("audio-empty", ""), ("subtitles-binary", "ubtitles")],
)
def test_each_bad_input_is_one_permanent_error(render: Render, media: Media, broken: str, words: str) -> None:
    """Named, in a line, and never tried again."""
    part, _, kind = broken.partition("-")
    path = media.folder / f"broken.{ {'image': 'jpg', 'audio': 'mp3', 'subtitles': 'srt'}[part] }"
    if kind == "cut":
        path.write_bytes(media.image().read_bytes()[:2000])
    else:
        path.write_bytes({"text": b"I am only text\n" * 50, "empty": b"", "binary": bytes(range(256)) * 20}[kind])
    with pytest.raises(BadInput, match=words or None) as caught:
        render(**{part: path})
    assert len(str(caught.value).splitlines()) == 1


def test_a_stop_kills_the_render_and_all_its_children(media: Media, tmp_path: Path) -> None:
    """Within a moment, with nothing left running."""
    stop = threading.Event()
    inputs = SceneInputs(media.image(), media.tone("long.wav", 60.0), None, None, None, "long")
    scratch = tmp_path / "scratch"
    scratch.mkdir()

    def ours() -> list[int]:
        return [child.pid for child in psutil.Process().children(recursive=True) if is_alive(child)]

    before = set(ours())

    def stop_it() -> None:
        wait_until(lambda: len(set(ours()) - before) >= 2, "it runs")
        stop.set()

    stopper = threading.Thread(target=stop_it)
    stopper.start()
    with pytest.raises(Stopped):
        render_scene(inputs, RenderOptions.model_validate(_SMALL), tmp_path / "o.mp4", scratch, limits=Limits(), should_stop=stop)
    stopper.join()
    wait_until(lambda: not set(ours()) - before, "nothing is left")
    assert not (tmp_path / "o.mp4").exists()


def test_a_render_over_its_time_is_a_limit_exceeded(media: Media, tmp_path: Path) -> None:
    """Transient, and killed."""
    inputs = SceneInputs(media.image(), media.tone("long.wav", 120.0), None, None, None, "long")
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    options = RenderOptions(resolution="1080p")
    with pytest.raises(LimitExceeded):
        render_scene(inputs, options, tmp_path / "o.mp4", scratch, limits=Limits(wall_s=1.0))
