"""Chooses a constant rate factor by the VMAF that others have given."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple


@dataclass(frozen=True)
class Scale:
    """The constant rate factors of a codec that are tried."""

    #: Least and largest. Below, files grow without a visible gain; above, no VMAF that can be asked for is reached.
    bounds: tuple[float, float]
    #: Distance of two that are told apart.
    step: float
    #: VMAF that a step of 1 costs about, at the first guess.
    slope: float


#: By codec. SVT-AV1 takes whole numbers only.
SCALES = {
    "h264": Scale((10, 45), 0.5, 1.5),
    "h265": Scale((10, 45), 0.5, 1.5),
    "av1": Scale((10, 63), 1, 0.7),
}
#: A measured VMAF as near to the target ends the search.
_NEAR = 0.4
#: Distance of two factors from which on the line between their points is no good guess.
_FAR_APART = 4
#: Farthest move from what has been measured, as a share of the bounds' distance.
_FARTHEST = 0.4


class Point(NamedTuple):
    """A constant rate factor with the VMAF that it gives."""

    crf: float
    vmaf: float


def next_crf(points: Sequence[Point], target: float, scale: Scale, first: float) -> float | None:
    """Return the constant rate factor to try next; None if nothing is to be gained.

    Args:
        points: what has been measured.
        target: VMAF.
        scale: of the codec.
        first: factor that is tried first.
    """
    if not points:
        return _clamped(first, scale)
    if min(abs(point.vmaf - target) for point in points) <= _NEAR:
        return None
    curve = _descending(points)
    if curve[0].vmaf >= target >= curve[-1].vmaf and len(curve) > 1:
        found = _rounded(_between(curve, target), scale)
    else:
        found = _extrapolated(curve, target, scale)
    return None if any(abs(point.crf - found) < scale.step for point in points) else found


def choose_crf(points: Iterable[Point], target: float, scale: Scale) -> Point:
    """Return the constant rate factor whose VMAF is nearest to the target, with that VMAF, as far as was measured.

    Args:
        points: what has been measured; at least one.
        target: VMAF.
        scale: of the codec.
    """
    curve = _descending(points)
    found = _clamped(_rounded(_interpolated(curve, target), scale), scale)
    found = min(max(found, curve[0].crf), curve[-1].crf)
    return Point(found, _vmaf_at(curve, found))


def _between(curve: Sequence[Point], target: float) -> float:
    """Return the factor at which a descending curve is expected to cross the target.

    VMAF falls faster and faster, so that a straight line between two points that are far apart crosses it too early.
    """
    found = _interpolated(curve, target)
    left, right = next((pair for pair in pairwise(curve) if pair[0].crf <= found <= pair[1].crf), (curve[0], curve[-1]))
    return (found + (left.crf + right.crf) / 2) / 2 if right.crf - left.crf > _FAR_APART else found


def _descending(points: Iterable[Point]) -> list[Point]:
    """Return the points by factor; where a larger one has a larger VMAF, both get their mean."""
    groups: list[list[Point]] = []
    for point in sorted(points):
        groups.append([point])
        while len(groups) > 1 and _mean(groups[-1]) > _mean(groups[-2]):
            groups[-2:] = [groups[-2] + groups[-1]]
    return [Point(point.crf, _mean(group)) for group in groups for point in group]


def _mean(group: Sequence[Point]) -> float:
    return sum(point.vmaf for point in group) / len(group)


def _interpolated(curve: Sequence[Point], target: float) -> float:
    """Return the factor at which a descending curve crosses the target; beyond its ends, that of the end."""
    if target >= curve[0].vmaf:
        return curve[0].crf
    for left, right in pairwise(curve):
        if left.vmaf >= target > right.vmaf:
            return left.crf + (right.crf - left.crf) * (left.vmaf - target) / (left.vmaf - right.vmaf)
    return curve[-1].crf


def _vmaf_at(curve: Sequence[Point], crf: float) -> float:
    for left, right in pairwise(curve):
        if left.crf <= crf <= right.crf and left.crf < right.crf:
            return left.vmaf + (right.vmaf - left.vmaf) * (crf - left.crf) / (right.crf - left.crf)
    return curve[0].vmaf if crf <= curve[0].crf else curve[-1].vmaf


def _extrapolated(curve: Sequence[Point], target: float, scale: Scale) -> float:
    """Return the factor beyond the measured ones at which the target is expected."""
    is_above = target > curve[0].vmaf
    end = curve[0] if is_above else curve[-1]
    slope, least = scale.slope, 0.0
    if len(curve) > 1:
        # Farther each time, so that a flat top is left behind.
        before = curve[1] if is_above else curve[-2]
        least = 2 * abs(end.crf - before.crf)
        # As steep as it was, but not steeper than any picture is; VMAF falls faster and faster, and is flat at its top.
        found = (curve[0].vmaf - curve[-1].vmaf) / (curve[-1].crf - curve[0].crf)
        slope = min(max(found, scale.slope / 4 if is_above else scale.slope), scale.slope * 3)
    farthest = _FARTHEST * (scale.bounds[1] - scale.bounds[0])
    move = min(max(abs(end.vmaf - target) / slope, least), farthest)
    return _clamped(_rounded(end.crf - move if is_above else end.crf + move, scale), scale)


def _rounded(crf: float, scale: Scale) -> float:
    return round(crf / scale.step) * scale.step


def _clamped(crf: float, scale: Scale) -> float:
    return min(max(crf, scale.bounds[0]), scale.bounds[1])
