"""Places keyframes by the number of the frame, which no rounding of times can shift."""

from collections.abc import Sequence

from container_worker.media.defaults import KEYFRAME_S
from scenequeue.jobs.transcode.plan import Segment
from scenequeue.jobs.transcode.source import Ratio


def encoded_keyframes(segment: Segment) -> list[int]:
    """Return the numbers of the encoded frames that become keyframes, ascending, counted from the first of the run-up.

    The first frame after the segment is one too, so that no frame of the segment refers to a later one. Empty for a source that
    is not divided: its frames are not known in advance.
    """
    if segment.start_pts is None:
        return []
    places = {segment.lead_frames + position for position in segment.keyframes if position < segment.frames}
    return sorted({0, segment.lead_frames, *places, *([segment.lead_frames + segment.frames] if segment.tail_frames else [])})


def keyframe_expression(keyframes: Sequence[int], frame_rate: Ratio) -> str:
    """Return ffmpeg's expression that is not 0 for the frame numbers `n` of keyframes.

    Args:
        keyframes: ascending; empty for one every few seconds.
        frame_rate: of the source.

    Cost:
        Halves the numbers at each step, because ffmpeg evaluates it for every frame.
    """
    if not keyframes:
        return f"not(mod(n,{max(1, round(KEYFRAME_S * frame_rate[0] / frame_rate[1]))}))"
    if len(keyframes) == 1:
        return f"eq(n,{keyframes[0]})"
    middle = len(keyframes) // 2
    lower, upper = (keyframe_expression(part, frame_rate) for part in (keyframes[:middle], keyframes[middle:]))
    return f"if(lt(n,{keyframes[middle]}),{lower},{upper})"
