"""Decides whether decoded frames of a joined file show the source's: pure functions of differences."""

from bisect import bisect_left

from container_worker.codes import Code
from container_worker.media.transcode.signatures import Signature
from container_worker.media.transcode.verify.outcome import failed, passed
from container_worker.media.transcode.verify.tables import Decoded, Encoded
from scenequeue.jobs.transcode.plan import TranscodePlan
from scenequeue.jobs.transcode.verification import Check

#: Largest difference of a frame, in levels of 255. The lowest quality changes a frame by 3, another picture by 20 and more.
_MAX_DIFFERENCE = 12.0
#: The same for its part under a watermark, which is small: the lowest quality changes it by 6.
_MAX_DIFFERENCE_UNDER_WATERMARK = 16.0
#: Frames of a segment that are nearer by this to those beside their own are displaced: in the mean, and as a ratio.
_NEARER, _NEARER_RATIO = 1.5, 0.4


def check_likeness(plan: TranscodePlan, encoded: Encoded, decoded: Decoded) -> Check:
    """Check that each decoded frame shows the source's frame of the same position."""
    name, rendition = "likeness", encoded.rendition.name
    own = {frame: differences[0] for frame, differences in decoded.differences.items() if 0 in differences}
    if not own:
        return passed(name, rendition, Code.NOT_COMPARED)
    worst = max(own, key=own.__getitem__)
    if own[worst] > _MAX_DIFFERENCE:
        segment = max((each.number for each in plan.segments if each.first_frame <= worst), default=0)
        return failed(
            name, rendition, Code.PICTURE_FOREIGN, frame=worst, segment=segment, difference=round(own[worst], 1),
            frames=sum(each > _MAX_DIFFERENCE for each in own.values()),
        )  # fmt: skip
    compared = sorted(own)
    for each in plan.segments:
        first, end = each.first_frame, each.first_frame + each.frames
        shift = _shift_of(compared[bisect_left(compared, first) : bisect_left(compared, end)], decoded)
        if shift:
            return failed(name, rendition, Code.PICTURES_DISPLACED, segment=each.number, shift=shift)
    mean = round(sum(own.values()) / len(own), 2)
    return passed(name, rendition, Code.PICTURES_AS_SOURCE, frames=len(own), difference=round(own[worst], 2), mean=mean)


def _shift_of(frames: list[int], decoded: Decoded) -> int:
    """Return the number of frames by which these are displaced; 0 if they are where they belong."""
    common = set.intersection(*(set(decoded.differences[frame]) for frame in frames)) if frames else set[int]()
    if common <= {0}:
        return 0
    means = {shift: sum(decoded.differences[frame][shift] for frame in frames) / len(frames) for shift in common}
    best = min(means, key=lambda shift: (means[shift], abs(shift)))
    return best if means[0] - means[best] > _NEARER and means[best] < _NEARER_RATIO * means[0] else 0


def check_watermark(encoded: Encoded, decoded: Decoded, cover: Signature | None) -> Check:
    """Check that each decoded frame shows, under the watermark, the source's frame with the watermark on it.

    Args:
        encoded: the rendition.
        decoded: its frames.
        cover: share of each pixel of a signature that the watermark covers; None without signatures.
    """
    name, rendition, under = "watermark", encoded.rendition.name, decoded.under_watermark
    if cover is not None and not any(cover):
        return passed(name, rendition, Code.WATERMARK_INVISIBLE)
    if not under:
        return passed(name, rendition, Code.NOT_COMPARED)
    worst = max(under, key=under.__getitem__)
    if under[worst] > _MAX_DIFFERENCE_UNDER_WATERMARK:
        return failed(name, rendition, Code.WATERMARK_FOREIGN, frame=worst, difference=round(under[worst], 1))
    return passed(name, rendition, Code.WATERMARK_SHOWN, frames=len(under), difference=round(under[worst], 2))


def check_joins(encoded: Encoded, decoded: Decoded) -> Check:
    """Check that the frames around every join, and the keyframes, could be decoded."""
    name, rendition = "joins", encoded.rendition.name
    if decoded.missing:
        return failed(name, rendition, Code.FRAMES_UNDECODABLE, frames=len(decoded.missing), first=min(decoded.missing))
    return passed(name, rendition, Code.JOINS_DECODED, joins=decoded.joins, frames=len(decoded.wanted))
