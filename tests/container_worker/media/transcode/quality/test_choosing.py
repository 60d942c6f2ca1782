"""The constant rate factor that is chosen from measured ones."""

import pytest
from hypothesis import given, settings, strategies as st

from container_worker.media.transcode.quality.choosing import SCALES, Point, Scale, choose_crf, next_crf
from container_worker.media.transcode.quality.report import MAX_ROUNDS

_H264 = SCALES["h264"]
_POINTS = st.lists(
    st.builds(Point, st.integers(10, 45), st.floats(0, 100)), min_size=1, max_size=6, unique_by=lambda point: point.crf
)


def _search(vmaf_at: dict[float, float], target: float, scale: Scale) -> list[Point]:
    """Search on a curve that is given at every factor of the scale."""
    points: list[Point] = []
    while len(points) < MAX_ROUNDS and (crf := next_crf(points, target, scale, 23)) is not None:
        points.append(Point(crf, vmaf_at[crf]))
    return points


@st.composite
def _curves(draw: st.DrawFn, scale: Scale) -> dict[float, float]:
    """Descending curves as those of pictures are: flat at high quality, and then steeper and steeper."""
    steepest = draw(st.floats(0.3, 1.5)) * scale.slope
    knee = draw(st.floats(scale.bounds[0], scale.bounds[1] - 5))
    vmaf, curve = draw(st.floats(95, 100)), {}
    for number in range(round((scale.bounds[1] - scale.bounds[0]) / scale.step) + 1):
        crf = scale.bounds[0] + number * scale.step
        curve[crf] = max(0.0, vmaf)
        vmaf -= scale.step * steepest * min(1.0, max(0.05, (crf - knee) / 10 + 0.5))
    return curve


@settings(max_examples=100, deadline=None)
@given(st.data(), st.sampled_from(sorted(SCALES)), st.floats(60, 99))
def test_a_search_ends_near_the_target_or_at_a_bound(data: st.DataObject, codec: str, target: float) -> None:
    """Whatever the curve: the choice is at most 1 VMAF farther from the target than the nearest factor within the bounds."""
    scale = SCALES[codec]
    curve = data.draw(_curves(scale))
    chosen = choose_crf(_search(curve, target, scale), target, scale)
    nearest = min(abs(vmaf - target) for vmaf in curve.values())
    assert abs(curve[chosen.crf] - target) <= nearest + 1.0


@settings(max_examples=100, deadline=None)
@given(_POINTS, st.floats(60, 99), st.floats(0, 30))
def test_a_higher_target_never_gets_a_larger_factor(points: list[Point], target: float, more: float) -> None:
    """Whatever was measured, even a VMAF that rises with the factor; the choice lies among what was measured."""
    low, high = choose_crf(points, target, _H264), choose_crf(points, min(99.0, target + more), _H264)
    assert high.crf <= low.crf
    assert min(points).crf <= low.crf <= max(points).crf
    assert high.vmaf >= low.vmaf - 1e-9


@settings(max_examples=100, deadline=None)
@given(_POINTS, st.floats(60, 99), st.sampled_from(sorted(SCALES)))
def test_the_next_factor_is_a_new_one_within_the_bounds(points: list[Point], target: float, codec: str) -> None:
    """On the codec's steps; else the search has ended."""
    scale = SCALES[codec]
    crf = next_crf(points, target, scale, 23)
    if crf is not None:
        assert scale.bounds[0] <= crf <= scale.bounds[1]
        assert crf / scale.step == round(crf / scale.step)
        assert all(abs(point.crf - crf) >= scale.step for point in points)


@pytest.mark.parametrize(
    ("points", "target", "expected"),
    [
        ([], 93, 23),
        ([Point(23, 92.8)], 93, None),
        ([Point(23, 90)], 93, 21),
        ([Point(23, 96)], 93, 25),
        ([Point(23, 90), Point(21, 94)], 93, 21.5),
        ([Point(10, 92)], 93, None),
        ([Point(45, 99)], 93, None),
    ],
)
def test_the_search_goes_on_from_what_was_measured(points: list[Point], target: float, expected: float | None) -> None:
    """Beyond it by the codec's slope, within it by interpolation; it ends near the target, and at a bound."""
    assert next_crf(points, target, _H264, 23) == expected
