"""Opens a picture safely and turns it into the planes that frames are sampled from."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageFilter, ImageOps, UnidentifiedImageError

from container_worker.render.defaults import BACKDROP_BRIGHTNESS, BACKDROP_WIDTH_PX, MAX_PICTURE_PX, OVERSAMPLING, PICTURE_FORMATS
from container_worker.render.motion import canvas_zoom, covers, crop_to_aspect, place_whole
from container_worker.render.request import FitChoice, MotionChoice
from scenequeue.errors import BadInput

Bytes = npt.NDArray[np.uint8]


@dataclass(frozen=True)
class Planes:
    """Planar YUV 4:2:0, BT.709 limited range; chroma samples lie in the middle of their four luma samples."""

    y: Bytes
    u: Bytes
    v: Bytes


def open_picture(path: str, what: str, smallest: tuple[int, int] | None = None) -> Image.Image:
    """The picture at this path, upright (EXIF), decoded, as RGB or RGBA.

    Args:
        path: a file of an allowed format; nothing is decoded before its size was checked.
        what: what to call it in messages.
        smallest: a JPEG may be decoded at a smaller size, but not below this one.

    Raises:
        BadInput: not a picture, too large, truncated.
    """
    Image.MAX_IMAGE_PIXELS = MAX_PICTURE_PX
    try:
        with Image.open(path, formats=PICTURE_FORMATS) as opened:
            width, height = opened.size
            if width * height > MAX_PICTURE_PX:
                raise BadInput(f"{what} is {width}x{height} pixels, more than the {MAX_PICTURE_PX // 10**6} megapixels allowed")
            if smallest is not None and opened.format == "JPEG":
                side = max(smallest)  # both ways, as EXIF may still turn it
                opened.draft(None, (side, side))
            opened.load()
            return _as_eight_bit(ImageOps.exif_transpose(opened))
    except BadInput:
        raise
    except UnidentifiedImageError:
        raise BadInput(f"{what} is not a picture in a format that is read ({', '.join(PICTURE_FORMATS)})") from None
    except Image.DecompressionBombError:
        raise BadInput(f"{what} has more than the {MAX_PICTURE_PX // 10**6} megapixels allowed") from None
    except (OSError, SyntaxError, ValueError, EOFError) as error:
        raise BadInput(f"{what} is damaged: {error}") from None


def _as_eight_bit(image: Image.Image) -> Image.Image:
    if image.mode.startswith("I;16") or image.mode in ("I", "F"):
        values = np.asarray(image).astype(np.float32)
        top = 65535.0 if image.mode != "F" else max(1.0, float(values.max()))
        return Image.fromarray(np.clip(values * (255.0 / top), 0, 255).astype(np.uint8)).convert("RGB")
    has_alpha = image.mode in ("RGBA", "LA", "PA", "La", "RGBa") or "transparency" in image.info
    wanted = "RGBA" if has_alpha else "RGB"
    return image if image.mode == wanted else image.convert(wanted)


def flat(image: Image.Image) -> Image.Image:
    """The picture without transparency, laid on black."""
    if image.mode == "RGB":
        return image
    ground = Image.new("RGB", image.size)
    ground.paste(image, mask=image.getchannel("A"))
    return ground


def _even(value: float) -> int:
    return max(2, round(value / 2) * 2)


def canvas_size(frame: tuple[int, int], motion: MotionChoice, zoom: float) -> tuple[int, int]:
    """Width and height of the canvas in pixels, even: of the frame where nothing moves, else for the closest view."""
    if motion == "none":
        return frame
    scale = canvas_zoom(motion, zoom) * OVERSAMPLING
    return _even(frame[0] * scale), _even(frame[1] * scale)


def draw_canvas(picture: Image.Image, frame: tuple[int, int], fit: FitChoice, motion: MotionChoice, zoom: float) -> Image.Image:
    """The picture scaled once to the canvas: cropped to the frame's aspect, or whole over a blurred copy of itself."""
    size = canvas_size(frame, motion, zoom)
    crop = crop_to_aspect(picture.size, frame)
    box = (crop.x, crop.y, crop.x + crop.width, crop.y + crop.height)
    if covers(fit, picture.size, frame):
        return picture.resize(size, Image.Resampling.BICUBIC, box=box, reducing_gap=2.0)
    small = (BACKDROP_WIDTH_PX, max(1, round(BACKDROP_WIDTH_PX * size[1] / size[0])))
    backdrop = picture.resize(small, Image.Resampling.BOX, box=box, reducing_gap=2.0).filter(ImageFilter.GaussianBlur(4))
    backdrop = backdrop.point([round(level * BACKDROP_BRIGHTNESS) for level in range(256)] * 3)
    canvas = backdrop.resize(size, Image.Resampling.BICUBIC)
    left, top, width, height = place_whole(picture.size, size, canvas_zoom(motion, zoom))
    canvas.paste(picture.resize((width, height), Image.Resampling.BICUBIC, reducing_gap=2.0), (left, top))
    return canvas


#: Rows give Y, U, V of BT.709 limited range from 8-bit R, G, B (ITU-R BT.709-6, 3.5), the last column the offset.
_KR, _KB = 0.2126, 0.0722
_KG = 1 - _KR - _KB
RGB_TO_YUV = np.array(
    [
        [219 / 255 * _KR, 219 / 255 * _KG, 219 / 255 * _KB, 16],
        [-224 / 255 * _KR / (2 * (1 - _KB)), -224 / 255 * _KG / (2 * (1 - _KB)), 224 / 255 / 2, 128],
        [224 / 255 / 2, -224 / 255 * _KG / (2 * (1 - _KR)), -224 / 255 * _KB / (2 * (1 - _KR)), 128],
    ],
    dtype=np.float32,
)


def to_planes(canvas: Image.Image) -> Planes:
    """The canvas (even sides) in YUV 4:2:0."""
    import cv2

    rgb = np.asarray(canvas)
    half = cv2.resize(rgb, (rgb.shape[1] // 2, rgb.shape[0] // 2), interpolation=cv2.INTER_AREA)
    chroma = cv2.transform(half, RGB_TO_YUV[1:])
    y = np.empty(rgb.shape[:2], np.uint8)
    for top in range(0, rgb.shape[0], 64):  # in strips: the transform works in floats
        y[top : top + 64] = cv2.transform(rgb[top : top + 64], RGB_TO_YUV[:1])
    return Planes(y, np.ascontiguousarray(chroma[..., 0]), np.ascontiguousarray(chroma[..., 1]))
