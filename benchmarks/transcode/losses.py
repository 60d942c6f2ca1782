"""Counts what a video has lost when it was cut, encoded and joined: frames, time, and sound.

The clips show each frame's number in their pixels, and have a sound whose beeps can be located.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import av

from benchmarks.targets import Target
from benchmarks.transcode.designs import DESIGNS
from container_worker.media.child_program import used_cpu_s
from tests.support.numbered_clips.checking import lags_s, start_shift_s
from tests.support.numbered_clips.making import X264, encode
from tests.support.numbered_clips.reading import read_pictures, read_sound

_SECONDS, _SEGMENT_S = 60, 10
#: Shortest gap in the sound that counts, in seconds.
_GAP_S = Fraction(1, 1000)
#: A rate that varies: a frame after 20 to 58 ms.
_VARIABLE = ("-vf", "settb=1/1000,setpts='N*40+mod(N*7,3)*9'", "-fps_mode", "passthrough", "-enc_time_base", "1/1000")


@dataclass(frozen=True)
class Loss:
    """Everything that differs from the source."""

    clip: str
    design: str
    lost: int
    doubled: int
    #: Length of the picture beside the source's.
    longer_ms: float
    #: Gaps in the sound that the source does not have.
    gaps: int
    #: Least and greatest time by which the sound is late beside the picture.
    late_ms: tuple[float, float]
    cpu_s: float


def measure_losses(folder: Path) -> Iterator[Loss]:
    """Yield the losses of each design for each clip."""
    for name, source in _clips(folder):
        for number, (design, make) in enumerate(DESIGNS.items()):
            place = folder / f"{name}-{number}"
            place.mkdir()
            before = used_cpu_s()
            made = make(source, place, _SEGMENT_S)
            yield _loss(name, design, source, made, used_cpu_s() - before)


def loss_targets(losses: Iterable[Loss]) -> list[Target]:
    """Return the targets of ours: nothing is lost."""
    own = [each for each in losses if each.design == next(iter(DESIGNS))]
    return [
        Target("frames lost or doubled", sum(each.lost + each.doubled for each in own), "≤", 0),
        Target("gaps in the sound", sum(each.gaps for each in own), "≤", 0),
        Target("largest change of length, ms", max(abs(each.longer_ms) for each in own), "≤", 40),
        Target("largest shift of the sound, ms", max(abs(late) for each in own for late in each.late_ms), "≤", 1),
    ]


def _clips(folder: Path) -> Iterator[tuple[str, Path]]:
    frames = _SECONDS * 25
    yield "25 fps", encode(folder / "cfr.mp4", frames)
    yield "29.97 fps", encode(folder / "ntsc.mp4", round(_SECONDS * 29.97), Fraction(30000, 1001))
    open_gop = (*X264, "-x264-params", "open-gop=1:bframes=3")
    yield "open GOP", encode(folder / "open.mp4", frames, video=open_gop)
    options = ("-video_track_timescale", "1000")
    yield "variable rate", encode(folder / "vfr.mp4", frames, video=(*X264, *_VARIABLE), options=options)


def _loss(clip: str, design: str, source: Path, made: Path, cpu_s: float) -> Loss:
    before, after = read_pictures(source), read_pictures(made)
    shown = Counter(after.numbers)
    heard, moved = read_sound(source), read_sound(made)
    moved = replace(moved, start_s=moved.start_s - start_shift_s(source, made))
    late_ms = [lag * 1000 for lag in lags_s(heard, moved)]
    return Loss(
        clip, design, lost=sum(not shown[number] for number in before.numbers), doubled=sum(shown.values()) - len(shown),
        longer_ms=float(after.span_s - before.span_s) * 1000, gaps=max(0, _gaps(made) - _gaps(source)),
        late_ms=(min(late_ms), max(late_ms)), cpu_s=cpu_s,
    )  # fmt: skip


def _gaps(path: Path) -> int:
    """Return the number of gaps between the decoded frames of the sound: packets in MP4 last until the next begins."""
    with av.open(str(path)) as container:
        heard = [
            (each.pts * Fraction(each.time_base or 1), Fraction(each.samples, each.sample_rate))
            for each in container.decode(container.streams.audio[0])
            if each.pts is not None
        ]
    return sum(begin - last - length > _GAP_S for (last, length), (begin, _) in pairwise(heard))
