"""Joins rendered scenes to one film inside the child process.

Encoded frames are copied but for those of the fades; the sound is joined to the sample and encoded once.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from container_worker.media.child_protocol import say, warn
from container_worker.media.defaults import AUDIO_HZ
from container_worker.media.ffmpeg_process import FfmpegProcess
from container_worker.media.file_names import POSTER, SCENE_FILE, SUBTITLE_TRACK, VIDEO
from container_worker.media.film.concat import Rendered, examine, join_pictures, open_mp4
from container_worker.media.film.crossfade import film_samples, film_sound
from container_worker.media.film.edit_plan import fade_lengths, starts
from container_worker.media.picture.poster import save_poster
from container_worker.media.request import RenderRequest
from container_worker.media.sound.duration import with_music
from container_worker.media.sound.graph import levelled, under
from container_worker.media.sound.loudness import gain_for, measure
from container_worker.media.subtitles.cue import Cue
from container_worker.media.subtitles.webvtt import read_webvtt, write_captions
from scenequeue.reasons import Code

_PROGRESS_EVERY = 15


def make(data: dict[str, Any]) -> dict[str, Any]:
    """Make `scene.mp4`, and what goes beside it, in the request's scratch folder.

    Args:
        data: {"look": a RenderRequest for the film, "scenes": how many, "fade_frames": between two of them}.

    Raises:
        ItemError: BadInput and the like.
    """
    look = RenderRequest.from_json(data["look"])
    folder = Path(look.scratch)
    scenes = [examine(folder / f"{SCENE_FILE.format(number)}.mp4", look) for number in range(data["scenes"])]
    look = with_music(look)
    fades = fade_lengths([scene.frames for scene in scenes], data["fade_frames"])
    if any(fade < data["fade_frames"] for fade in fades):
        warn(Code.FADE_SHORTENED)

    def on_frame(done: int, total: int) -> None:
        if done % _PROGRESS_EVERY == 0 or done == total:
            # The sound comes after the picture.
            say({"frame": done, "of": total + total // 4 + 1})

    count, encoded = join_pictures(look, scenes, fades, folder / "picture.mp4", on_frame)
    begins = starts([scene.frames for scene in scenes], fades)
    cues = [cue for scene, begin in zip(scenes, begins, strict=True) for cue in _cues(scene, begin / look.fps)]
    cues = _apart(cues, count / look.fps)
    write_captions(cues, folder, beside=look.extras.webvtt, soft=look.extras.subtitle_mode == "soft")
    _mux(look, scenes, fades)
    if look.extras.poster_at is not None:
        save_poster(folder / VIDEO, look.extras.poster_at, folder / POSTER)
    return {"duration_s": count / look.fps, "frames": count, "encoded_frames": encoded}


def _cues(scene: Rendered, begin_s: float) -> Iterator[Cue]:
    """A scene's subtitles, from its sidecar or its soft track, on the film's clock."""
    sidecar = scene.path.with_suffix(".vtt")
    found = read_webvtt(sidecar.read_text(encoding="utf-8")) if sidecar.exists() else _soft_cues(scene.path)
    for cue in found:
        yield Cue(begin_s + cue.start_s, begin_s + cue.end_s, cue.text)


def _soft_cues(path: Path) -> Iterator[Cue]:
    with open_mp4(path) as container:
        if not container.streams.subtitles:
            return
        for packet in container.demux(container.streams.subtitles[0]):
            # A text sample is its length in two bytes, the text, and styles that ours have not.
            text = bytes(packet)[2 : 2 + int.from_bytes(bytes(packet)[:2], "big")].decode("utf-8", errors="replace")
            if text and packet.pts is not None:
                start = float(packet.pts * packet.time_base)
                yield Cue(start, start + float(packet.duration * packet.time_base), text)


def _apart(cues: Sequence[Cue], length_s: float) -> list[Cue]:
    """The cues, each ending where the next begins at the latest: in a fade the coming scene's are shown."""
    cues = sorted(cues, key=lambda cue: cue.start_s)
    ends = [*(cue.start_s for cue in cues[1:]), length_s]
    return [Cue(cue.start_s, min(cue.end_s, end), cue.text) for cue, end in zip(cues, ends, strict=False) if cue.start_s < end]


def _sound(look: RenderRequest, samples: int, gain_db: float | None) -> Any:
    import ffmpeg

    form = {"f": "f32le", "sample_rate": AUDIO_HZ, "ch_layout": "stereo"}
    sound = ffmpeg.input("pipe:0", protocol_whitelist="pipe", **form).audio.filter("aformat", sample_fmts="fltp")
    extras = look.extras
    if extras.music:
        sound = under(sound, extras, samples)
    return levelled(sound, samples, gain_db)


def _mux(look: RenderRequest, scenes: Sequence[Rendered], fades: Sequence[int]) -> None:
    """Encode the sound and put it beside the picture, which is copied."""
    import ffmpeg

    folder = Path(look.scratch)
    samples = film_samples(scenes, fades, look.fps)

    def pcm() -> Iterator[bytes]:
        return (block.astype("<f4").tobytes() for block in film_sound(scenes, fades, look.fps))

    gain = None
    if look.extras.loudness_lufs is not None:
        gain = gain_for(look.extras.loudness_lufs, lambda g: measure(look.ffmpeg, _sound(look, samples, g), folder, pcm()))
    streams = [ffmpeg.input("file:picture.mp4", protocol_whitelist="file").video, _sound(look, samples, gain)]
    options: dict[str, str | int] = {
        "c:v": "copy", "c:a": "aac", "b:a": f"{look.audio_kbps}k", "ar": AUDIO_HZ, "ac": 2,
        "movflags": "+faststart", "map_metadata": -1, "f": "mp4", "fflags": "+bitexact",
    }  # fmt: skip
    if (folder / SUBTITLE_TRACK).exists():
        streams.append(ffmpeg.input(f"file:{SUBTITLE_TRACK}", f="webvtt", protocol_whitelist="file")["s"])
        options["c:s"] = "mov_text"
    if look.title:
        options["metadata"] = f"title={look.title}"
    flags = ["-y", "-nostdin", "-hide_banner", "-loglevel", "error", "-filter_complex_threads", "1"]
    argv = ffmpeg.compile(ffmpeg.output(*streams, VIDEO, **options).global_args(*flags), cmd=look.ffmpeg)
    with FfmpegProcess(argv, folder, "put picture and sound together", has_input=True) as process:
        for block in pcm():
            process.write(block)
        process.finish()
