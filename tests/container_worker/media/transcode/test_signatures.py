"""Signatures are stored as text in a segment's report."""

import pytest

from container_worker.media.transcode.signatures import SIGNATURE_BYTES, pack, unpack


def test_copied_frames_have_no_signatures() -> None:
    """Nothing was decoded that they could be taken of."""
    assert pack(b"") == ""


def test_a_text_of_other_frames_is_refused() -> None:
    """One frame more or less is noticed."""
    text = pack(bytes(2 * SIGNATURE_BYTES))
    assert unpack(text, 2) == [bytes(SIGNATURE_BYTES)] * 2
    for frames in (1, 3):
        with pytest.raises(ValueError, match=r"^\d+$"):
            unpack(text, frames)
