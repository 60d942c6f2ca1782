"""The choice of the frames that become pictures."""

from fractions import Fraction
from itertools import accumulate

import pytest
from hypothesis import given, strategies as st

from container_worker.media.transcode.planning.dividing import Frames, divide, whole
from container_worker.media.transcode.planning.stills import MAX_SPRITES, interval_s, sprite_size, with_positions
from scenequeue.jobs.transcode.plan import Stills

_BOTH = Stills(sprite_px=(160, 90), has_poster=True)


@pytest.mark.parametrize(
    ("length_s", "expected"), [(0.04, 1), (200, 1), (201, 2), (1500, 10), (7200, 45), (12_000, 60), (12_001, 120), (86_400, 480)]
)
def test_pictures_are_further_apart_in_longer_films(length_s: float, expected: int) -> None:
    """So that there are at most two hundred."""
    assert interval_s(length_s) == expected


def test_pictures_have_the_shape_of_the_video() -> None:
    """The longer side is the same."""
    assert [sprite_size(*size) for size in ((1920, 1080), (1080, 1920), (854, 480), (4096, 2))] == [
        (160, 90), (90, 160), (160, 90), (160, 2),
    ]  # fmt: skip


@given(st.lists(st.integers(1, 60_000), min_size=1, max_size=300), st.sampled_from([1.0, 7.5, 600.0]), st.integers(-9000, 90_000))
def test_the_division_changes_no_picture(steps: list[int], segment_s: float, first: int) -> None:
    """All segments together have the same frames as one; each is the first at or after its multiple of the interval."""
    frames = Frames([first, *accumulate(steps, initial=first)][1:], [0], steps[-1])
    found = {"sprites": list[int](), "posters": list[int]()}
    for segment in with_positions(divide(frames, segment_s), _BOTH, frames, len(frames), (25, 1)):
        found["sprites"] += [segment.first_frame + position for position in segment.sprites]
        found["posters"] += [segment.first_frame + position for position in segment.posters]
    step = 1000 * interval_s(frames.seconds(frames.end_pts - frames.pts[0]))
    wanted = range(frames.pts[0], frames.pts[-1] + 1, step)
    expected = sorted({next(at for at, pts in enumerate(frames.pts) if pts >= time) for time in wanted})
    assert found["sprites"] == expected
    assert len(expected) <= MAX_SPRITES
    assert found["posters"] == sorted(set(found["posters"]))
    assert found["posters"]


@given(st.integers(1, 60_000), st.fractions(Fraction(1, 2), 240))
def test_a_source_that_is_not_divided_has_them_by_the_number_of_the_frame(count: int, rate: Fraction) -> None:
    """Within what is known of it."""
    (segment,) = with_positions([whole(count, rate.as_integer_ratio())], _BOTH, None, count, rate.as_integer_ratio())
    assert segment.sprites[0] == 0
    assert len(segment.sprites) <= MAX_SPRITES
    assert max([*segment.sprites, *segment.posters]) < count
