"""Pictures as they come: whatever a decoder makes of them, it is a picture or one clear error."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageFile

from container_worker.media.picture.reading import open_picture
from scenequeue.errors import BadInput
from tests.support.media import Media


def _with_exif(media: Media, exif: bytes) -> Path:
    path = media.folder / "exif.jpg"
    Image.new("RGB", (64, 32), (200, 30, 30)).save(path, exif=b"Exif\x00\x00" + exif)
    return path


@pytest.mark.parametrize(
    "exif",
    [
        b"II*\x00\x08\x00\x00\x00\x01\x00\x12\x01\x03\x00\xff\xff\xff\xff\x06",
        b"MM\x00*\x00\x00\x00\x08\x00\x02\x01\x12\x00\x02\x00\x00\x00\x04abc\x00",
        b"II*\x00\xff\xff\xff\x7f",
        b"II*\x00\x08",
        b"no exif at all",
    ],
)
def test_a_picture_with_a_broken_exif_block_is_taken_as_it_is(media: Media, exif: bytes) -> None:
    """Its orientation is unknown, but the picture is complete."""
    picture = open_picture(str(_with_exif(media, exif)), "image")
    assert picture.size == (64, 32)
    assert np.abs(np.asarray(picture).astype(int) - (200, 30, 30)).max() < 12


@pytest.mark.parametrize("tag", [b"\x01\x00\x00\x02", b"\x01\x0e\x00\x02", b"\x01M\x00\x05", b"\x01>\x00\x02"])
def test_a_picture_is_turned_upright_though_other_tags_are_malformed(media: Media, tag: bytes) -> None:
    """A width that is text, or a description that is a number, has nothing to do with how it was held."""
    block = b"MM\x00*\x00\x00\x00\x08\x00\x02" + tag + b"\x00\x00\x00\x06\x00\x00\x00\x26"
    block += b"\x01\x12\x00\x03\x00\x00\x00\x01\x00\x06\x00\x00\x00\x00\x00\x00he\xfflo\x00\x00\x00"
    assert open_picture(str(_with_exif(media, block)), "image").size == (32, 64)


@pytest.mark.parametrize("orientation", [-1, 0, 9, 65535, "6", (6, 6), b"\x06"])
def test_an_orientation_that_is_none_turns_nothing(media: Media, monkeypatch: pytest.MonkeyPatch, orientation: object) -> None:
    """Out of range, or of another type."""
    monkeypatch.setattr(Image.Image, "getexif", lambda _self: {0x0112: orientation})
    assert open_picture(str(media.image("p.jpg", 64, 32)), "image").size == (64, 32)


@pytest.mark.parametrize("error", ["struct", "index", "key", "zero", "type", "assertion", "overflow"])
def test_whatever_a_decoder_raises_is_a_permanent_error(media: Media, monkeypatch: pytest.MonkeyPatch, error: str) -> None:
    """One line, naming the input."""
    import struct

    kinds = {
        "struct": struct.error("unpack requires 4 bytes"), "index": IndexError("x"), "key": KeyError("x"),
        "zero": ZeroDivisionError(), "type": TypeError("x\ny"), "assertion": AssertionError(), "overflow": OverflowError("x"),
    }  # fmt: skip
    monkeypatch.setattr(ImageFile.ImageFile, "load", lambda _self: (_ for _ in ()).throw(kinds[error]))
    with pytest.raises(BadInput, match=r"^image is damaged") as caught:
        open_picture(str(media.image()), "image")
    assert len(str(caught.value).splitlines()) == 1


@pytest.mark.parametrize("error", [MemoryError(), OSError(12, "Cannot allocate memory"), OSError(5, "Input/output error")])
def test_what_is_the_machines_fault_is_not_blamed_on_the_picture(
    media: Media, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    """Elsewhere it may succeed."""
    monkeypatch.setattr(ImageFile.ImageFile, "load", lambda _self: (_ for _ in ()).throw(error))
    with pytest.raises(type(error)):
        open_picture(str(media.image()), "image")
