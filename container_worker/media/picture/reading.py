"""Opens pictures safely. Imports only Pillow, so that decoding starts while other modules still load."""

from PIL import ExifTags, Image, UnidentifiedImageError

from container_worker.codes import Code
from container_worker.media.defaults import LARGE_PICTURE_PX, MAX_PICTURE_PX, MAX_PICTURE_PX_OF, PICTURE_FORMATS
from container_worker.media.picture.colour_profile import to_srgb
from container_worker.media.picture.jpeg_scans import check_scans
from scenequeue.errors import BadInput

#: Errors of Pillow's codecs for too little memory, which have no errno; the second one is TIFF's.
_SHORT_MEMORY = ("out of memory", "decoder error -9")


def open_picture(path: str, what: str, smallest: tuple[int, int] | None = None) -> Image.Image:
    """Decode a picture: upright (EXIF), in sRGB (ICC profile), as RGB or RGBA.

    Args:
        path: a file of an allowed format; its size is checked before decoding.
        what: the picture's name in messages.
        smallest: the picture may be reduced, but not below this size.

    Raises:
        BadInput: not a picture, too large, truncated, or a JPEG of too many scans.
    """
    Image.MAX_IMAGE_PIXELS = MAX_PICTURE_PX
    try:
        with Image.open(path, formats=PICTURE_FORMATS) as opened:
            width, height = opened.size
            most = MAX_PICTURE_PX_OF.get(opened.format or "", MAX_PICTURE_PX)
            if width * height > most:
                raise BadInput(Code.PICTURE_TOO_LARGE, input=what, width_px=width, height_px=height, limit_mp=most // 10**6)
            check_scans(opened, what)
            if smallest is not None and opened.format == "JPEG":
                side = max(smallest)  # both ways, as EXIF may still turn it
                opened.draft(None, (side, side))
            opened.load()
            profile = opened.info.get("icc_profile")
            turn = _turn(opened)
            made = _shrunk(_to_eight_bit_grey(opened), max(smallest or opened.size))
            upright = made if turn is None else made.transpose(turn)
            return _to_rgb(to_srgb(upright, profile, what))
    except BadInput:
        raise
    except UnidentifiedImageError:
        raise BadInput(Code.PICTURE_UNREADABLE, input=what, formats=", ".join(PICTURE_FORMATS)) from None
    except Image.DecompressionBombError:
        raise BadInput(Code.PICTURE_BEYOND_LIMIT, input=what, limit_mp=MAX_PICTURE_PX // 10**6) from None
    except MemoryError:
        raise
    except Exception as error:
        # Decoders raise any exception for a malformed file; only errors of the system have an errno.
        if getattr(error, "errno", None) is not None:
            raise
        said = str(error).partition("\n")[0] or type(error).__name__
        if said.startswith(_SHORT_MEMORY):
            raise MemoryError(said) from None
        raise BadInput(Code.PICTURE_DAMAGED, input=what, problem=said) from None


#: Rows converted to eight bits at once.
_ROWS = 256
#: EXIF orientation -> operation that turns the picture upright.
_UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT, 3: Image.Transpose.ROTATE_180, 4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE, 6: Image.Transpose.ROTATE_270, 7: Image.Transpose.TRANSVERSE, 8: Image.Transpose.ROTATE_90,
}  # fmt: skip


def _turn(image: Image.Image) -> Image.Transpose | None:
    """Return the operation that turns the picture upright; None where its orientation cannot be read.

    `ImageOps.exif_transpose` rewrites the whole EXIF block, and fails if any other tag is malformed.
    """
    try:
        return _UPRIGHT.get(image.getexif().get(ExifTags.Base.Orientation, 1))
    except MemoryError:
        raise
    except Exception:
        return None


def _to_eight_bit_grey(image: Image.Image) -> Image.Image:
    """Convert grey of 16 bits or more to 8 bits; return other pictures unchanged."""
    if image.mode.startswith("I;16") or image.mode in ("I", "F"):
        import numpy as np

        values = np.asarray(image)
        top = 65535.0 if image.mode != "F" else max(1.0, float(values.max()))
        made = np.empty(values.shape, np.uint8)
        # In bands: all rows at once would take eight times the memory of the result.
        for first in range(0, len(values), _ROWS):
            rows = values[first : first + _ROWS].astype(np.float32)
            made[first : first + _ROWS] = np.clip(rows * (255.0 / top), 0, 255).astype(np.uint8)
        return Image.fromarray(made)
    return image


def _shrunk(image: Image.Image, side: int) -> Image.Image:
    """Reduce a large picture, but not below this width and height, because later steps copy it several times."""
    factor = min(image.size) // side
    if image.width * image.height <= LARGE_PICTURE_PX or factor <= 1:
        return image
    if image.mode in ("1", "P", "PA") or "transparency" in image.info:
        image = _to_rgb(image)
    return image.reduce(factor)


def _to_rgb(image: Image.Image) -> Image.Image:
    has_alpha = image.mode in ("RGBA", "LA", "PA", "La", "RGBa") or "transparency" in image.info
    wanted = "RGBA" if has_alpha else "RGB"
    return image if image.mode == wanted else image.convert(wanted)


def flatten(image: Image.Image) -> Image.Image:
    """Return the picture over black, without transparency."""
    if image.mode == "RGB":
        return image
    ground = Image.new("RGB", image.size)
    ground.paste(image, mask=image.getchannel("A"))
    return ground
