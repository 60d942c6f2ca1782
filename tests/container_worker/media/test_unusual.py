"""Inputs that are only unusual are rendered correctly, each from end to end."""

import io
from collections.abc import Callable
from pathlib import Path

import av
import cv2
import numpy as np
import numpy.typing as npt
import pytest
from PIL import GifImagePlugin, Image

from container_worker.media.picture.reading import open_picture
from container_worker.media.scene.canvas import RGB_TO_YUV
from tests.container_worker.media.odd_inputs import FPS, LEFT, RIGHT, Render, file_of
from tests.support.media import Media
from tests.support.prober import pictures


def _halves(dtype: npt.DTypeLike = np.uint8) -> npt.NDArray[np.uint8]:
    """One colour on the left and another on the right; of 16 bits, the same ones."""
    picture = np.zeros((360, 640, 3), dtype)
    picture[:, :320], picture[:, 320:] = LEFT, RIGHT
    return picture if dtype == np.uint8 else picture * 257


def _cmyk(media: Media, name: str) -> Path:
    path = media.folder / name
    Image.fromarray(_halves()).convert("CMYK").save(path, quality=95)
    return path


def _deep(media: Media, name: str, *, is_grey: bool) -> Path:
    path = media.folder / name
    picture = _halves(np.uint16)
    assert cv2.imwrite(str(path), picture[..., 0] if is_grey else picture[..., ::-1])
    return path


def _animated_gif(media: Media) -> Path:
    path = media.folder / "a.gif"
    first, *others = Image.fromarray(_halves()), *(Image.new("RGB", (640, 360), (0, 0, number)) for number in range(50))
    first.save(path, save_all=True, append_images=others, duration=40)
    return path


def _long_gif(media: Media) -> Path:
    path = media.folder / "long.gif"
    Image.fromarray(_halves()).save(path)
    content, small = path.read_bytes(), io.BytesIO()
    Image.new("P", (8, 8)).save(small, "GIF")
    # After the header and its palette of 256 colours.
    frame = small.getvalue()[13 + 3 * 2 ** ((small.getvalue()[10] & 7) + 1) : -1]
    path.write_bytes(content[:-1] + frame * 100_000 + b";")
    return path


_GREY = ((LEFT[0],) * 3, (RIGHT[0],) * 3)


GOOD_PICTURES: dict[str, tuple[Callable[[Media], Path], tuple[tuple[int, ...], tuple[int, ...]]]] = {
    "CMYK JPEG": (lambda media: _cmyk(media, "a.jpg"), (LEFT, RIGHT)),
    "CMYK TIFF": (lambda media: _cmyk(media, "a.tif"), (LEFT, RIGHT)),
    "16-bit RGB PNG": (lambda media: _deep(media, "a.png", is_grey=False), (LEFT, RIGHT)),
    "16-bit RGB TIFF": (lambda media: _deep(media, "a.tif", is_grey=False), (LEFT, RIGHT)),
    "16-bit grey PNG": (lambda media: _deep(media, "a.png", is_grey=True), _GREY),
    "16-bit grey TIFF": (lambda media: _deep(media, "a.tif", is_grey=True), _GREY),
    "animated GIF": (_animated_gif, (LEFT, RIGHT)),
    "GIF of 100,000 pictures": (_long_gif, (LEFT, RIGHT)),
}


@pytest.mark.parametrize("case", GOOD_PICTURES)
def test_unusual_pictures_are_shown_in_their_colours(render: Render, media: Media, case: str) -> None:
    """Both halves, in every frame; of an animation the first picture."""
    make, colours = GOOD_PICTURES[case]
    report, video = render(image=make(media))
    assert report.warnings == ()
    with av.open(str(video)) as container:
        for frame in container.decode(video=0):
            planes = frame.to_ndarray(format="yuv420p")
            u, v = planes[360:450].reshape(180, 320), planes[450:].reshape(180, 320)
            for columns, colour in ((slice(40, 280), colours[0]), (slice(360, 600), colours[1])):
                half = slice(columns.start // 2, columns.stop // 2)
                seen = planes[:360, columns].mean(), u[:, half].mean(), v[:, half].mean()
                assert seen == pytest.approx(RGB_TO_YUV[:, :3] @ colour + RGB_TO_YUV[:, 3], abs=3.0)


def test_of_an_animation_only_the_first_picture_is_read(media: Media, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many follow."""
    frames: list[int] = []
    inner = GifImagePlugin.GifImageFile._seek

    def count(gif: GifImagePlugin.GifImageFile, frame: int, *more: bool) -> None:
        frames.append(frame)
        inner(gif, frame, *more)

    monkeypatch.setattr(GifImagePlugin.GifImageFile, "_seek", count)
    assert open_picture(str(_long_gif(media)), "image").size == (640, 360)
    assert frames == [0]


def _srt_in(media: Media, encoding: str) -> Path:
    return file_of(media, "s.srt", "1\n00:00:00,200 --> 00:00:00,400\n一个测试字幕，世界\n".encode(encoding))


#: A subtitle file -> when something is shown, and what is said of it.
GOOD_SUBTITLES: dict[str, tuple[Callable[[Media], Path], list[tuple[float, float]], str]] = {
    "overlapping": (lambda media: media.srt("s.srt", [(0.2, 0.48, "first"), (0.32, 0.6, "second")]), [(0.2, 0.6)], ""),
    "unsorted": (lambda media: media.srt("s.srt", [(0.6, 0.72, "last"), (0.12, 0.2, "first")]), [(0.12, 0.2), (0.6, 0.72)], ""),
    "negative": (
        lambda media: file_of(
            media, "s.srt",
            "1\n-00:00:01,000 --> 00:00:00,200\nreaches in\n\n2\n-00:00:02,000 --> -00:00:00,400\nbefore\n\n"
            "3\n00:00:00,600 --> 00:00:00,400\nbackwards\n",
        ),
        [(0.0, 0.2)],
        "2 warnings",
    ),
    "GBK": (lambda media: _srt_in(media, "gbk"), [(0.2, 0.4)], "1 warnings"),
    "UTF-16": (lambda media: _srt_in(media, "utf-16"), [(0.2, 0.4)], ""),
    "UTF-16 without a mark": (lambda media: _srt_in(media, "utf-16-le"), [(0.2, 0.4)], ""),
    "override codes": (
        lambda media: media.srt("s.srt", [(0.2, 0.4, r"{\an8\pos(0,0)\p1\fs400}m 0 0 l 90 0 90 90{\p0} text {\fad(9,9)}")]),
        [(0.2, 0.4)],
        "",
    ),
    "unclosed override codes": (
        lambda media: media.srt("s.srt", [(0.2, 0.4, r"{\an8\p1\fs400 m 0 0 l 90 90 \N")]), [(0.2, 0.4)], ""
    ),
    "drawing text of libass": (lambda media: media.srt("s.srt", [(0.2, 0.4, r"\{\an8\}\h\n a")]), [(0.2, 0.4)], ""),
    "six at once and more": (
        lambda media: media.srt("s.srt", [(0.2, 0.4, f"number {number}") for number in range(9)]), [(0.2, 0.4)], "1 warnings"
    ),
}  # fmt: skip


#: The frames of the scene without subtitles, made once.
_GROUND: list[npt.NDArray[np.uint8]] = []


@pytest.mark.parametrize("case", GOOD_SUBTITLES)
def test_unusual_subtitles_are_shown_at_their_time_and_place(render: Render, media: Media, case: str) -> None:
    """Below the middle, on just the frames that their times name."""
    make, times, said = GOOD_SUBTITLES[case]
    report, video = render(subtitles=make(media))
    if not _GROUND:
        _GROUND.extend(pictures(render()[1]))
    shown, ground = pictures(video), _GROUND
    wanted = {frame for start, end in times for frame in range(round(start * FPS), round(end * FPS))}
    for number, (picture, plain) in enumerate(zip(shown, ground, strict=True)):
        changed = np.abs(picture.astype(int) - plain) > 40
        assert changed.any() == (number in wanted)
        assert not changed[:120].any()
    assert len(report.warnings) == int(said.partition(" ")[0] or 0)
