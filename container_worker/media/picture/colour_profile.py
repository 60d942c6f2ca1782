"""Converts a picture from the colour space of its ICC profile to sRGB."""

from io import BytesIO
from typing import Any

from PIL import Image

from container_worker.codes import Code
from container_worker.media.child_protocol import warn

#: Levels of the test colours that tell a profile from sRGB, and the difference allowed for rounding.
_LEVELS = (0, 24, 64, 128, 192, 255)
_SAME = 2
#: ICC colour space -> Pillow's mode.
_MODES = {"RGB ": "RGB", "GRAY": "L", "CMYK": "CMYK"}


def to_srgb(image: Image.Image, profile: bytes | None, what: str) -> Image.Image:
    """Convert the picture to sRGB, keeping its transparency; unchanged without a profile or with that of sRGB.

    A profile that is broken, or of another colour model than the picture, is a warning, and the picture counts as sRGB.

    Args:
        image: decoded.
        profile: the file's ICC profile.
        what: the picture's name in warnings.
    """
    if not profile:
        return image
    from PIL import ImageCms

    try:
        source = ImageCms.ImageCmsProfile(BytesIO(profile))
        mode = _MODES[source.profile.xcolor_space]
        transform = ImageCms.buildTransform(
            source, ImageCms.createProfile("sRGB"), mode, "RGB", ImageCms.Intent(ImageCms.getDefaultIntent(source)),
            ImageCms.Flags.BLACKPOINTCOMPENSATION,
        )  # fmt: skip
        if mode == "RGB" and _changes_nothing(transform):
            return image
        return _applied(image, mode, transform)
    except (ImageCms.PyCMSError, OSError, ValueError, KeyError, TypeError):
        warn(Code.PROFILE_BROKEN, input=what)
        return image


def _changes_nothing(transform: Any) -> bool:
    """Return True for a profile of sRGB in any version, so that pixels stay identical."""
    colours = bytes(level for red in _LEVELS for green in _LEVELS for blue in _LEVELS for level in (red, green, blue))
    before = Image.frombytes("RGB", (len(colours) // 3, 1), colours)
    after = transform.apply(before)
    return all(abs(old - new) <= _SAME for old, new in zip(colours, after.tobytes(), strict=True))


def _applied(image: Image.Image, mode: str, transform: Any) -> Image.Image:
    has_alpha = image.mode in ("RGBA", "LA", "PA", "La", "RGBa") or "transparency" in image.info
    alpha = image.convert("RGBA").getchannel("A") if has_alpha else None
    if image.mode != mode:
        # Grey pictures often carry an RGB profile, and palette pictures always do. CMYK cannot be converted this way.
        if "CMYK" in (mode, image.mode):
            raise ValueError
        image = image.convert("RGBA").convert("RGB") if has_alpha else image.convert("RGB")
        image = image if mode == "RGB" else image.convert(mode)
    made: Image.Image = transform.apply(image)
    if alpha is not None:
        made.putalpha(alpha)
    return made
