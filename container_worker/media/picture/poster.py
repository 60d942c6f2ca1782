"""Saves one frame of a finished video as a JPEG."""

from pathlib import Path

from container_worker.codes import Code
from scenequeue.errors import ToolFailed

#: JPEG quality.
_QUALITY = 90


def save_poster(video: Path, share: float, target: Path) -> None:
    """Save the frame that lies at this share of the video's length.

    Args:
        video: an MP4 of ours.
        share: 0 is the first frame, 1 the last.
        target: the JPEG.

    Raises:
        ToolFailed: no frame could be decoded.

    Cost: decodes from the keyframe before it, four seconds of video at most.
    """
    import av
    from PIL import Image

    with av.open(str(video), options={"protocol_whitelist": "file", "format_whitelist": "mov"}) as container:
        stream = container.streams.video[0]
        assert stream.time_base
        assert stream.average_rate
        wanted = round(share * max(0, stream.frames - 1)) / stream.average_rate
        container.seek(int(wanted / stream.time_base), stream=stream, backward=True)
        shown = None
        for frame in container.decode(stream):
            shown = frame
            if frame.pts is not None and frame.pts * stream.time_base >= wanted - 1 / (2 * stream.average_rate):
                break
        if shown is None:
            raise ToolFailed(Code.POSTER_NOT_MADE)
        picture = shown.to_ndarray(format="rgb24")
        Image.fromarray(picture).save(target, quality=_QUALITY, subsampling=0)
