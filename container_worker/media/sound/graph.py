"""Describes a scene's sound as an ffmpeg graph: the narration, music that steps back under it, loudness, peaks."""

from math import ceil
from typing import Any

from container_worker.media.defaults import AUDIO_FORMATS, AUDIO_HZ, AUDIO_PEAK
from container_worker.media.request import AudioSpec, RenderRequest

#: Ducking: the narration's level from which music steps back (about -34 dBFS), how steeply, and how fast it goes
#: and comes back, in ms. Speech at -20 dBFS takes the music down by some 12 dB (heard, and asserted in tests).
DUCKING = {"threshold": 0.02, "ratio": 8, "attack": 20, "release": 500, "knee": 4}
#: Music comes in and goes out over this many seconds, less in short scenes.
FADE_S = 1.5
#: True peaks show when sound is sampled this much finer (ITU-R BS.1770-5, annex 2).
_PEAK_OVERSAMPLING = 4


def open_sound(path: str, **how: Any) -> Any:
    """The sound of a local file; no other protocol and no other format is opened, whatever the file says."""
    import ffmpeg

    safely = {"protocol_whitelist": "file", "format_whitelist": ",".join(AUDIO_FORMATS)}
    # A change of format midway is an error rather than lost sound; sound in which one was found has been rewritten.
    return ffmpeg.input(f"file:{path}", reinit_filter=0, **safely, **how).audio


def normalise_format(sound: Any) -> Any:
    """The sound at our rate, in stereo, from 0 on without gaps, as `measure_narration` counts it.

    Sound that begins after its file's picture, as in many a screen recording, would otherwise come late by as much.
    """
    sound = sound.filter("aresample", AUDIO_HZ).filter("aformat", sample_fmts="fltp", channel_layouts="stereo")
    return sound.filter("asetpts", "N/SR/TB")


def pad_or_trim(sound: Any, samples: int) -> Any:
    """The sound, padded with silence or cut to this length."""
    return sound.filter("apad").filter("atrim", end_sample=samples)


def mix_music(narration: Any, spec: AudioSpec, samples: int) -> Any:
    """The narration with music under it, which repeats, and fades at both ends.

    Args:
        narration: of exactly `samples` samples, from `normalise_format`.
        spec: the music, measured, and how it is laid under; with ducking it steps back while the narration speaks.
        samples: length, at our rate.
    """
    import ffmpeg

    length_s = samples / AUDIO_HZ
    fade_s = min(FADE_S, length_s / 4)
    # As often as it takes, and not for ever: whatever ffmpeg makes of the file, it comes to an end.
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
    """The sound with its peaks held, and with a measured gain where loudness is normalised.

    Args:
        sound: from `normalise_format` or `mix_music`.
        samples: exact length afterwards, at our rate.
        gain_db: None leaves the level, and holds sample peaks; a gain holds true peaks.
    """
    if gain_db is not None:
        sound = sound.filter("volume", f"{gain_db:.3f}dB").filter("aresample", AUDIO_HZ * _PEAK_OVERSAMPLING)
    sound = sound.filter("alimiter", limit=AUDIO_PEAK, level=0, latency=1)
    return pad_or_trim(sound.filter("aresample", AUDIO_HZ) if gain_db is not None else sound, samples)


def scene_sound(request: RenderRequest, frames: int, gain_db: float | None) -> Any:
    """All that a scene of this many frames sounds like, exactly as long as its picture: scenes are joined without drift."""
    samples = frames * AUDIO_HZ // request.fps
    sound = normalise_format(open_sound(request.narration))
    if request.card_frames:
        sound = sound.filter("adelay", delays=f"{request.card_frames * AUDIO_HZ // request.fps}S", all=1)
    sound = pad_or_trim(sound, samples)
    if request.sound.music:
        sound = mix_music(sound, request.sound, samples)
    return limit_peaks(sound, samples, gain_db)
