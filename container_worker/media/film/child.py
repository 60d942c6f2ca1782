"""Stitches rendered scenes to one film, inside the child process.

Encoded frames are copied, except for those of the fades. The sound is decoded, crossfaded and encoded once.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from container_worker.codes import Code
from container_worker.media.child_protocol import send, warn
from container_worker.media.defaults import AUDIO_HZ
from container_worker.media.ffmpeg_process import FfmpegProcess
from container_worker.media.file_names import FILM_PICTURE, POSTER, SCENE_FILE, SUBTITLE_TRACK, VIDEO
from container_worker.media.film.captions import film_cues
from container_worker.media.film.crossfade import crossfade_sound, film_samples
from container_worker.media.film.edit_plan import fade_frames_between, scene_starts
from container_worker.media.film.pictures import stitch_pictures
from container_worker.media.film.rendered_scene import Rendered, probe_scene
from container_worker.media.picture.poster import save_poster
from container_worker.media.request import RenderRequest
from container_worker.media.sound.graph import limit_peaks, mix_music
from container_worker.media.sound.loudness import find_gain, measure_loudness
from container_worker.media.sound.music import with_music
from container_worker.media.subtitles.webvtt import write_captions

_PROGRESS_EVERY = 15


def make(data: dict[str, Any]) -> dict[str, Any]:
    """Make the film and its sidecars in the request's scratch folder.

    Args:
        data: {"request": a RenderRequest for the film, "scenes": their number, "fade_frames": length of a fade}.

    Raises:
        ItemError: BadInput and the like.
    """
    request = RenderRequest.from_json(data["request"])
    folder = Path(request.scratch)
    scenes = [probe_scene(folder / f"{SCENE_FILE.format(number)}.mp4", request) for number in range(data["scenes"])]
    request = with_music(request)
    fades = fade_frames_between([scene.frames for scene in scenes], data["fade_frames"])
    if any(fade < data["fade_frames"] for fade in fades):
        warn(Code.FADE_SHORTENED)

    def on_frame(done: int, total: int) -> None:
        if done % _PROGRESS_EVERY == 0 or done == total:
            # The last fifth is for the sound, which is encoded after the picture.
            send({"frame": done, "of": total + total // 4 + 1})

    # First, because a film whose subtitles are refused need not be encoded.
    cues = film_cues(scenes, scene_starts([scene.frames for scene in scenes], fades), request.fps, request.language)
    count, encoded = stitch_pictures(request, scenes, fades, folder / FILM_PICTURE, on_frame)
    write_captions(cues, folder, beside=request.sidecars.captions, soft=request.subtitle_mode == "soft")
    _mux(request, scenes, fades)
    if request.sidecars.poster_at is not None:
        save_poster(folder / VIDEO, request.sidecars.poster_at, folder / POSTER)
    return {"duration_s": count / request.fps, "frames": count, "encoded_frames": encoded}


def _sound(request: RenderRequest, samples: int, gain_db: float | None) -> Any:
    import ffmpeg

    form = {"f": "f32le", "sample_rate": AUDIO_HZ, "ch_layout": "stereo"}
    sound = ffmpeg.input("pipe:0", protocol_whitelist="pipe", **form).audio.filter("aformat", sample_fmts="fltp")
    if request.sound.music:
        sound = mix_music(sound, request.sound, samples)
    return limit_peaks(sound, samples, gain_db)


def _mux(request: RenderRequest, scenes: Sequence[Rendered], fades: Sequence[int]) -> None:
    """Encode the sound, and mux it with the picture, which is copied."""
    import ffmpeg

    folder = Path(request.scratch)
    samples = film_samples(scenes, fades, request.fps)

    def pcm() -> Iterator[bytes]:
        return (block.astype("<f4").tobytes() for block in crossfade_sound(scenes, fades, request.fps))

    gain = None
    if request.sound.loudness_lufs is not None:

        def loudness_at(gain_db: float) -> float:
            return measure_loudness(request.ffmpeg, _sound(request, samples, gain_db), folder, pcm())

        gain = find_gain(request.sound.loudness_lufs, loudness_at)
    streams = [ffmpeg.input(f"file:{FILM_PICTURE}", protocol_whitelist="file").video, _sound(request, samples, gain)]
    options: dict[str, str | int] = {
        "c:v": "copy", "c:a": "aac", "b:a": f"{request.sound.kbps}k", "ar": AUDIO_HZ, "ac": 2,
        "movflags": "+faststart", "map_metadata": -1, "f": "mp4", "fflags": "+bitexact",
    }  # fmt: skip
    if (folder / SUBTITLE_TRACK).exists():
        streams.append(ffmpeg.input(f"file:{SUBTITLE_TRACK}", f="webvtt", protocol_whitelist="file")["s"])
        options["c:s"] = "mov_text"
    if request.title:
        options["metadata"] = f"title={request.title}"
    flags = ["-y", "-nostdin", "-hide_banner", "-loglevel", "error", "-filter_complex_threads", "1"]
    argv = ffmpeg.compile(ffmpeg.output(*streams, VIDEO, **options).global_args(*flags), cmd=request.ffmpeg)
    with FfmpegProcess(argv, folder, Code.FILM_NOT_MUXED, has_input=True) as process:
        for block in pcm():
            process.write(block)
        process.finish()
