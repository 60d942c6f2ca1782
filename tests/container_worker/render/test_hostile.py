"""Inputs that are broken, malicious or only unusual, each from end to end: one clear error, or the right picture."""

import resource
import struct
import tempfile
import zlib
from collections.abc import Callable
from pathlib import Path

import av
import cv2
import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image

from container_worker.render.canvas import RGB_TO_YUV
from container_worker.render.scene import RenderReport, SceneInputs, render_scene
from container_worker.sandbox.limits import Limits
from scenequeue.errors import BadInput
from scenequeue.options import RenderOptions
from tests.media import Media
from tests.prober import pictures

#: What each case may take: address space of each process, and CPU seconds of all together (a plain scene takes some two).
_MEMORY_BYTES = 2 * 1024**3
_CPU_S = 15.0
LENGTH_S, FPS = 0.8, 25
LEFT, RIGHT = (200, 40, 90), (30, 160, 60)

Render = Callable[..., tuple[RenderReport, Path]]


@pytest.fixture
def render(media: Media, tmp_path: Path) -> Render:
    """Renders a short still scene with some inputs replaced, within limits, whatever comes of it."""

    def render(**inputs: Path) -> tuple[RenderReport, Path]:
        plain = media.folder / "plain.png"
        Image.new("RGB", (640, 360), (128, 128, 128)).save(plain)
        scene = SceneInputs(**{"image": plain, "audio": media.tone("plain.wav", LENGTH_S), **inputs})
        scratch = Path(tempfile.mkdtemp(dir=tmp_path))
        target = scratch / "made.mp4"
        options = RenderOptions(resolution="360p", fps=FPS, motion="none", crf=10)
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        try:
            limits = Limits(wall_s=60, cpu_s=round(_CPU_S), memory_bytes=_MEMORY_BYTES)
            return render_scene(scene, options, target, scratch, limits=limits), target
        finally:
            after = resource.getrusage(resource.RUSAGE_CHILDREN)
            assert after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime < _CPU_S

    return render


def _huge_png(media: Media) -> Path:
    """30,000 by 30,000 black pixels in half a megabyte."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    packer = zlib.compressobj(1)
    rows = [packer.compress(bytes((1 + 30_000 // 8) * 100)) for _ in range(300)]
    path = media.folder / "huge.png"
    header = struct.pack(">IIBBBBB", 30_000, 30_000, 1, 0, 0, 0, 0)
    data = chunk(b"IDAT", b"".join(rows) + packer.flush())
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + data + chunk(b"IEND", b""))
    return path


def _cut_jpeg(media: Media) -> Path:
    whole = media.image("whole.jpg").read_bytes()
    return _file(media, "cut.jpg", whole[: len(whole) // 2])


def _file(media: Media, name: str, content: bytes | str) -> Path:
    path = media.folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def _ten_hours_of_wav(media: Media) -> Path:
    """Its header and a hole."""
    size = 10 * 3600 * 8000
    header = b"RIFF" + struct.pack("<I", size + 36) + b"WAVEfmt " + struct.pack("<IHHIIHH", 16, 1, 1, 8000, 8000, 1, 8)
    path = _file(media, "long.wav", header + b"data" + struct.pack("<I", size))
    with path.open("r+b") as file:
        file.truncate(44 + size)
    return path


def _ten_hours_of_mp3(media: Media) -> Path:
    """Seconds of silence at 8 kbit/s, one after another, without a header that says how many."""
    second = media.folder / "second.mp3"
    with av.open(str(second), "w", options={"write_xing": "0", "id3v2_version": "0"}) as container:
        stream = container.add_stream("mp3", rate=8000, layout="mono", options={"b": "8k"})
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 8064), np.int16), format="s16", layout="mono")
        frame.rate = 8000
        resampler = av.AudioResampler(format=stream.codec_context.format, layout="mono", rate=8000, frame_size=576)
        for piece in [*resampler.resample(frame), *resampler.resample(None)]:
            container.mux(stream.encode(piece))
        container.mux(stream.encode(None))
    return _file(media, "long.mp3", second.read_bytes() * 36_000)


def _many_cues(media: Media) -> Path:
    return media.srt("many.srt", [(number / 1000, number / 1000 + 1, "x") for number in range(100_000)])


def _playlist(media: Media, form: str) -> Path:
    other = media.tone("other.wav", 1.0)
    return _file(
        media, f"list-{form}.mp3",
        {
            "m3u8": f"#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\n{other}\n#EXT-X-ENDLIST\n",
            "concat": f"ffconcat version 1.0\nfile '{other}'\n",
            "sdp": "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=audio 5004 RTP/AVP 0\n",
        }[form],
    )  # fmt: skip


_TEXT = b"I am only text\n" * 50
_SVG = '<svg xmlns="http://www.w3.org/2000/svg" width="64" height="64"><image href="file:///etc/passwd"/></svg>'
BAD: dict[str, tuple[str, Callable[[Media], Path], str]] = {
    "30,000x30,000 PNG": ("image", _huge_png, "image has more than the 100 megapixels allowed"),
    "truncated JPEG": ("image", _cut_jpeg, "image is damaged"),
    "SVG": ("image", lambda media: _file(media, "a.svg", _SVG), "image is not a picture in a format that is read"),
    "10 hours of WAV": ("audio", _ten_hours_of_wav, "narration lasts longer than the 3 hours"),
    "10 hours of MP3": ("audio", _ten_hours_of_mp3, "narration lasts longer than the 3 hours"),
    "100,000 cues": ("subtitles", _many_cues, "subtitles has 100000 cues, more than the 20000 allowed"),
    "playlist": ("audio", lambda media: _playlist(media, "m3u8"), "narration is not a sound file"),
    "concat file": ("audio", lambda media: _playlist(media, "concat"), "narration is not a sound file"),
    "session description": ("audio", lambda media: _playlist(media, "sdp"), "narration is not a sound file"),
    "playlist as music": ("music", lambda media: _playlist(media, "concat"), "music is not a sound file"),
    **{
        f"{kind} as {role}": (role, lambda media, name=f"{kind}.{ending}", content=content: _file(media, name, content), words)  # type: ignore[misc]
        for kind, content in (("nothing", b""), ("text", _TEXT))
        for role, ending, words in (
            ("image", "jpg", "image is not a picture"), ("audio", "mp3", "narration is not a sound file"),
            ("subtitles", "srt", "subtitles is not an SRT, WebVTT"), ("watermark", "png", "watermark is not a picture"),
            ("music", "mp3", "music is not a sound file"),
        )
        if (kind, role) != ("nothing", "subtitles")  # a silent scene has such
    },
}  # fmt: skip


@pytest.mark.parametrize("case", BAD)
def test_what_cannot_be_rendered_is_one_clear_permanent_error(render: Render, media: Media, case: str) -> None:
    """In one line that names the input."""
    role, make, words = BAD[case]
    with pytest.raises(BadInput, match=f"^{words}") as caught:
        render(**{role: make(media)})
    assert len(str(caught.value).splitlines()) == 1
    assert len(str(caught.value)) < 200


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


_GREY = ((LEFT[0],) * 3, (RIGHT[0],) * 3)
GOOD_PICTURES: dict[str, tuple[Callable[[Media], Path], tuple[tuple[int, ...], tuple[int, ...]]]] = {
    "CMYK JPEG": (lambda media: _cmyk(media, "a.jpg"), (LEFT, RIGHT)),
    "CMYK TIFF": (lambda media: _cmyk(media, "a.tif"), (LEFT, RIGHT)),
    "16-bit RGB PNG": (lambda media: _deep(media, "a.png", is_grey=False), (LEFT, RIGHT)),
    "16-bit RGB TIFF": (lambda media: _deep(media, "a.tif", is_grey=False), (LEFT, RIGHT)),
    "16-bit grey PNG": (lambda media: _deep(media, "a.png", is_grey=True), _GREY),
    "16-bit grey TIFF": (lambda media: _deep(media, "a.tif", is_grey=True), _GREY),
    "animated GIF": (_animated_gif, (LEFT, RIGHT)),
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


def _srt_in(media: Media, encoding: str) -> Path:
    return _file(media, "s.srt", "1\n00:00:00,200 --> 00:00:00,400\n一个测试字幕，世界\n".encode(encoding))


#: A subtitle file -> when something is shown, and what is said of it.
GOOD_SUBTITLES: dict[str, tuple[Callable[[Media], Path], list[tuple[float, float]], str]] = {
    "overlapping": (lambda media: media.srt("s.srt", [(0.2, 0.48, "first"), (0.32, 0.6, "second")]), [(0.2, 0.6)], ""),
    "unsorted": (lambda media: media.srt("s.srt", [(0.6, 0.72, "last"), (0.12, 0.2, "first")]), [(0.12, 0.2), (0.6, 0.72)], ""),
    "negative": (
        lambda media: _file(
            media, "s.srt",
            "1\n-00:00:01,000 --> 00:00:00,200\nreaches in\n\n2\n-00:00:02,000 --> -00:00:00,400\nbefore\n\n"
            "3\n00:00:00,600 --> 00:00:00,400\nbackwards\n",
        ),
        [(0.0, 0.2)],
        "2 warnings",
    ),
    "GBK": (lambda media: _srt_in(media, "gbk"), [(0.2, 0.4)], ""),
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


@pytest.mark.parametrize("case", GOOD_SUBTITLES)
def test_unusual_subtitles_are_shown_at_their_time_and_place(render: Render, media: Media, case: str) -> None:
    """Below the middle, on just the frames that their times name."""
    make, times, said = GOOD_SUBTITLES[case]
    report, video = render(subtitles=make(media))
    ground = pictures(render()[1])
    shown = pictures(video)
    wanted = {frame for start, end in times for frame in range(round(start * FPS), round(end * FPS))}
    for number, (picture, plain) in enumerate(zip(shown, ground, strict=True)):
        changed = np.abs(picture.astype(int) - plain) > 40
        assert changed.any() == (number in wanted)
        assert not changed[:120].any()
    assert len(report.warnings) == int(said.partition(" ")[0] or 0)
