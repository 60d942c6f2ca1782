"""Reads a rendered scene: its properties, its encoded frames, and its decoded ones."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

from container_worker.codes import Code
from container_worker.media.picture.planes import Bytes
from container_worker.media.request import RenderRequest
from scenequeue.errors import BadInput, ItemError, ToolFailed

_SAFELY = {"protocol_whitelist": "file", "format_whitelist": "mov,mp4,m4a,3gp,3g2,mj2"}


@dataclass(frozen=True)
class Rendered:
    """A rendered scene as a file, or a part of a film in the same form."""

    path: Path
    frames: int
    #: Frames that can be decoded without those before them.
    keyframes: tuple[int, ...]
    #: The decoder's setup (SPS and PPS, or AV1's sequence header), which must be the same for all of a track.
    setup: bytes
    #: The error for a damaged file: permanent for a scene, transient for a part that this film has encoded itself.
    fault: type[ItemError] = BadInput


@contextmanager
def open_mp4(path: Path, fault: type[ItemError] = BadInput) -> Iterator[Any]:
    """Open an MP4 in PyAV; other files that it refers to are not opened.

    Only for reading this file: an error of another one within the context would be told as this one's.

    Raises:
        BadInput, or `fault`: it is none, or is damaged where it is read.
    """
    import av
    from av.error import FFmpegError

    try:
        with av.open(str(path), options=_SAFELY) as container:
            yield container
    except FFmpegError as error:
        # Errors of the system, such as a full disk or too little memory, are not about this file.
        if isinstance(error, OSError | MemoryError):
            raise
        # Not the error's text, which names the copy in the scratch folder.
        problem = error.strerror or type(error).__name__
        raise fault(Code.SCENE_UNREADABLE, input=path.name, problem=problem) from None


def probe_scene(path: Path, request: RenderRequest, fault: type[ItemError] = BadInput) -> Rendered:
    """Return the properties of a rendered scene.

    Raises:
        BadInput, or `fault`: it is no video, or of another size, rate or codec than the film.
    """
    with open_mp4(path, fault) as container:
        if not container.streams.video:
            raise fault(Code.SCENE_WITHOUT_VIDEO, input=path.name)
        video = container.streams.video[0]
        shape = (video.codec_context.width, video.codec_context.height, video.average_rate)
        is_av1 = video.codec.canonical_name == "av1"
        if shape != (request.width_px, request.height_px, request.fps) or is_av1 != (request.codec == "av1"):
            raise fault(
                    Code.SCENE_UNLIKE_FILM, input=path.name,
                    width_px=shape[0], height_px=shape[1], fps=str(shape[2]), codec=video.codec.canonical_name,
                    film_width_px=request.width_px, film_height_px=request.height_px,
                    film_fps=request.fps, film_codec=request.codec,
                )  # fmt: skip
        numbers = [(_number(packet, request.fps), packet.is_keyframe) for packet in container.demux(video) if packet.size]
        setup = bytes(video.codec_context.extradata or b"")
    return Rendered(path, len(numbers), tuple(sorted(number for number, is_key in numbers if is_key)), setup, fault)


def decode_range(scene: Rendered, first: int, end: int, fps: int) -> Iterator[Bytes]:
    """Yield raw yuv420p frames of a scene, from `first` up to, not including, `end`.

    Raises:
        ToolFailed: not all of them could be decoded.
    """
    expected = first
    with open_mp4(scene.path, scene.fault) as container:
        video = container.streams.video[0]
        video.codec_context.thread_count = 1
        _seek(container, first, fps)
        for frame in container.decode(video):
            number = _number(frame, fps)
            if number >= end:
                break
            if number >= first:
                expected += 1
                yield frame.to_ndarray(format="yuv420p")
    if expected != end:
        raise ToolFailed(Code.SCENE_CUT_SHORT, input=scene.path.name, first=first, end=end, decoded=expected - first)


def read_packets(scene: Rendered, first: int, end: int, fps: int) -> Iterator[tuple[int, Any]]:
    """Yield the encoded frames from `first`, a keyframe, up to, not including, `end`, in decoding order: number, packet."""
    with open_mp4(scene.path, scene.fault) as container:
        if first:
            _seek(container, first, fps)
        for packet in container.demux(container.streams.video[0]):
            if packet.size:
                number = _number(packet, fps)
                if first <= number < end:
                    yield number, packet
                elif number >= end and packet.is_keyframe:
                    return


def _number(timed: Any, fps: int) -> int:
    """Return the number of a packet's or a decoded frame's picture in its scene."""
    number: int = round(timed.pts * timed.time_base * fps)
    return number


def _seek(container: Any, frame: int, fps: int) -> None:
    """Seek to the last keyframe at or before this frame."""
    video = container.streams.video[0]
    container.seek(round(Fraction(frame, fps) / video.time_base), stream=video, backward=True)
