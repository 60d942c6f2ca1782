"""Describes the one encode of a scene as an ffmpeg graph, and feeds it frames."""

import contextlib
import os
from collections.abc import Callable, Iterable
from pathlib import Path

from container_worker.codes import Code
from container_worker.media.defaults import AUDIO_HZ, AV1_PARAMS, AV1_PRESET, KEYFRAME_S, X264_PARAMS, X264_PRESET
from container_worker.media.ffmpeg_process import FfmpegProcess
from container_worker.media.file_names import SUBTITLE_TRACK, VIDEO
from container_worker.media.frame_pipe import FramePipe
from container_worker.media.request import RenderRequest
from container_worker.media.sound.graph import scene_sound
from container_worker.media.sound.loudness import find_gain, measure_loudness

#: Niceness of this process, which gives its encoder priority. At a higher one it would starve on a busy machine.
_NICENESS = 10
#: Pixel format of each encoder's input: x264 converts everything to NV12, SVT-AV1 accepts only planar 4:2:0.
_PIXELS = {"h264": "nv12", "av1": "yuv420p"}


def codec_arguments(request: RenderRequest) -> dict[str, str | int]:
    """Return the video encoder's options, as ffmpeg names them."""
    gop = max(1, round(KEYFRAME_S * request.fps))
    if request.codec == "av1":
        params = f"{AV1_PARAMS}:lp={request.threads}"
        return {"c:v": "libsvtav1", "preset": AV1_PRESET, "crf": request.crf, "g": gop, "svtav1-params": params}
    # Headers that do not depend on the content, because a film puts several scenes into one track.
    headers = "" if request.cut_frames is None else ":stitchable=1"
    return {
        "c:v": "libx264", "preset": X264_PRESET, "crf": request.crf, "profile:v": "high", "g": gop,
        "x264-params": X264_PARAMS + headers, "threads:v": request.threads,
    }  # fmt: skip


def cut_arguments(request: RenderRequest, frames: int) -> dict[str, str]:
    """Return options that put keyframes where a film cuts the scene, so that the frames between them can be copied."""
    cut = request.cut_frames
    if cut is None:
        return {}
    # A third of a frame early, because the first frame at or after the time becomes the keyframe.
    times = [f"{(frame - 0.3) / request.fps:.6f}" for frame in sorted({cut, frames - cut}) if 0 < frame < frames]
    return {"force_key_frames": ",".join(times)} if times else {}


def argv_for(
    request: RenderRequest, frames: int, output: str, gain_db: float | None = None, captions: str | None = None
) -> list[str]:
    """Return the command line that encodes `frames` raw NV12 frames from stdin and the narration into `output`.

    Args:
        request: the scene.
        frames: their number.
        output: the MP4.
        gain_db: from `measure_gain`.
        captions: a WebVTT file for a soft subtitle track.
    """
    import ffmpeg

    size = (request.width_px, request.height_px)
    # Queue one frame instead of eight, 3 MB each: the encoder has a queue of its own.
    picture = ffmpeg.input(
        "pipe:0", f="rawvideo", pixel_format="nv12", video_size=size, framerate=request.fps, thread_queue_size=1,
        protocol_whitelist="pipe",
    )  # fmt: skip
    # Only tags the stream: the frames already have this colour space.
    picture = picture.video.filter("setparams", range="tv", color_primaries="bt709", color_trc="bt709", colorspace="bt709")
    sound = scene_sound(request, frames, gain_db)
    output_options: dict[str, str | int] = {
        **codec_arguments(request), "pix_fmt": _PIXELS[request.codec],
        "c:a": "aac", "b:a": f"{request.sound.kbps}k", "ar": AUDIO_HZ, "ac": 2,
        "movflags": "+faststart", "map_metadata": -1, "f": "mp4",
    }  # fmt: skip
    flags = ["-y", "-nostdin", "-hide_banner", "-loglevel", "error", "-filter_complex_threads", "1"]
    streams = [picture, sound]
    if captions is not None:
        streams.append(ffmpeg.input(f"file:{captions}", f="webvtt", protocol_whitelist="file")["s"])
        output_options |= {"c:s": "mov_text"}
    output_options |= cut_arguments(request, frames)
    stream = ffmpeg.output(*streams, output, **output_options).global_args(*flags)
    argv: list[str] = ffmpeg.compile(stream, cmd=request.ffmpeg)
    # Added by hand, because ffmpeg-python cannot repeat the option -metadata.
    title = ["-metadata", f"title={request.title}"] if request.title else []
    place = argv.index(output)
    return [*argv[:place], *title, "-fflags", "+bitexact", *argv[place:]]


def encode(
    request: RenderRequest,
    count: int,
    frames: Iterable[memoryview],
    folder: Path,
    gain_db: float | None,
    on_frame: Callable[[int], None],
) -> None:
    """Encode the frames and the narration into `folder`/scene.mp4.

    Args:
        request: the scene.
        count: number of frames.
        frames: raw NV12, each valid until the next but one is requested.
        folder: target folder of scene.mp4.
        gain_db: from `measure_gain`.
        on_frame: called after each frame with the number written so far.

    Raises:
        ToolFailed: ffmpeg failed.
    """
    captions = SUBTITLE_TRACK if (folder / SUBTITLE_TRACK).exists() else None
    argv = argv_for(request, count, VIDEO, gain_db, captions)
    with FfmpegProcess(argv, folder, Code.SCENE_NOT_ENCODED, has_input=True) as process:
        _lower_priority()
        pipe = FramePipe(process.input_fd, request.width_px * request.height_px * 3 // 2)
        for number, frame in enumerate(frames, 1):
            pipe.put(frame)
            on_frame(number)
        process.finish()


def _lower_priority() -> None:
    """Run below the encoder's priority, so that composing frames never preempts one of its threads.

    With two encoder threads, niceness saves 5 % of a scene's wall time, and SCHED_BATCH another 2 %.
    """
    os.nice(_NICENESS)
    # The system-call filter of some container runtimes forbids it.
    with contextlib.suppress(OSError):
        os.sched_setscheduler(0, os.SCHED_BATCH, os.sched_param(0))


def measure_gain(request: RenderRequest, frames: int, folder: Path) -> float | None:
    """Return the gain, in dB, that brings the scene's sound to its target loudness; None without a target."""
    target = request.sound.loudness_lufs
    if target is None:
        return None
    return find_gain(target, lambda gain: measure_loudness(request.ffmpeg, scene_sound(request, frames, gain), folder))
