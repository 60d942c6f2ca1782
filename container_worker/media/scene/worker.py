"""Renders one scene from the worker, in a child process without its credentials."""

import hashlib
import shutil
import threading
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import asdict, dataclass
from math import ceil
from pathlib import Path

from container_worker.media.child_process import run_child_job
from container_worker.media.defaults import AV1_CRF, BOX_PAD_X_EM, BOX_PAD_Y_EM, RENDERER_VERSION, X264_CRF
from container_worker.media.ffmpeg import find_ffmpeg_for
from container_worker.media.file_names import VIDEO
from container_worker.media.fingerprint import fingerprint_of
from container_worker.media.rate_guard import RateGuard
from container_worker.media.request import AudioSpec, MotionChoice, RenderRequest, SidecarSpec, TextStyle, WatermarkStyle
from container_worker.sandbox.child import Stopped
from container_worker.sandbox.limits import Limits
from container_worker.sandbox.outputs import output_bytes
from scenequeue.jobs.kinds.render import RenderOptions, RenderPayload
from scenequeue.reasons import Reason

__all__ = ["Limits", "RenderReport", "SceneInputs", "Stopped", "fingerprint", "render_scene", "request_for"]

_MOTIONS: tuple[MotionChoice, ...] = ("zoom_in", "zoom_out", "pan_left", "pan_right")


@dataclass(frozen=True)
class SceneInputs:
    """Local files of a scene. `name` determines a random motion."""

    image: Path
    audio: Path
    subtitles: Path | None = None
    watermark: Path | None = None
    title: str | None = None
    name: str = "scene"
    music: Path | None = None
    #: Seconds from either end at which a film will cut.
    cut_s: float | None = None

    def files(self) -> list[Path]:
        """Return the paths of all inputs that are given."""
        return [path for path in (self.image, self.audio, self.subtitles, self.watermark, self.music) if path is not None]


@dataclass(frozen=True)
class RenderReport:
    """A finished video's length, size and warnings."""

    duration_s: float
    frames: int
    bytes: int
    warnings: tuple[Reason, ...] = ()


def chosen_motion(options: RenderOptions, name: str) -> MotionChoice:
    """Return the scene's motion; a random one is derived from the name, so that a repeated render gives the same video."""
    if options.motion != "random":
        return options.motion
    return _MOTIONS[hashlib.sha256(name.encode()).digest()[0] % len(_MOTIONS)]


def _rgb(colour: str) -> tuple[int, int, int]:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def request_for(inputs: SceneInputs, options: RenderOptions, scratch: Path, ffmpeg: Path, threads: int) -> RenderRequest:
    """Return the request for the render child: shares become pixels of this frame, and defaults are filled in."""
    width, height = options.frame_px
    short = min(width, height)
    text, mark = options.subtitle_style, options.watermark_style
    safe = (options.safe_area * width, options.safe_area * height)
    return RenderRequest(
        name=inputs.name, image=str(inputs.image.absolute()), narration=str(inputs.audio.absolute()),
        subtitles=str(inputs.subtitles.absolute()) if inputs.subtitles else None,
        watermark=str(inputs.watermark.absolute()) if inputs.watermark else None,
        title=inputs.title, target=str(scratch / VIDEO), scratch=str(scratch), ffmpeg=str(ffmpeg),
        width_px=width, height_px=height, fps=options.fps, fit=options.fit,
        motion=chosen_motion(options, inputs.name), zoom=options.zoom,
        text=TextStyle(
            em_px=text.size * short, colour=_rgb(text.colour),
            outline_px=text.outline * short, outline_colour=_rgb(text.outline_colour),
            box_opacity=text.box_opacity if text.box else 0.0, box_colour=_rgb(text.box_colour),
            max_width_px=min(text.max_width * width, width - 2 * (safe[0] + BOX_PAD_X_EM * text.size * short)),
            margin_px=max(text.margin * height, safe[1] + (BOX_PAD_Y_EM * text.size + text.outline) * short),
        ),
        mark=WatermarkStyle(
            corner=mark.corner, margin_px=mark.margin * short, opacity=mark.opacity, width_px=mark.width * short,
            safe_px=(ceil(safe[0]), ceil(safe[1])),
        ),
        codec=options.codec, crf=options.crf if options.crf is not None else (AV1_CRF if options.codec == "av1" else X264_CRF),
        threads=threads, sound=_audio_spec(inputs, options),
        sidecars=SidecarSpec(options.webvtt, options.poster_at if options.poster else None),
        subtitle_mode=options.subtitle_mode, safe_area=options.safe_area, language=options.language,
        card_frames=round(options.title_card_s * options.fps) if inputs.title else 0,
        cut_frames=None if inputs.cut_s is None else round(inputs.cut_s * options.fps),
    )  # fmt: skip


def _audio_spec(inputs: SceneInputs, options: RenderOptions) -> AudioSpec:
    return AudioSpec(
        kbps=options.audio_kbps,
        music=str(inputs.music.absolute()) if inputs.music else None,
        music_gain_db=options.music_gain_db, ducking=options.ducking,
        loudness_lufs=options.loudness_lufs if options.normalize_loudness else None,
    )  # fmt: skip


def render_scene(
    inputs: SceneInputs,
    options: RenderOptions,
    target: Path,
    scratch: Path,
    *,
    limits: Limits,
    threads: int = 1,
    on_progress: Callable[[float], None] = lambda _share: None,
    should_stop: threading.Event | None = None,
    slot: Callable[[], AbstractContextManager[None]] = nullcontext,
) -> RenderReport:
    """Render one scene to `target`, in a child process of its own with limits, in one lossy encode.

    Args:
        inputs: local files; never written to.
        options: the render options.
        target: the MP4; written atomically.
        scratch: an existing folder for this scene alone.
        limits: for the child and its ffmpeg, each.
        threads: threads of the encoder. One gives the most scenes per core; another number gives another file
            (`make bench-render`, slots).
        on_progress: called in this thread with the share done, 0 to 1.
        should_stop: kills the child's group within 50 ms of being set.
        slot: entered when picture, sound and subtitles are prepared, before the first frame; left at the end.

    Returns:
        The finished video's length, size and warnings.

    Raises:
        BadInput: an input can never be rendered (permanent). ToolFailed, LimitExceeded, DiskFull: this attempt
            failed (transient). Stopped: `should_stop` was set. SettingsError: there is no usable ffmpeg.

    Guarantees:
        No process is left when it returns or raises, nor if the calling process is killed.
    """
    program = find_ffmpeg_for(options.codec)
    request = request_for(inputs, options, scratch.absolute(), program.path, threads)
    with RateGuard(limits.wall_s, on_progress) as guard:
        made, warnings = run_child_job(
            "container_worker.media.scene", asdict(request), scratch.absolute(),
            limits=limits, on_progress=guard, should_stop=should_stop, slot=slot,
            ffmpeg=program.path, readable=[path.absolute() for path in inputs.files()],
        )  # fmt: skip
    size = output_bytes(Path(request.target))
    shutil.move(request.target, target)
    return RenderReport(made.duration_s, made.frames, size, warnings)


def fingerprint(payload: RenderPayload, options: RenderOptions, inputs: Mapping[str, str], name: str = "") -> str:
    """Return a hash of everything that determines the video; equal hashes mean equal videos.

    Args:
        payload: its title counts, its addresses do not.
        options: the job's options, overridden by the scene's.
        inputs: part ("image", "audio", "subtitles", "watermark", "music") to a hash or other identity of its content.
        name: the scene's name; used only if the motion is random.
    """
    facts = {
        "renderer": RENDERER_VERSION, "options": {**options.model_dump(mode="json"), "motion": chosen_motion(options, name)},
        "title": payload.title, "cut_s": payload.cut_s, "inputs": dict(sorted(inputs.items())),
    }  # fmt: skip
    return fingerprint_of(facts)
