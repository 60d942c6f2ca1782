"""Brings a picture from the colour space that its ICC profile describes to sRGB."""

from io import BytesIO
from typing import Any

from PIL import Image

from container_worker.media.child_protocol import warn
from scenequeue.reasons import Code

#: The colours that tell a profile from sRGB, and how far apart they may be: a level of rounding.
_LEVELS = (0, 24, 64, 128, 192, 255)
_SAME = 2
#: ICC's name of a colour space -> the mode that Pillow has its pixels in.
_MODES = {"RGB ": "RGB", "GRAY": "L", "CMYK": "CMYK"}


def to_srgb(image: Image.Image, profile: bytes | None, what: str) -> Image.Image:
    """The picture in sRGB, its transparency kept; as it is where it has no profile, or one that is sRGB's.

    A profile that is broken, or of another colour model than the picture, is a warning, and the picture is taken as sRGB.

    Args:
        image: decoded.
        profile: the file's ICC profile.
        what: what to call the picture in warnings.
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
    """True for the profile of sRGB in any of its versions: pixels are then left bit for bit."""
    colours = bytes(level for red in _LEVELS for green in _LEVELS for blue in _LEVELS for level in (red, green, blue))
    before = Image.frombytes("RGB", (len(colours) // 3, 1), colours)
    after = transform.apply(before)
    return all(abs(old - new) <= _SAME for old, new in zip(colours, after.tobytes(), strict=True))


def _applied(image: Image.Image, mode: str, transform: Any) -> Image.Image:
    has_alpha = image.mode in ("RGBA", "LA", "PA", "La", "RGBa") or "transparency" in image.info
    alpha = image.convert("RGBA").getchannel("A") if has_alpha else None
    if image.mode != mode:
        # Grey pictures often carry an RGB profile, and pictures with a palette always do. Ink has no other form.
        if "CMYK" in (mode, image.mode):
            raise ValueError(f"a profile for {mode}, and pixels in {image.mode}")
        image = image.convert("RGBA").convert("RGB") if has_alpha else image.convert("RGB")
        image = image if mode == "RGB" else image.convert(mode)
    made: Image.Image = transform.apply(image)
    if alpha is not None:
        made.putalpha(alpha)
    return made
