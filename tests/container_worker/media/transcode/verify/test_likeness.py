"""Frames that show another frame of the source are told from frames that were encoded badly."""

import pytest

from container_worker.media.transcode.verify.likeness_checks import check_joins, check_likeness, check_watermark
from container_worker.media.transcode.verify.tables import Decoded, Encoded, Packets
from scenequeue.jobs.transcode.plan import Rendition, Segment, TranscodePlan
from scenequeue.jobs.transcode.source import Picture, SourceFile

_SMALL = Rendition(name="360p", width=640, height=360, codec="h264", output="")
_PLAN = TranscodePlan(
    source=SourceFile(uri="", bytes=1, version=""), container="mp4", renditions=[_SMALL], encoder="9",
    picture=Picture(index=0, codec="h264", width=1, height=1, pix_fmt="", time_base=(1, 25), frame_rate=(25, 1)),
    segments=[Segment(number=0, first_frame=0, frames=10), Segment(number=1, first_frame=10, frames=10)],
)  # fmt: skip
_ENCODED = Encoded(_SMALL, Packets("h264", "", (1, 25)))


def _decoded(differences: dict[int, dict[int, float]]) -> Decoded:
    return Decoded(list(differences), [], 1, differences)


def _moving(own: int, per_frame: float = 3.0, quality: float = 0.5) -> dict[int, float]:
    """Differences of a frame that shows the source's frame `own` beside its own, in a picture that moves."""
    return {shift: abs(shift - own) * per_frame + quality for shift in range(-3, 4)}


def test_a_segment_one_frame_too_late_is_named() -> None:
    """Each of its frames is only a little off, but all are nearer to the next."""
    found = check_likeness(_PLAN, _ENCODED, _decoded({8: _moving(0), 9: _moving(0), 10: _moving(1), 11: _moving(1)}))
    assert found.detail.code == "pictures_displaced"
    assert found.detail.parameters == {"rendition": "360p", "segment": 1, "shift": 1}


@pytest.mark.parametrize("per_frame", [0.0, 0.2, 3.0, 30.0])
@pytest.mark.parametrize("quality", [0.0, 3.0, 8.0])
def test_low_quality_is_no_fault(per_frame: float, quality: float) -> None:
    """Of a still and of a moving picture."""
    frames = {frame: _moving(0, per_frame, quality) for frame in (0, 1, 8, 9, 10, 11, 18, 19)}
    assert check_likeness(_PLAN, _ENCODED, _decoded(frames)).ok


def test_a_picture_of_something_else_is_named() -> None:
    """With its segment, and how far off it is."""
    frames = {8: _moving(0), 12: dict.fromkeys(range(-3, 4), 91.0)}
    found = check_likeness(_PLAN, _ENCODED, _decoded(frames))
    assert found.detail.code == "picture_foreign"
    assert found.detail.parameters == {"rendition": "360p", "frame": 12, "segment": 1, "difference": 91.0, "frames": 1}


def test_frames_that_cannot_be_decoded_are_counted() -> None:
    """With the first of them."""
    found = check_joins(_ENCODED, Decoded([8, 9, 10, 11], [9, 10], 1, {}))
    assert not found.ok
    assert found.detail.parameters == {"rendition": "360p", "frames": 2, "first": 9}


@pytest.mark.parametrize(
    ("cover", "under", "code"),
    [
        (None, {}, "not_compared"), (bytes(4), {1: 0.0}, "watermark_invisible"), (b"\x01", {1: 6.0}, "watermark_shown"),
        (b"\x01", {1: 6.0, 2: 17.0}, "watermark_foreign"),
    ],
)  # fmt: skip
def test_a_watermark_is_compared_where_it_is(cover: bytes | None, under: dict[int, float], code: str) -> None:
    """One that cannot be seen is named, and is no fault."""
    found = check_watermark(_ENCODED, Decoded([1], [], 1, {}, under), cover)
    assert (found.detail.code, found.ok) == (code, code != "watermark_foreign")
