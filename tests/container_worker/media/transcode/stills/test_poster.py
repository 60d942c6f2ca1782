"""The choice of the poster."""

from container_worker.media.transcode.signatures import SIGNATURE_BYTES
from container_worker.media.transcode.stills.poster import Candidate, choose_poster

_BLACK = bytes([16]) * SIGNATURE_BYTES
_TITLE = bytes([16] * (SIGNATURE_BYTES - 20) + [235] * 20)
_WHITE = bytes([235]) * SIGNATURE_BYTES
_SCENE = bytes(16 + at * 7 % 200 for at in range(SIGNATURE_BYTES))


def _chosen(*candidates: tuple[float, int, bytes | None]) -> int:
    return choose_poster([Candidate(*each) for each in candidates])


def test_the_frame_with_most_detail_between_a_tenth_and_three_tenths_is_taken() -> None:
    """The earliest of equal ones."""
    assert _chosen((0.1, 10, _SCENE), (0.2, 30, _SCENE), (0.3, 30, _SCENE), (0.8, 90, _SCENE)) == 1


def test_dark_and_flat_frames_are_taken_only_if_there_is_nothing_else() -> None:
    """However large their files are."""
    assert _chosen((0.1, 90, _BLACK), (0.2, 90, _WHITE), (0.25, 90, _TITLE), (0.3, 5, _SCENE)) == 3
    assert _chosen((0.1, 90, _BLACK), (0.3, 90, _WHITE), (0.5, 5, _SCENE), (0.8, 6, _SCENE)) == 3
    assert _chosen((0.2, 10, _BLACK), (0.5, 20, _BLACK)) == 1
    assert _chosen((0.2, 10, None)) == 0
