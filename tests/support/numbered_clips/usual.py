"""Clips in the formats and frame rates that cameras, editors and web pages make."""

from fractions import Fraction
from pathlib import Path

from tests.support.numbered_clips.clip import Clip, Outcome
from tests.support.numbered_clips.making import X264, encode, run_ffmpeg

_PCM = ("-c:a", "pcm_s16le")
_OPUS = ("-c:a", "libopus", "-b:a", "64k")
_VP9 = ("-c:v", "libvpx-vp9", "-deadline", "realtime", "-cpu-used", "8", "-b:v", "300k", "-g", "25", "-pix_fmt", "yuv420p")
_OPEN_GOP = (*X264, "-x264-params", "open-gop=1:bframes=3")
_MASTER = "G(13250,34500)B(7500,3000)R(34000,16000)WP(15635,16450)L(10000000,50)"
_PQ = f"colorprim=bt2020:transfer=smpte2084:colormatrix=bt2020nc:master-display={_MASTER}"
_HDR10 = (
    *("-c:v", "libx265", "-preset", "ultrafast", "-crf", "22", "-g", "25", "-pix_fmt", "yuv420p10le", "-tag:v", "hvc1"),
    *("-x265-params", f"log-level=error:repeat-headers=1:hdr10=1:{_PQ}:max-cll=1000,400:pools=1:keyint=25"),
)
_HIGH_422 = (*X264[:-1], "yuv422p10le")
_HIGH_444 = (*X264[:-1], "yuv444p")
_INTERLACED = ("-flags", "+ildct+ilme", "-top", "1", "-vf", "setfield=tff")
_MBAFF = (*X264, "-flags", "+ildct+ilme", "-x264-params", "tff=1", "-vf", "setfield=tff")
_MPEG2 = (
    "-c:v",
    "mpeg2video",
    "-q:v",
    "3",
    "-g",
    "12",
    "-bf",
    "2",
    "-pix_fmt",
    "yuv420p",
    "-flags",
    "+ildct+ilme",
    "-vf",
    "setfield=tff",
)
_FRAGMENTED = ("-movflags", "frag_keyframe+empty_moov+default_base_moof")
_ASP = ("-c:v", "mpeg4", "-q:v", "3", "-g", "25", "-bf", "2", "-pix_fmt", "yuv420p", "-vtag", "XVID")
_MP3 = ("-c:a", "libmp3lame", "-b:a", "96k")

_COPY = {"codec": "copy"}


def _languages(folder: Path) -> Path:
    tags = [f"-metadata:s:a:{track}" for track in range(3)]
    named = [word for tag, language in zip(tags, ("eng", "deu", "fra"), strict=True) for word in (tag, f"language={language}")]
    return encode(folder / "a.mp4", sounds=3, options=named)


def _rotated(folder: Path) -> Path:
    run_ffmpeg("-display_rotation", "90", "-i", encode(folder / "upright.mp4"), "-c", "copy", folder / "a.mp4")
    return folder / "a.mp4"


CLIPS = (
    Clip("cfr-24", lambda folder: encode(folder / "a.mp4", rate=24)),
    Clip("cfr-25", lambda folder: encode(folder / "a.mp4")),
    Clip("cfr-50", lambda folder: encode(folder / "a.mp4", 150, 50), numbers=range(150)),
    Clip("cfr-29.97", lambda folder: encode(folder / "a.mp4", rate=Fraction(30000, 1001))),
    Clip("cfr-23.976-mkv", lambda folder: encode(folder / "a.mkv", rate=Fraction(24000, 1001))),
    Clip("120-fps", lambda folder: encode(folder / "a.mp4", 300, 120), numbers=range(300)),
    Clip("open-gop", lambda folder: encode(folder / "a.mp4", video=_OPEN_GOP)),
    Clip("mov-pcm", lambda folder: encode(folder / "a.mov", audio=_PCM), is_sound_encoded=True),
    Clip("webm-vp9", lambda folder: encode(folder / "a.webm", video=_VP9, audio=_OPUS)),
    Clip("silent", lambda folder: encode(folder / "a.mp4", sounds=0), sounds=0),
    Clip("three-languages", _languages, sounds=3, languages=("eng", "deu", "fra")),
    Clip(
        "854-wide", lambda folder: encode(folder / "a.mp4", 60, size=(854, 480)), numbers=range(60),
        options={"renditions": ["360p", "240p"]},
    ),
    Clip("853x479-444", lambda folder: encode(folder / "a.mp4", 60, size=(853, 479), video=_HIGH_444), numbers=range(60)),
    Clip(
        "hdr10", lambda folder: encode(folder / "a.mp4", 60, video=_HDR10), numbers=range(60),
        options={"codec": "h265", "preset": "ultrafast"},
    ),
    Clip(
        "hdr10-to-sdr", lambda folder: encode(folder / "a.mp4", 60, video=_HDR10), numbers=range(60), options={"tone_map": True},
        code="tone_mapped",
    ),
    Clip("422-10-bit", lambda folder: encode(folder / "a.mp4", 60, video=_HIGH_422), numbers=range(60)),
    Clip("mbaff", lambda folder: encode(folder / "a.mp4", video=_MBAFF)),
    Clip(
        "mpeg2-interlaced-ts", lambda folder: encode(folder / "a.ts", video=_MPEG2, audio=("-c:a", "mp2", "-b:a", "128k")),
        is_sound_encoded=True,
    ),
    Clip("ts", lambda folder: encode(folder / "a.ts")),
    Clip("flv", lambda folder: encode(folder / "a.flv")),
    Clip("avi-asp", lambda folder: encode(folder / "a.avi", video=_ASP, audio=_MP3)),
    Clip("fragmented", lambda folder: encode(folder / "a.mp4", options=_FRAGMENTED)),
    Clip("rotated", _rotated, quarter_turns=-1),
    # Other targets than H.264 in MP4.
    Clip("into-mkv", lambda folder: encode(folder / "a.mov", audio=_PCM), options={"container": "mkv"}),
    Clip(
        "into-webm", lambda folder: encode(folder / "a.mp4", rate=30), options={"container": "webm", "codec": "av1"},
        is_sound_encoded=True,
    ),
    Clip("into-flv", lambda folder: encode(folder / "a.ts"), options={"container": "flv"}),
    Clip("into-h265", lambda folder: encode(folder / "a.mp4"), options={"codec": "h265", "preset": "ultrafast", "audio": "opus"},
         is_sound_encoded=True),
    Clip("into-av1", lambda folder: encode(folder / "a.mkv"), options={"codec": "av1", "audio": "aac"}, is_sound_encoded=True),
    Clip("copied", lambda folder: encode(folder / "a.mkv"), Outcome.WHOLE, options=_COPY, code="not_divided_copied"),
    Clip("copied-ts", lambda folder: encode(folder / "a.ts"), Outcome.WHOLE, options=_COPY, code="not_divided_copied"),
)  # fmt: skip
