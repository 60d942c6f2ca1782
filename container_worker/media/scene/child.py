"""Renders one scene inside the child process: prepares everything, waits for a slot, encodes."""

import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

from container_worker.codes import Code
from container_worker.media.child_program import limit_preparation, wait_for_slot
from container_worker.media.child_protocol import send, warn
from container_worker.media.defaults import MIN_DECODED_SCALE, PROGRESS_S
from container_worker.media.file_names import POSTER, VIDEO
from container_worker.media.request import RenderRequest


def _draw_canvas(request: RenderRequest) -> Any:
    """Decode the picture and return it as the planes that frames are sampled from."""
    from container_worker.media.picture.reading import flatten, open_picture

    side_px = round(max(request.width_px, request.height_px) * request.zoom * MIN_DECODED_SCALE)
    picture = flatten(open_picture(request.image, "image", smallest=(side_px, side_px)))
    from container_worker.media.scene.canvas import draw_canvas

    return draw_canvas(picture, (request.width_px, request.height_px), request.fit, request.motion, request.zoom)


def _measure_narration(request: RenderRequest) -> Any:
    from container_worker.media.sound.measuring import measure_sound

    return measure_sound(request.narration)


def render(request: RenderRequest) -> dict[str, Any]:
    """Make `scene.mp4` in the request's scratch folder.

    Imports within functions here load while the picture is decoded.

    Returns:
        `duration_s` and `frames` of the video.

    Raises:
        BadInput: an input can never be rendered. ToolFailed: ffmpeg failed.
    """
    lift_cpu_limit = limit_preparation()
    # Decoding picture and sound releases the interpreter lock, so this thread loads modules and lays out subtitles meanwhile.
    pool = ThreadPoolExecutor(max_workers=2)
    canvas, measuring = pool.submit(_draw_canvas, request), pool.submit(_measure_narration, request)
    from container_worker.media.scene.encoder import encode, measure_gain
    from container_worker.media.scene.frames import Canvas, frames
    from container_worker.media.scene.watermark import draw_watermark
    from container_worker.media.sound.measuring import frame_count
    from container_worker.media.sound.music import with_music
    from container_worker.media.sound.rewriting import playable
    from container_worker.media.subtitles.timeline import CueTrack

    frame = (request.width_px, request.height_px)
    watermark = draw_watermark(request.watermark, frame, request.mark) if request.watermark else None
    request = with_music(request)
    narration = measuring.result()
    request = replace(request, narration=playable(request.narration, narration, Path(request.scratch), "narration"))
    count = request.card_frames + frame_count(narration.duration_s, request.fps)
    if narration.damaged_packets:
        warn(Code.NARRATION_DAMAGED, packets=narration.damaged_packets)
    folder = Path(request.scratch)
    last_report = 0.0

    def on_frame(number: int) -> None:
        nonlocal last_report
        now = time.monotonic()
        if number in (1, count) or now - last_report >= PROGRESS_S:
            last_report = now
            send({"frame": number, "of": count})

    with ExitStack() as stack:
        track = _subtitle_track(request, count, stack) or _title_track(request) or CueTrack([], lambda _: None)
        raw_frames = frames(Canvas(canvas.result(), frame), request.motion, request.zoom, count, track, watermark)
        del canvas  # frees the planes: Canvas has copied them, and the future would keep them
        gain_db = measure_gain(request, count, folder)
        lift_cpu_limit()
        wait_for_slot()
        encode(request, count, raw_frames, folder, gain_db, on_frame)
    if request.sidecars.poster_at is not None:
        from container_worker.media.picture.poster import save_poster

        save_poster(folder / VIDEO, request.sidecars.poster_at, folder / POSTER)
    return {"duration_s": count / request.fps, "frames": count}


def _subtitle_track(request: RenderRequest, count: int, stack: ExitStack) -> Any:
    """Read the subtitles, write the caption files that the request asks for, and return the track to burn in.

    Args:
        request: of the scene.
        count: frames of the video, title card included.
        stack: closes the renderer of the subtitles at its end.

    Returns:
        The CueTrack, with the title card in front if there is one; None if no subtitle is to be burned in.
    """
    if request.subtitles is None:
        return None
    from container_worker.media.subtitles.cues import count_late_cues, read_cues, spans
    from container_worker.media.subtitles.timeline import CueTrack, Span

    card = request.card_frames
    cues = read_cues(request.subtitles, "subtitles", request.language)
    spoken = spans(cues, request.fps, count - card)
    # The narration begins after the title card, and the subtitles with it.
    shown = [Span(span.first + card, span.end + card, span.text) for span in spoken]
    if not shown:
        warn(Code.SUBTITLES_OUTSIDE if cues else Code.SUBTITLES_EMPTY)
    elif late := count_late_cues(cues, request.fps, count - card):
        warn(Code.CUES_AFTER_END, cues=late)
    has_track = request.subtitle_mode == "soft"
    if request.sidecars.captions or has_track:
        from container_worker.media.subtitles.webvtt import cues_of, write_captions

        write_captions(cues_of(shown, request.fps), Path(request.scratch), beside=request.sidecars.captions, soft=has_track)
    if not shown or request.subtitle_mode != "burned":
        return None
    from container_worker.media.subtitles.renderer import SubtitleRenderer, warn_missing_glyphs
    from container_worker.media.text.fontbook import FontBook

    book = FontBook(request.language)
    frame = (request.width_px, request.height_px)
    texts = [span.text for span in shown]
    typesetter = stack.enter_context(SubtitleRenderer(texts, request.text, frame, request.ffmpeg, Path(request.scratch), book))
    warn_missing_glyphs("subtitles", book)
    return _title_track(request, shown, typesetter.draw) or CueTrack(shown, typesetter.draw)


def _title_track(request: RenderRequest, shown: Any = (), draw: Any = None) -> Any:
    """Return the track with the title card in front of the subtitles; None if the scene has no card."""
    if not request.card_frames:
        return None
    from container_worker.media.scene.titlecard import card_track

    return card_track(request, shown, draw)
