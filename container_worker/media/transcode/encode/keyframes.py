"""Places keyframes by the number of the frame, which no rounding of times can shift."""

from collections.abc import Sequence

from scenequeue.jobs.transcode.plan import Segment


def encoded_keyframes(segment: Segment) -> list[int]:
    """Return the numbers of the encoded frames that become keyframes, ascending, counted from the first of the run-up.

    The first frame after the segment is one too, so that no frame of the segment refers to a later one.
    """
    places = {segment.lead_frames + position for position in segment.keyframes if position < segment.frames}
    return sorted({0, segment.lead_frames, *places, *([segment.lead_frames + segment.frames] if segment.tail_frames else [])})


def keyframe_expression(segment: Segment) -> str:
    """Return ffmpeg's expression that is not 0 for the number `n` of each encoded frame that becomes a keyframe.

    The number of frames of a source that is not divided is not certain: its keyframes repeat at the distance of the first two.
    """
    if segment.start_pts is None:
        return f"not(mod(n,{segment.keyframes[1]}))" if len(segment.keyframes) > 1 else "eq(n,0)"
    return one_of(encoded_keyframes(segment))


def one_of(numbers: Sequence[int]) -> str:
    """Return ffmpeg's expression that is not 0 if `n` is one of these numbers.

    It halves them at each step, because ffmpeg evaluates it for every frame.

    Args:
        numbers: of frames; at least one, ascending.
    """
    if len(numbers) == 1:
        return f"eq(n,{numbers[0]})"
    middle = len(numbers) // 2
    return f"if(lt(n,{numbers[middle]}),{one_of(numbers[:middle])},{one_of(numbers[middle:])})"
