"""Stitches the pictures of rendered scenes: copies encoded frames, and encodes those that cannot be copied."""

from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np

from container_worker.codes import Code
from container_worker.media.defaults import FADE_CRF_LESS
from container_worker.media.ffmpeg_process import FfmpegProcess
from container_worker.media.file_names import FILM_PART
from container_worker.media.film.edit_plan import CopyRange, EncodeRange, Fade, ReencodeRange, Segment, plan_edit
from container_worker.media.film.rendered_scene import Rendered, decode_range, open_mp4, probe_scene, read_packets
from container_worker.media.picture.planes import Bytes
from container_worker.media.request import RenderRequest
from container_worker.media.scene.encoder import codec_arguments
from scenequeue.errors import ToolFailed

# A slot is meant to use one core.
cv2.setNumThreads(1)


def _frames_to_encode(pieces: Sequence[ReencodeRange | Fade], scenes: Sequence[Rendered], fps: int) -> Iterator[Bytes]:
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


def _encode_range(request: RenderRequest, frames: Iterator[Bytes], target: Path, on_frame: Callable[[], None]) -> None:
    """Encode raw frames into an MP4 without sound, with the encoder settings of scenes.

    Raises:
        ToolFailed: ffmpeg failed.
    """
    import ffmpeg

    size = (request.width_px, request.height_px)
    form = {"f": "rawvideo", "pixel_format": "yuv420p", "video_size": size, "framerate": request.fps}
    raw = ffmpeg.input("pipe:0", protocol_whitelist="pipe", **form)
    # As in scene/encoder.py: with other colour tags the headers differ from those of the scenes.
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
        # The headers of our own parts differ: the scenes come from another encoder version. Nothing can be copied; encode
        # everything.
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
        _encode_range(request, _frames_to_encode(segment.pieces, scenes, request.fps), path, count)
        parts.append(probe_scene(path, request, fault=ToolFailed))
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
    with av.open(str(target), "w", format="mp4") as film:
        with open_mp4(sources[0][0].path, sources[0][0].fault) as template:
            # Opaque: with the template's codec. Otherwise PyAV looks for an encoder of the decoder's name; libdav1d is none.
            track = film.add_stream_from_template(template.streams.video[0], opaque=True)
        begin = 0
        for source, start, end in sources:
            for order, (number, packet) in enumerate(read_packets(source, start, end, fps)):
                packet.stream = track
                packet.time_base = Fraction(1, fps)
                # A frame is decoded, counted in decoding order, `delay` frames early: the same delay in the whole film, so that
                # decoding times rise by one frame also where two sources meet, and none is later than its frame is shown.
                packet.pts, packet.dts, packet.duration = begin + number - start, begin + order - delay, 1
                film.mux(packet)
            begin += end - start


def _decode_delay(scene: Rendered, first: int, end: int, fps: int) -> int:
    """Return the number of frames by which decoding must run ahead of presentation."""
    return max(order - (number - first) for order, (number, _) in enumerate(read_packets(scene, first, end, fps)))
