"""Decides whether encoded sound is the source's: pure functions of levels over time."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from container_worker.codes import Code
from container_worker.media.transcode.sound_envelope import STEP_S
from container_worker.media.transcode.verify.outcome import failed, passed
from scenequeue.jobs.transcode.verification import Check

if TYPE_CHECKING:
    from container_worker.media.transcode.sound_envelope import Levels

#: Length of a place at which the lag is measured, and the longest lag that is looked for, in steps.
_PLACE_STEPS, _MAX_LAG_STEPS = round(10 / STEP_S), round(0.5 / STEP_S)
#: Longest lag that is the measurement's own.
_ALLOWED_LAG_STEPS = 2
#: A lag counts if the sounds agree there, and clearly better than without it.
_AGREEMENT, _BETTER = 0.7, 0.02
#: Sound of less variation, in levels, has no features to compare.
_FEATURES = 2.0
#: Source is heard above this level (-50 dBFS), and sound below this share of it (-36 dB) is a hole, if it lasts so long.
_HEARD, _HOLE_SHARE, _HOLE_STEPS = 14.0, 0.126, round(0.25 / STEP_S)


@dataclass(frozen=True)
class Heard:
    """Levels of the source and of the joined file, on the same time axis."""

    source: "Levels"
    joined: "Levels"


def aligned(source: "Levels", source_start_s: float, joined: "Levels", joined_start_s: float) -> Heard:
    """Bring levels onto one axis, from the source's first step to its last."""
    shift = round((joined_start_s - source_start_s) / STEP_S)
    there = np.zeros(len(source), np.uint8)
    begin, end = max(0, shift), min(len(source), shift + len(joined))
    if begin < end:
        there[begin:end] = joined[begin - shift : end - shift]
    return Heard(source, there)


def check_sound(rendition: str, heard: Mapping[int, Heard]) -> Check:
    """Check every encoded track: it has no holes, and no lag at its start, middle and end.

    Args:
        rendition: of the file.
        heard: by the index of the track.
    """
    name, worst = "sound", 0.0
    for index, each in heard.items():
        hole = _hole(each)
        if hole is not None:
            begin, steps = hole
            return failed(
                name,
                rendition,
                Code.SOUND_HAS_HOLE,
                track=index,
                at_s=round(begin * STEP_S, 2),
                length_s=round(steps * STEP_S, 2),
            )
        for begin in _places(len(each.source)):
            lag = _lag(each.source[begin : begin + _PLACE_STEPS], each.joined[begin : begin + _PLACE_STEPS])
            if abs(lag) > _ALLOWED_LAG_STEPS:
                lag_ms, at_s = round(lag * STEP_S * 1000, 1), round(begin * STEP_S, 2)
                return failed(name, rendition, Code.SOUND_LAGS, track=index, lag_ms=lag_ms, at_s=at_s)
            worst = max(worst, abs(lag) * STEP_S * 1000)
    return passed(name, rendition, Code.SOUND_AS_SOURCE, tracks=len(heard), lag_ms=round(worst, 1))


def _places(steps: int) -> list[int]:
    last = max(0, steps - _PLACE_STEPS)
    return sorted({0, last // 2, last})


def _hole(heard: Heard) -> tuple[int, int] | None:
    """Return begin and length, in steps, of the first hole; None if there is none."""
    if not len(heard.source):
        return None
    # Levels are roots of amplitudes: a share of amplitude is the square of a share of levels. Peaks of neighbours are compared,
    # so that a quiet moment between loud ones is no hole.
    source, joined = heard.source.astype(float), _widest(heard.joined)
    is_hole = (source > _HEARD) & (joined < source * _HOLE_SHARE)
    edges = np.flatnonzero(np.diff(np.concatenate([[0], is_hole.astype(np.int8), [0]])))
    for begin, end in zip(edges[::2], edges[1::2], strict=True):
        if end - begin >= min(_HOLE_STEPS, len(source) // 2 + 1):
            return int(begin), int(end - begin)
    return None


def _widest(levels: "Levels") -> "np.ndarray[tuple[int], np.dtype[np.float64]]":
    """Return the largest of each level and its neighbours."""
    padded = np.concatenate([levels[:1], levels, levels[-1:]]).astype(float)
    largest: np.ndarray[tuple[int], np.dtype[np.float64]] = np.maximum.reduce([padded[:-2], padded[1:-1], padded[2:]])
    return largest


def _lag(source: "Levels", joined: "Levels") -> int:
    """Return the steps by which the joined sound is later; 0 if the sounds have no features that tell."""
    if len(source) <= 2 * _ALLOWED_LAG_STEPS or source.std() < _FEATURES or joined.std() < _FEATURES:
        return 0
    limit = min(_MAX_LAG_STEPS, len(source) // 2)
    found = {lag: _agreement(source, joined, lag) for lag in range(-limit, limit + 1)}
    best = max(found, key=lambda lag: (found[lag], -abs(lag)))
    return best if found[best] > _AGREEMENT and found[best] > found[0] + _BETTER else 0


def _agreement(source: "Levels", joined: "Levels", lag: int) -> float:
    """Return the correlation of the sounds if one is moved by a lag; 0 where one of them is even."""
    count = len(source) - abs(lag)
    one, other = source[max(0, -lag) :][:count].astype(float), joined[max(0, lag) :][:count].astype(float)
    one, other = one - one.mean(), other - other.mean()
    size = np.sqrt((one**2).sum() * (other**2).sum())
    return float((one * other).sum() / size) if size else 0.0
