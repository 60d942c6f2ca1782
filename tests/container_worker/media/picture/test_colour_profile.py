"""Pictures with an ICC profile, shown in the colours that it describes."""

import json
import struct
from collections.abc import Callable
from pathlib import Path

import av
import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image, ImageCms

from container_worker.media.picture.reading import open_picture
from container_worker.media.scene.canvas import RGB_TO_YUV
from tests.container_worker.media.conftest import Made
from tests.support.media import Media

#: Primaries as CIE x, y; the white is D65 for all of these (SMPTE EG 432-1, Adobe RGB (1998), IEC 61966-2-1).
P3 = ((0.680, 0.320), (0.265, 0.690), (0.150, 0.060))
ADOBE_RGB = ((0.640, 0.330), (0.210, 0.710), (0.150, 0.060))
SRGB = ((0.640, 0.330), (0.300, 0.600), (0.150, 0.060))
_D65 = (0.3127, 0.3290)
#: Bradford, from D65 to the D50 of profiles (ICC.1, annex E).
_TO_D50 = np.array([[1.0479298, 0.0229468, -0.0501922], [0.0296278, 0.9904344, -0.0170738], [-0.0092430, 0.0150552, 0.7518743]])
_D50 = (0.9642, 1.0, 0.8249)


def _to_xyz(primaries: tuple[tuple[float, float], ...]) -> npt.NDArray[np.float64]:
    """Linear RGB to XYZ under D65."""
    columns = np.array([[x / y, 1, (1 - x - y) / y] for x, y in primaries]).T
    white = np.array([_D65[0] / _D65[1], 1, (1 - sum(_D65)) / _D65[1]])
    return columns * np.linalg.solve(columns, white)


def _number(value: float) -> bytes:
    return struct.pack(">i", round(value * 65536))


def _xyz(values: npt.ArrayLike) -> bytes:
    return b"XYZ \0\0\0\0" + b"".join(_number(float(value)) for value in np.asarray(values))


def _gamma(gamma: float) -> bytes:
    return b"curv\0\0\0\0" + struct.pack(">IH", 1, round(gamma * 256)) + b"\0\0"


def _profile(space: bytes, tags: dict[bytes, bytes], kind: bytes = b"mntr", pcs: bytes = b"XYZ ") -> bytes:
    """An ICC profile of version 2 with these tags."""
    text = b"made for a test\0"
    tags = {b"desc": b"desc\0\0\0\0" + struct.pack(">I", len(text)) + text + bytes(78), b"wtpt": _xyz(_D50), **tags}
    table, data, place = b"", b"", 128 + 4 + 12 * len(tags)
    for name, content in tags.items():
        padded = content.ljust(-(-len(content) // 4) * 4, b"\0")
        table += name + struct.pack(">II", place + len(data), len(padded))
        data += padded
    head = struct.pack(">I4sI4s4s4s", place + len(data), b"\0\0\0\0", 0x02400000, kind, space, pcs) + bytes(12) + b"acsp"
    head = head.ljust(68, b"\0") + b"".join(_number(value) for value in _D50)
    return head.ljust(128, b"\0") + struct.pack(">I", len(tags)) + table + data


def _matrix_profile(primaries: tuple[tuple[float, float], ...], gamma: float) -> bytes:
    columns = _TO_D50 @ _to_xyz(primaries)
    colours = dict(zip((b"rXYZ", b"gXYZ", b"bXYZ"), (_xyz(column) for column in columns.T), strict=True))
    return _profile(b"RGB ", {**colours, **dict.fromkeys((b"rTRC", b"gTRC", b"bTRC"), _gamma(gamma))})


def _grey_profile(gamma: float) -> bytes:
    return _profile(b"GRAY", {b"kTRC": _gamma(gamma)})


def _ink_profile() -> bytes:
    """CMYK whose inks are other than Pillow takes them for: full cyan is a middle grey, black is black, the others are white."""
    head = b"mft1\0\0\0\0" + bytes([4, 3, 2, 0]) + b"".join(_number(v) for v in (1, 0, 0, 0, 1, 0, 0, 0, 1))
    ramp = bytes(range(256))
    # The first ink changes slowest. Lab: lightness of 0, 50 or 100 %, a and b of 0.
    corners = b"".join(bytes([0 if corner & 1 else 128 if corner & 8 else 255, 128, 128]) for corner in range(16))
    return _profile(b"CMYK", {b"A2B0": head + ramp * 4 + corners + ramp * 3}, kind=b"prtr", pcs=b"Lab ")


def _expected(colour: tuple[int, int, int], primaries: tuple[tuple[float, float], ...], gamma: float) -> npt.NDArray[np.float64]:
    """The colour in sRGB, by the definitions alone."""
    linear = (np.array(colour) / 255) ** gamma
    linear = np.clip(np.linalg.inv(_to_xyz(SRGB)) @ _to_xyz(primaries) @ linear, 0, 1)
    return 255 * np.where(linear <= 0.0031308, linear * 12.92, 1.055 * linear ** (1 / 2.4) - 0.055)


def _saved(media: Media, name: str, mode: str, colour: object, profile: bytes | None) -> Path:
    path = media.folder / name
    Image.new(mode, (64, 48), colour).save(path, **({"icc_profile": profile} if profile else {}))  # type: ignore[arg-type]
    return path


def _middle(path: Path) -> tuple[int, ...]:
    pixel = open_picture(str(path), "image").getpixel((30, 20))
    assert isinstance(pixel, tuple)
    return pixel


_COLOURS = [(200, 60, 60), (60, 180, 60), (60, 60, 200), (225, 172, 140), (128, 128, 128), (255, 255, 255), (0, 0, 0)]


@pytest.mark.parametrize("colour", _COLOURS)
@pytest.mark.parametrize(("primaries", "gamma"), [(P3, 2.2), (ADOBE_RGB, 2.19921875)])
@pytest.mark.parametrize("ending", ["png", "webp", "tif"])
def test_a_picture_in_a_wider_colour_space_is_shown_in_its_colours(
    media: Media, ending: str, primaries: tuple[tuple[float, float], ...], gamma: float, colour: tuple[int, int, int]
) -> None:
    """Within rounding of what the colour spaces' definitions say; colours that sRGB has not are cut off at its edge."""
    path = _saved(media, f"p.{ending}", "RGB", colour, _matrix_profile(primaries, gamma))
    if ending == "webp":
        Image.open(media.folder / "p.webp").close()
        Image.new("RGB", (64, 48), colour).save(path, lossless=True, icc_profile=_matrix_profile(primaries, gamma))
    assert _middle(path) == pytest.approx(_expected(colour, primaries, gamma), abs=3)


def test_a_grey_picture_is_shown_in_its_brightness(media: Media) -> None:
    """A grey profile, and an RGB one on grey pixels, in 8 and in 16 bits."""
    wanted = _expected((128, 128, 128), SRGB, 1.0)
    assert _middle(_saved(media, "a.png", "L", 128, _grey_profile(1.0))) == pytest.approx(wanted, abs=2)
    assert _middle(_saved(media, "b.png", "L", 128, _matrix_profile(P3, 1.0))) == pytest.approx(wanted, abs=2)
    assert _middle(_saved(media, "c.png", "I;16", 128 * 257, _grey_profile(1.0))) == pytest.approx(wanted, abs=2)


def test_a_print_picture_is_shown_as_its_inks_look(media: Media) -> None:
    """As JPEG and as TIFF."""
    for name in ("a.jpg", "a.tif"):
        assert _middle(_saved(media, name, "CMYK", (255, 0, 0, 0), _ink_profile())) == pytest.approx((119, 119, 119), abs=4)
        assert _middle(_saved(media, name, "CMYK", (0, 255, 255, 0), _ink_profile())) == pytest.approx((255, 255, 255), abs=4)


@pytest.mark.parametrize("mode", ["RGBA", "LA", "P"])
def test_transparency_is_kept(media: Media, mode: str) -> None:
    """A watermark's."""
    path = media.folder / "mark.png"
    picture = Image.new("RGBA", (8, 8), (128, 128, 128, 100))
    picture.putpixel((0, 0), (128, 128, 128, 0))
    if mode == "P":
        picture = picture.quantize(4)
    profile = _matrix_profile(P3, 1.0) if mode != "LA" else _grey_profile(1.0)
    picture.convert(mode).save(path, icc_profile=profile)
    opened = open_picture(str(path), "watermark")
    assert opened.mode == "RGBA"
    assert opened.getpixel((4, 4)) == pytest.approx((*_expected((128, 128, 128), SRGB, 1.0), 100), abs=2)
    assert opened.getchannel("A").getpixel((0, 0)) == 0


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "L", "P"])
def test_a_picture_without_a_profile_or_with_that_of_srgb_is_left_bit_for_bit(media: Media, mode: str) -> None:
    """Most pictures."""
    plain, tagged = media.folder / "plain.png", media.folder / "tagged.png"
    picture = Image.open(media.image(width=64, height=48)).convert(mode)
    picture.save(plain)
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    picture.save(tagged, icc_profile=srgb)
    wanted = picture.convert("RGBA" if mode == "RGBA" else "RGB").tobytes()
    assert open_picture(str(plain), "image").tobytes() == wanted
    if mode != "L":
        assert open_picture(str(tagged), "image").tobytes() == wanted


@pytest.mark.parametrize(
    ("mode", "profile"),
    [
        ("RGB", b"no profile"), ("RGB", _matrix_profile(P3, 2.2)[:200]), ("RGB", bytes(128)), ("RGB", _ink_profile()),
        ("CMYK", _matrix_profile(P3, 2.2)), ("RGB", _profile(b"RGB ", {})), ("RGB", _profile(b"HSV ", {})),
        ("RGB", _matrix_profile(P3, 2.2).replace(b"mntr", b"link")),
    ],
)  # fmt: skip
def test_a_broken_profile_is_a_warning_and_the_picture_taken_as_it_is(
    media: Media, mode: str, profile: bytes, capfd: pytest.CaptureFixture[str]
) -> None:
    """As every picture was before profiles were read."""
    name = "a.tif" if mode == "CMYK" else "a.png"
    colour = (0, 255, 255, 0) if mode == "CMYK" else (255, 0, 0)
    assert _middle(_saved(media, name, mode, colour, profile)) == (255, 0, 0)
    warning = json.loads(capfd.readouterr().out)["warning"]
    assert warning == {"code": "profile_broken", "parameters": {"input": "image"}}


def test_a_picture_of_a_phone_comes_out_in_its_colours(make: Callable[..., Made], media: Media) -> None:
    """In the video, and its watermark too."""
    profile = _matrix_profile(P3, 2.2)
    picture = media.folder / "p3.jpg"
    Image.new("RGB", (640, 360), (200, 60, 60)).save(picture, quality=95, icc_profile=profile)
    mark = _saved(media, "mark.png", "RGBA", (60, 60, 200, 255), profile)
    look = {"motion": "none", "fps": 25, "watermark_style": {"opacity": 1.0, "width": 0.5, "corner": "top_left", "margin": 0}}
    made = make(look, image=picture, watermark=mark)
    with av.open(str(made.path)) as container:
        planes = next(container.decode(video=0)).to_ndarray(format="yuv420p")
    u, v = planes[360:450].reshape(180, 320), planes[450:].reshape(180, 320)
    for x, y, colour in ((500, 300, (200, 60, 60)), (50, 50, (60, 60, 200))):
        wanted = RGB_TO_YUV[:, :3] @ _expected(colour, P3, 2.2) + RGB_TO_YUV[:, 3]
        assert (planes[y, x], u[y // 2, x // 2], v[y // 2, x // 2]) == pytest.approx(wanted, abs=2.5)
