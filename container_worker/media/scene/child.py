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
from container_worker.media.file_names import POSTER, VIDEO
from container_worker.media.request import RenderRequest


def _canvas(request: RenderRequest) -> Any:
    from container_worker.media.picture.reading import flatten, open_picture

    longest = max(request.width_px, request.height_px)
    picture = flatten(open_picture(request.image, "image", smallest=(round(longest * request.zoom * 1.25),) * 2))
    from container_worker.media.scene.canvas import draw_canvas

    return draw_canvas(picture, (request.width_px, request.height_px), request.fit, request.motion, request.zoom)


def _measure(request: RenderRequest) -> Any:
    from container_worker.media.sound.duration import measure_narration

    return measure_narration(request.narration)


def render(request: RenderRequest) -> dict[str, Any]:
    """Make `scene.mp4` in the request's scratch folder.

    Raises:
        ItemError: BadInput and the like.
    """
    end_preparation = limit_preparation()
    # Both release the interpreter lock, so they run while the modules below load and the subtitles are laid out.
    pool = ThreadPoolExecutor(max_workers=2)
    canvas, measuring = pool.submit(_canvas, request), pool.submit(_measure, request)
    from container_worker.media.scene.encoder import encode, measure_gain
    from container_worker.media.scene.frames import Canvas, frames
    from container_worker.media.scene.watermark import draw_watermark
    from container_worker.media.sound.duration import frame_count, playable, with_music
    from container_worker.media.subtitles.timeline import CueTrack

    frame = (request.width_px, request.height_px)
    mark = draw_watermark(request.watermark, frame, request.mark) if request.watermark else None
    request = with_music(request)
    narration = measuring.result()
    request = replace(request, narration=playable(request.narration, narration, Path(request.scratch), "narration"))
    count = request.card_frames + frame_count(narration.duration_s, request.fps)
    if narration.damaged_packets:
        warn(Code.NARRATION_DAMAGED, packets=narration.damaged_packets)
    folder = Path(request.scratch)
    last_said = 0.0

    def on_frame(number: int) -> None:
        nonlocal last_said
        now = time.monotonic()
        if number in (1, count) or now - last_said >= _progress_s():
            last_said = now
            send({"frame": number, "of": count})

    with ExitStack() as stack:
        track = _subtitles(request, count, stack) or _title(request) or CueTrack([], lambda _: None)
        raw = frames(Canvas(canvas.result(), frame), request.motion, request.zoom, count, track, mark)
        del canvas  # the future keeps the planes in memory
        gain_db = measure_gain(request, count, folder)
        end_preparation()
        wait_for_slot()
        encode(request, count, raw, folder, gain_db, on_frame)
    if request.sidecars.poster_at is not None:
        from container_worker.media.picture.poster import save_poster

        save_poster(folder / VIDEO, request.sidecars.poster_at, folder / POSTER)
    return {"duration_s": count / request.fps, "frames": count}


def _progress_s() -> float:
    from container_worker.media.defaults import PROGRESS_S

    return PROGRESS_S


def _subtitles(request: RenderRequest, count: int, stack: ExitStack) -> Any:
    """Return the track of burned-in subtitles, None without any; their renderer is stopped by `stack`."""
    if request.subtitles is None:
        return None
    from container_worker.media.subtitles.cues import count_late_cues, read_cues, spans
    from container_worker.media.subtitles.timeline import CueTrack, Span

    card = request.card_frames
    cues = read_cues(request.subtitles, "subtitles", request.language)
    spoken = spans(cues, request.fps, count - card)
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
    return _title(request, shown, typesetter.draw) or CueTrack(shown, typesetter.draw)


def _title(request: RenderRequest, shown: Any = (), draw: Any = None) -> Any:
    """Return the track with the title card in front of the subtitles; None where there is no card."""
    if not request.card_frames:
        return None
    from container_worker.media.scene.titlecard import card_track

    return card_track(request, shown, draw)
