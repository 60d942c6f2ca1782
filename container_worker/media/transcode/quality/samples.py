"""Chooses the samples of a source: spans that stand for the whole of it."""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from fractions import Fraction

from container_worker.media.transcode.planning.dividing import KEYFRAME_S, RUN_UP_FRAMES
from container_worker.media.transcode.probing.packets import NO_TIME, Flag, Packets
from scenequeue.jobs.transcode.plan import Segment, TranscodePlan

#: A source of at most so many seconds is measured as a whole, and of one that is not divided so many.
WHOLE_S = 20
#: Number of samples of a longer one.
SAMPLES = 10


def choose_samples(plan: TranscodePlan, packets: Packets) -> list[Segment]:
    """Return the samples, in the order of the film.

    Each is as long as a rendition's distance of keyframes. They are chosen by the bytes that the source has for them, which
    tell how hard a picture is to encode: of all spans, sorted by their bytes, those at equal distances.

    Args:
        plan: the source's plan.
        packets: of its picture.
    """
    if not plan.is_divided or plan.seconds_between(0, len(plan.frame_pts)) <= WHOLE_S:
        # The file is there as a whole.
        return [segment.model_copy(update={"ranges": []}) for segment in plan.segments]
    windows = list(_windows(plan))
    sizes = _bytes_of(plan, windows, packets)
    # The last one may be a single frame.
    whole = [at for at, (first, end) in enumerate(windows) if 2 * plan.seconds_between(first, end) > KEYFRAME_S]
    ranked = sorted(whole or range(len(windows)), key=lambda at: sizes[at])
    chosen = {ranked[(2 * number + 1) * len(ranked) // (2 * SAMPLES)] for number in range(SAMPLES)}
    keys = sorted(row.pts for row in packets if row.flags & Flag.KEY and not row.flags & Flag.HIDDEN and row.pts != NO_TIME)
    return [_sample(plan, number, *windows[at], keys) for number, at in enumerate(sorted(chosen))]


def most_s_of(sample: Segment) -> float | None:
    """Return the seconds of the source that are read for a sample; None where its end is known.

    A source that is not divided is measured from its beginning, because no other place can be found in it.
    """
    return WHOLE_S if sample.start_pts is None else None


def _windows(plan: TranscodePlan) -> Iterator[tuple[int, int]]:
    """Yield the positions of first and next frame of consecutive spans."""
    first = 0
    length = Fraction(KEYFRAME_S) / Fraction(*plan.picture.time_base)
    while first < len(plan.frame_pts):
        end = bisect_right(plan.frame_pts, plan.frame_pts[first] + length - Fraction(1, 2), first)
        yield first, end
        first = end


def _bytes_of(plan: TranscodePlan, windows: Sequence[tuple[int, int]], packets: Packets) -> list[int]:
    """Return the bytes that the source has for each of consecutive spans."""
    begins = [plan.frame_pts[first] for first, _ in windows]
    sizes = [0] * len(windows)
    for pts, size in zip(packets.pts, packets.size, strict=True):
        at = bisect_right(begins, pts) - 1
        if at >= 0:
            sizes[at] += size
    return sizes


def _sample(plan: TranscodePlan, number: int, first: int, end: int, keys: Sequence[int]) -> Segment:
    lead = max(0, first - RUN_UP_FRAMES)
    key = bisect_right(keys, plan.frame_pts[lead]) - 1
    return Segment(
        number=number, first_frame=first, frames=end - first, start_pts=plan.frame_pts[first],
        # Without a run-up as in a segment, its VMAF would be up to 0.6 lower than in the whole file.
        lead_pts=plan.frame_pts[lead], lead_frames=first - lead,
        end_pts=plan.frame_pts[end] if end < len(plan.frame_pts) else None,
        # As in a plan: the first keyframe is reached from the start of the file.
        seek_pts=keys[key] if first and key > 0 else None,
    )  # fmt: skip
