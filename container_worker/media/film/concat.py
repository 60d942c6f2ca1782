"""Stitches the pictures of rendered scenes: encoded frames are copied, and only those near a fade are encoded."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from container_worker.codes import Code
from container_worker.media.defaults import FADE_CRF_LESS
from container_worker.media.ffmpeg_process import FfmpegProcess
from container_worker.media.file_names import FILM_PART
from container_worker.media.film.edit_plan import CopyRange, EncodeRange, Fade, ReencodeRange, Segment, plan_edit
from container_worker.media.picture.planes import Bytes
from container_worker.media.request import RenderRequest
from container_worker.media.scene.encoder import codec_arguments
from scenequeue.errors import BadInput, ToolFailed

cv2.setNumThreads(1)
_SAFELY = {"protocol_whitelist": "file", "format_whitelist": "mov,mp4,m4a,3gp,3g2,mj2"}


@dataclass(frozen=True)
class Rendered:
    """A rendered scene as a file."""

    path: Path
    frames: int
    #: Frames that can be decoded without those before them.
    keyframes: tuple[int, ...]
    #: The decoder's setup (SPS and PPS, or AV1's sequence header), which must be the same for all of a track.
    setup: bytes


@contextmanager
def open_mp4(path: Path) -> Iterator[Any]:
    """Open an MP4 in PyAV; other files that it refers to are not opened.

    Raises:
        BadInput: it is none, or is damaged where it is read.
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
        raise BadInput(Code.SCENE_UNREADABLE, input=path.name, problem=problem) from None


def probe_scene(path: Path, request: RenderRequest) -> Rendered:
    """Return the properties of a rendered scene.

    Raises:
        BadInput: it is no video, or of another size, rate or codec than the film.
    """
    with open_mp4(path) as container:
        if not container.streams.video:
            raise BadInput(Code.SCENE_WITHOUT_VIDEO, input=path.name)
        video = container.streams.video[0]
        shape = (video.codec_context.width, video.codec_context.height, video.average_rate)
        is_av1 = video.codec.canonical_name == "av1"
        if shape != (request.width_px, request.height_px, request.fps) or is_av1 != (request.codec == "av1"):
            raise BadInput(
                    Code.SCENE_UNLIKE_FILM, input=path.name,
                    width_px=shape[0], height_px=shape[1], fps=str(shape[2]), codec=video.codec.canonical_name,
                    film_width_px=request.width_px, film_height_px=request.height_px,
                    film_fps=request.fps, film_codec=request.codec,
                )  # fmt: skip
        numbers = [(_number(packet, request.fps), packet.is_keyframe) for packet in container.demux(video) if packet.size]
        setup = bytes(video.codec_context.extradata or b"")
    return Rendered(path, len(numbers), tuple(sorted(number for number, is_key in numbers if is_key)), setup)


def _number(packet: Any, fps: int) -> int:
    number: int = round(packet.pts * packet.time_base * fps)
    return number


def decode_range(scene: Rendered, first: int, end: int, fps: int) -> Iterator[Bytes]:
    """Yield raw yuv420p frames of a scene, from `first` up to, not including, `end`.

    Raises:
        ToolFailed: not all of them could be decoded.
    """
    expected = first
    with open_mp4(scene.path) as container:
        video = container.streams.video[0]
        video.codec_context.thread_count = 1
        container.seek(round(Fraction(first, fps) / video.time_base), stream=video, backward=True)
        for frame in container.decode(video):
            number = round(frame.pts * frame.time_base * fps)
            if number >= end:
                break
            if number >= first:
                expected += 1
                yield frame.to_ndarray(format="yuv420p")
    if expected != end:
        raise ToolFailed(Code.SCENE_CUT_SHORT, input=scene.path.name, first=first, end=end, decoded=expected - first)


def frames_to_encode(pieces: Sequence[ReencodeRange | Fade], scenes: Sequence[Rendered], fps: int) -> Iterator[Bytes]:
    """Yield the raw frames of one EncodeRange."""
    for piece in pieces:
        if isinstance(piece, ReencodeRange):
            yield from decode_range(scenes[piece.scene], piece.first, piece.end, fps)
            continue
        going, coming = scenes[piece.scene], scenes[piece.scene + 1]
        old_frames = decode_range(going, going.frames - piece.frames, going.frames, fps)
        new_frames = decode_range(coming, 0, piece.frames, fps)
        for number, (old, new) in enumerate(zip(old_frames, new_frames, strict=True), 1):
            share = number / (piece.frames + 1)
            yield cv2.addWeighted(old, 1 - share, new, share, 0).astype(np.uint8, copy=False)


def encode_range(request: RenderRequest, frames: Iterator[Bytes], target: Path, on_frame: Callable[[], None]) -> None:
    """Encode raw frames into an MP4 without sound, with the encoder settings of scenes.

    Raises:
        ToolFailed: ffmpeg failed.
    """
    import ffmpeg

    size = (request.width_px, request.height_px)
    form = {"f": "rawvideo", "pixel_format": "yuv420p", "video_size": size, "framerate": request.fps}
    raw = ffmpeg.input("pipe:0", protocol_whitelist="pipe", **form)
    picture = raw.video.filter("setparams", range="tv", color_primaries="bt709", color_trc="bt709", colorspace="bt709")
    finer = {"crf": max(1, request.crf - FADE_CRF_LESS)}
    options = {**codec_arguments(request), **finer, "pix_fmt": "yuv420p", "f": "mp4", "fflags": "+bitexact"}
    flags = ["-y", "-nostdin", "-hide_banner", "-loglevel", "error", "-filter_complex_threads", "1"]
    argv = ffmpeg.compile(ffmpeg.output(picture, target.name, **options).global_args(*flags), cmd=request.ffmpeg)
    with FfmpegProcess(argv, target.parent, Code.FADE_NOT_ENCODED, has_input=True) as process:
        for frame in frames:
            process.write(np.ascontiguousarray(frame).data)
            on_frame()
        process.finish()


def stitch_pictures(
    request: RenderRequest, scenes: Sequence[Rendered], fades: Sequence[int], target: Path, on_frame: Callable[[int, int], None]
) -> tuple[int, int]:
    """Write the film's picture, without sound.

    Args:
        request: the film's size, rate and encoder settings.
        scenes: in order.
        fades: frames between each and the next.
        target: the MP4; temporary files are made in its folder.
        on_frame: called with the number of frames encoded so far, and the number to encode.

    Returns:
        The film's frames, and the number of them that were encoded again.
    """
    wanted = scenes[0].setup
    plan = _plan(scenes, fades, lambda scene: scene.setup == wanted)
    parts = _encode_ranges(request, plan, scenes, target.parent, on_frame)
    if any(part.setup != wanted for part in parts):
        # The scenes come from another encoder version, as after an upgrade: encode everything.
        plan = _plan(scenes, fades, lambda _scene: False)
        parts = _encode_ranges(request, plan, scenes, target.parent, on_frame)
    _concatenate(plan, scenes, parts, request.fps, target)
    return sum(segment.frames for segment in plan), sum(part.frames for part in parts)


def _plan(scenes: Sequence[Rendered], fades: Sequence[int], may_copy: Callable[[Rendered], bool]) -> list[Segment]:
    keyframes = [scene.keyframes if may_copy(scene) else () for scene in scenes]
    return plan_edit([scene.frames for scene in scenes], keyframes, fades)


def _encode_ranges(
    request: RenderRequest,
    plan: Sequence[Segment],
    scenes: Sequence[Rendered],
    folder: Path,
    on_frame: Callable[[int, int], None],
) -> list[Rendered]:
    encodes = [segment for segment in plan if isinstance(segment, EncodeRange)]
    total, done, parts = sum(segment.frames for segment in encodes), 0, []

    def count() -> None:
        nonlocal done
        done += 1
        on_frame(done, total)

    for number, segment in enumerate(encodes):
        path = folder / FILM_PART.format(number)
        encode_range(request, frames_to_encode(segment.pieces, scenes, request.fps), path, count)
        parts.append(probe_scene(path, request))
    return parts


def _concatenate(plan: Sequence[Segment], scenes: Sequence[Rendered], parts: Sequence[Rendered], fps: int, target: Path) -> None:
    """Concatenate the segments' packets, with timestamps of the film."""
    import av

    pending = iter(parts)
    sources = []
    for segment in plan:
        if isinstance(segment, CopyRange):
            sources.append((scenes[segment.scene], segment.first, segment.end))
        else:
            part = next(pending)
            sources.append((part, 0, part.frames))
    delay = max(_decode_delay(*source, fps) for source in sources)
    with av.open(str(target), "w", format="mp4") as film, open_mp4(sources[0][0].path) as first:
        track = film.add_stream_from_template(first.streams.video[0], opaque=True)
        begin = 0
        for source, start, end in sources:
            with open_mp4(source.path) as container:
                for order, (number, packet) in enumerate(_packets(container, start, end, fps)):
                    packet.stream = track
                    packet.time_base = Fraction(1, fps)
                    packet.pts, packet.dts, packet.duration = begin + number - start, begin + order - delay, 1
                    film.mux(packet)
            begin += end - start


def _packets(container: Any, first: int, end: int, fps: int) -> Iterator[tuple[int, Any]]:
    """Yield the packets of these frames, in decoding order."""
    video = container.streams.video[0]
    if first:
        container.seek(round(Fraction(first, fps) / video.time_base), stream=video, backward=True)
    for packet in container.demux(video):
        if packet.size:
            number = _number(packet, fps)
            if first <= number < end:
                yield number, packet
            elif number >= end and packet.is_keyframe:
                return


def _decode_delay(scene: Rendered, first: int, end: int, fps: int) -> int:
    """Return the number of frames by which decoding must run ahead of presentation."""
    with open_mp4(scene.path) as container:
        return max(order - (number - first) for order, (number, _) in enumerate(_packets(container, first, end, fps)))
