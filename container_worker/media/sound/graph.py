"""Builds the ffmpeg graph of a scene's sound: narration, ducked music, loudness, peak limit."""

from math import ceil
from typing import Any

from container_worker.media.defaults import AUDIO_FORMATS, AUDIO_HZ, AUDIO_PEAK
from container_worker.media.request import AudioSpec, RenderRequest

#: Ducking, as a compressor with the narration as side chain: threshold about -34 dBFS, attack and release in ms.
#: Speech at -20 dBFS lowers the music by some 12 dB (tests assert it).
DUCKING = {"threshold": 0.02, "ratio": 8, "attack": 20, "release": 500, "knee": 4}
#: Seconds over which music fades in and out; less in short scenes.
FADE_S = 1.5
#: Oversampling at which peaks are true peaks (ITU-R BS.1770-5, annex 2).
_PEAK_OVERSAMPLING = 4


def open_sound(path: str, **how: Any) -> Any:
    """Return the sound of a local file; other protocols and formats are refused, whatever the file refers to."""
    import ffmpeg

    safely = {"protocol_whitelist": "file", "format_whitelist": ",".join(AUDIO_FORMATS)}
    # An error at a change of format midway: ffmpeg would lose sound. `playable` has rewritten files that have one.
    return ffmpeg.input(f"file:{path}", reinit_filter=0, **safely, **how).audio


def normalise_format(sound: Any) -> Any:
    """Convert the sound to stereo at AUDIO_HZ, with timestamps from 0 without gaps, as `measure_sound` counts it.

    Otherwise sound that begins after its file's picture, as in screen recordings, would begin late.
    """
    sound = sound.filter("aresample", AUDIO_HZ).filter("aformat", sample_fmts="fltp", channel_layouts="stereo")
    return sound.filter("asetpts", "N/SR/TB")


def pad_or_trim(sound: Any, samples: int) -> Any:
    """Pad the sound with silence, or trim it, to this number of samples."""
    return sound.filter("apad").filter("atrim", end_sample=samples)


def mix_music(narration: Any, spec: AudioSpec, samples: int) -> Any:
    """Mix repeated music under the narration, faded in and out.

    Args:
        narration: `samples` samples, from `normalise_format`.
        spec: the measured music, its gain, and whether the narration ducks it.
        samples: length at AUDIO_HZ.
    """
    import ffmpeg

    length_s = samples / AUDIO_HZ
    fade_s = min(FADE_S, length_s / 4)
    # A finite number of repetitions, so that ffmpeg ends whatever it makes of the file.
    times = ceil(length_s / spec.music_s)
    ground = pad_or_trim(normalise_format(open_sound(str(spec.music), stream_loop=times)), samples)
    ground = ground.filter("volume", f"{spec.music_gain_db}dB")
    ground = ground.filter("afade", t="in", d=fade_s).filter("afade", t="out", st=length_s - fade_s, d=fade_s)
    if spec.ducking:
        halves = narration.filter_multi_output("asplit")
        narration = halves[0]
        ground = ffmpeg.filter([ground, halves[1]], "sidechaincompress", **DUCKING)
    return ffmpeg.filter([narration, ground], "amix", inputs=2, duration="first", normalize=0)


def limit_peaks(sound: Any, samples: int, gain_db: float | None) -> Any:
    """Apply the measured gain, if any, and limit peaks.

    Args:
        sound: from `normalise_format` or `mix_music`.
        samples: exact length of the result, at AUDIO_HZ.
        gain_db: None leaves the level and limits sample peaks; with a gain, true peaks are limited.
    """
    if gain_db is not None:
        sound = sound.filter("volume", f"{gain_db:.3f}dB").filter("aresample", AUDIO_HZ * _PEAK_OVERSAMPLING)
    sound = sound.filter("alimiter", limit=AUDIO_PEAK, level=0, latency=1)
    return pad_or_trim(sound.filter("aresample", AUDIO_HZ) if gain_db is not None else sound, samples)


def scene_sound(request: RenderRequest, frames: int, gain_db: float | None) -> Any:
    """Return the sound of a scene of this many frames, exactly as long as its picture, so that films do not drift."""
    samples = frames * AUDIO_HZ // request.fps
    sound = normalise_format(open_sound(request.narration))
    if request.card_frames:
        sound = sound.filter("adelay", delays=f"{request.card_frames * AUDIO_HZ // request.fps}S", all=1)
    sound = pad_or_trim(sound, samples)
    if request.sound.music:
        sound = mix_music(sound, request.sound, samples)
    return limit_peaks(sound, samples, gain_db)
