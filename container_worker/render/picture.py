"""Opens a picture safely. Needs Pillow alone, so that a picture is decoded while everything else is still being loaded."""

from PIL import ExifTags, Image, UnidentifiedImageError

from container_worker.render.colour_profile import to_srgb
from container_worker.render.defaults import MAX_PICTURE_PX, PICTURE_FORMATS
from scenequeue.errors import BadInput


def open_picture(path: str, what: str, smallest: tuple[int, int] | None = None) -> Image.Image:
    """The picture at this path, upright (EXIF), decoded, in sRGB (ICC profile), as RGB or RGBA.

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
            profile = opened.info.get("icc_profile")
            upright = _to_eight_bit_grey(_upright(opened))
            return _to_rgb(to_srgb(upright, profile, what))
    except BadInput:
        raise
    except UnidentifiedImageError:
        raise BadInput(f"{what} is not a picture in a format that is read ({', '.join(PICTURE_FORMATS)})") from None
    except Image.DecompressionBombError:
        raise BadInput(f"{what} has more than the {MAX_PICTURE_PX // 10**6} megapixels allowed") from None
    except MemoryError:
        raise
    except Exception as error:
        # Decoders raise whatever a malformed file leads them to; only what the system says has a number.
        if getattr(error, "errno", None) is not None:
            raise
        said = str(error).partition("\n")[0] or type(error).__name__
        raise BadInput(f"{what} is damaged: {said}") from None


#: EXIF's orientation -> what turns the picture upright.
_UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT, 3: Image.Transpose.ROTATE_180, 4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE, 6: Image.Transpose.ROTATE_270, 7: Image.Transpose.TRANSVERSE, 8: Image.Transpose.ROTATE_90,
}  # fmt: skip


def _upright(image: Image.Image) -> Image.Image:
    """The picture as it was held; as it is where that cannot be read.

    `ImageOps.exif_transpose` also writes the whole block anew, and fails where any other tag of it is malformed.
    """
    try:
        turn = _UPRIGHT.get(image.getexif().get(ExifTags.Base.Orientation, 1))
    except MemoryError:
        raise
    except Exception:
        return image
    return image if turn is None else image.transpose(turn)


def _to_eight_bit_grey(image: Image.Image) -> Image.Image:
    """Grey of 16 bits or more as grey of 8; every other picture as it is."""
    if image.mode.startswith("I;16") or image.mode in ("I", "F"):
        import numpy as np

        values = np.asarray(image).astype(np.float32)
        top = 65535.0 if image.mode != "F" else max(1.0, float(values.max()))
        return Image.fromarray(np.clip(values * (255.0 / top), 0, 255).astype(np.uint8))
    return image


def _to_rgb(image: Image.Image) -> Image.Image:
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
