"""Signatures of frames: packed, unpacked, and the same from ffmpeg and from a decoded frame."""

import base64
import zlib
from pathlib import Path

import av
import pytest

from container_worker.media.transcode.signatures import SIGNATURE_BYTES, difference, pack, signature_of, split, unpack
from tests.container_worker.media.transcode.encode.clips import ffmpeg, numbered


def test_signatures_are_packed_and_unpacked() -> None:
    """As text for a report."""
    raw = bytes(range(256)) * 9
    assert len(raw) == 4 * SIGNATURE_BYTES
    assert unpack(pack(raw), 4) == split(raw)
    assert unpack(pack(b""), 0) == []


@pytest.mark.parametrize(
    "text",
    [
        "", "no base64", base64.b64encode(b"no zlib").decode(), pack(bytes(SIGNATURE_BYTES)), pack(bytes(3 * SIGNATURE_BYTES)),
        base64.b64encode(zlib.compress(bytes(200_000_000), 1)).decode(),
    ],
)  # fmt: skip
def test_a_text_of_another_length_or_form_is_refused(text: str) -> None:
    """Whatever it would expand to."""
    with pytest.raises(ValueError):
        unpack(text, 2)


@pytest.mark.parametrize("pix_fmt", ["yuv420p", "yuvj420p", "yuv422p10le", "nv12", "yuv444p12le"])
def test_a_decoded_frame_has_the_signature_that_ffmpeg_takes(tmp_path: Path, pix_fmt: str) -> None:
    """In formats of all depths; other frames have another one."""
    clip = numbered(tmp_path / "a.nut", 3, "-c:v", "rawvideo", pix_fmt=pix_fmt)
    ffmpeg("-i", clip, "-vf", "extractplanes=y,scale=32:18:flags=area,format=gray", "-f", "rawvideo", tmp_path / "raw")
    taken = split((tmp_path / "raw").read_bytes())
    with av.open(str(clip)) as container:
        found = [signature_of(frame) for frame in container.decode(video=0)]
    assert len(found) == len(taken) == 3
    assert max(map(difference, found, taken)) < 1
    assert difference(found[0], taken[1]) > 10


@pytest.mark.parametrize("pix_fmt", ["gbrp", "rgb24", "yuyv422"])
def test_a_frame_without_a_plane_of_luma_has_none(pix_fmt: str) -> None:
    """Renditions have no such formats."""
    with pytest.raises(ValueError, match=pix_fmt):
        signature_of(av.VideoFrame(64, 36, pix_fmt))
