"""The render child: one scene from a JSON request, the first line of stdin, JSON lines on stdout, then it ends.

Lines: {"ready": true} when all is prepared, then it waits for a line on stdin before it makes frames; {"frame": n, "of": m},
{"warning": {"code": word, "parameters": {...}}} as in scenequeue.reasons, and last either {"done": {...}} or
{"error": class name, "message": text}.
A crash, an out-of-memory or a kill of this process costs one attempt at one scene and nothing else.
"""

import errno
import json
import os
import resource
import sys
import threading
import time
import traceback
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, Generic, NoReturn, TypeVar

from container_worker.render.request import RenderRequest
from container_worker.render.words import MAX_ERROR_CHARS, keep_stdout, say, warn
from scenequeue.disk_errors import is_full
from scenequeue.errors import BadInput, DiskFull, ItemError, LimitExceeded, ToolFailed

T = TypeVar("T")


def limit_preparation() -> Callable[[], None]:
    """Let the system end this process if reading its inputs takes longer than any of them can be worth; returns what ends that.

    By the CPU limit and not by a thread, which a decoder that keeps the interpreter's lock would hold up.
    """
    from container_worker.render.defaults import PREPARATION_CPU_S

    before = resource.getrlimit(resource.RLIMIT_CPU)
    soft = PREPARATION_CPU_S if before[0] == resource.RLIM_INFINITY else min(before[0], PREPARATION_CPU_S)
    resource.setrlimit(resource.RLIMIT_CPU, (soft, before[1]))
    return lambda: resource.setrlimit(resource.RLIMIT_CPU, before)


def wait_for_turn() -> None:
    """All is prepared; what costs a core begins when the parent says so. The parent's end is ours."""
    say({"ready": True})
    if not sys.stdin.readline():
        sys.exit(1)


class _Aside(threading.Thread, Generic[T]):
    """Does something in a thread of its own that this process does not wait for when it ends."""

    def __init__(self, make: Callable[[], T]) -> None:
        super().__init__(daemon=True)
        self._make = make
        self._failure: BaseException | None = None
        self.start()

    def run(self) -> None:
        try:
            self._made = self._make()
        except BaseException as error:
            self._failure = error

    def result(self) -> T:
        """Return the value made, once: it is not kept. Raises what making it raised."""
        self.join()
        if self._failure is not None:
            raise self._failure
        made = self._made
        del self._made
        return made


def _picture(request: RenderRequest) -> Any:
    from container_worker.render.picture import flat, open_picture

    longest = max(request.width_px, request.height_px)
    picture = flat(open_picture(request.image, "image", smallest=(round(longest * request.zoom * 1.25),) * 2))
    from container_worker.render.canvas import draw_canvas

    return draw_canvas(picture, (request.width_px, request.height_px), request.fit, request.motion, request.zoom)


def _measure(request: RenderRequest) -> Any:
    from container_worker.render.narration import measure_narration

    return measure_narration(request.audio)


def render(request: RenderRequest) -> dict[str, Any]:
    """Make `scene.mp4` in the request's scratch folder.

    Raises:
        ItemError: BadInput and the like.
    """
    end_preparation = limit_preparation()
    # Both go on without the interpreter's lock, while what comes after them is loaded, and subtitles are set.
    drawing, measuring = _Aside(lambda: _picture(request)), _Aside(lambda: _measure(request))
    from container_worker.render.compose import Canvas, frames
    from container_worker.render.encoder import encode, measured_gain
    from container_worker.render.narration import frame_count, playable, with_music
    from container_worker.render.timeline import CueTrack
    from container_worker.render.watermark import draw_watermark

    frame = (request.width_px, request.height_px)
    mark = draw_watermark(request.watermark, frame, request.mark) if request.watermark else None
    request = with_music(request)
    narration = measuring.result()
    request = replace(request, audio=playable(request.audio, narration, Path(request.scratch), "narration"))
    count = request.extras.card_frames + frame_count(narration.duration_s, request.fps)
    if narration.damaged_packets:
        warn("narration_damaged", packets=narration.damaged_packets)
    folder = Path(request.scratch)
    last_said = 0.0

    def on_frame(number: int) -> None:
        nonlocal last_said
        now = time.monotonic()
        if number in (1, count) or now - last_said >= _progress_s():
            last_said = now
            say({"frame": number, "of": count})

    track, typesetter = _subtitles(request, count)
    try:
        track = track or _title(request) or CueTrack([], lambda _: None)
        raw = frames(Canvas(drawing.result(), frame), request.motion, request.zoom, count, track, mark)
        gain_db = measured_gain(request, count, folder)
        end_preparation()
        wait_for_turn()
        code = encode(request, count, raw, folder, gain_db, on_frame)
    finally:
        if typesetter is not None:
            typesetter.__exit__(None, None, None)
    if code != 0:
        raise ToolFailed(f"ffmpeg ended with code {code}")
    if request.extras.poster_at is not None:
        from container_worker.render.poster import save_poster

        save_poster(folder / "scene.mp4", request.extras.poster_at, folder / "poster.jpg")
    return {"duration_s": count / request.fps, "frames": count}


def _progress_s() -> float:
    from container_worker.render.defaults import PROGRESS_S

    return PROGRESS_S


def _subtitles(request: RenderRequest, count: int) -> tuple[Any, Any]:
    """The cue track and the typesetter that feeds it; (None, None) without subtitles inside the scene."""
    if request.subtitles is None:
        return None, None
    from container_worker.render.cues import late_cues, read_cues, spans
    from container_worker.render.timeline import CueTrack, Span

    card = request.extras.card_frames
    cues = read_cues(request.subtitles, "subtitles", request.extras.language)
    spoken = spans(cues, request.fps, count - card)
    shown = [Span(span.first + card, span.end + card, span.text) for span in spoken]
    if not shown:
        warn("subtitles_outside" if cues else "subtitles_empty")
    elif late := late_cues(cues, request.fps, count - card):
        warn("cues_after_end", cues=late)
    has_track = request.extras.subtitle_mode == "soft"
    if request.extras.webvtt or has_track:
        from container_worker.render.webvtt import cues_of, write_captions

        write_captions(cues_of(shown, request.fps), Path(request.scratch), beside=request.extras.webvtt, soft=has_track)
    if not shown or request.extras.subtitle_mode != "burned":
        return None, None
    from container_worker.render.fontbook import FontBook
    from container_worker.render.typeset import Typesetter, warn_of_missing

    book = FontBook(request.extras.language)
    frame = (request.width_px, request.height_px)
    typesetter = Typesetter([span.text for span in shown], request.text, frame, request.ffmpeg, Path(request.scratch), book)
    warn_of_missing("subtitles", book)
    return _title(request, shown, typesetter.draw) or CueTrack(shown, typesetter.draw), typesetter


def _title(request: RenderRequest, shown: Any = (), draw: Any = None) -> Any:
    """The track with the title card in front of the subtitles; None where there is no card."""
    if not request.extras.card_frames:
        return None
    from container_worker.render.titlecard import card_track

    return card_track(request, shown, draw)


def main(make: Callable[[dict[str, Any]], dict[str, Any]] = lambda data: render(RenderRequest.from_json(data))) -> int:
    """Read the request, make what it asks for, say how it went; 0 if it was made."""
    keep_stdout()
    try:
        say({"done": make(json.loads(sys.stdin.readline()))})
        return 0
    except ItemError as error:
        failure = error
    except MemoryError:
        failure = LimitExceeded("rendering needs more memory than it may use")
    except OSError as error:
        if is_full(error):
            failure = DiskFull("no space left in the scratch folder")
        elif error.errno == errno.EFBIG:
            failure = LimitExceeded("rendering wrote a larger file than it may")
        elif error.errno == errno.ENOMEM:
            failure = LimitExceeded("rendering needs more memory than it may use")
        else:
            raise
    except Exception as error:
        # OpenCV and Pillow report a failed allocation as errors of their own.
        if "memory" not in str(error).lower():
            raise
        failure = LimitExceeded(f"rendering needs more memory than it may use ({str(error).splitlines()[0]})")
    say({"error": type(failure).__name__, "message": str(failure)[:MAX_ERROR_CHARS]})
    return 0 if isinstance(failure, BadInput) else 3


def end(run: Callable[[], int]) -> NoReturn:
    """Run this, and end the process with the code that it returns, 1 where it raises, whatever other threads are at.

    Without the interpreter's own end: a thread that comes back to it from OpenCV then is ended inside C++, which aborts.
    """
    code = 1
    try:
        code = run()
    except Exception:
        traceback.print_exc()
    finally:
        sys.stderr.flush()
        os._exit(code)


if __name__ == "__main__":
    end(main)
