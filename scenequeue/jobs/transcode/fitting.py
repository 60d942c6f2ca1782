"""Finds the options of a transcoding that do not fit one another, by one table of encoders and one of containers."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from scenequeue.jobs.transcode.levels import LEVELS, level_name
from scenequeue.jobs.transcode.options import SOUND_IN, Container, TranscodeOptions
from scenequeue.reasons import Code, Parameter, Reason

COPY = "copy"
#: The source's codec, which is known when it is probed.
SAME = "source"


@dataclass(frozen=True)
class Encoder:
    """The options that the encoder of a codec knows."""

    #: Least and largest constant rate factor.
    crf: tuple[int, int]
    presets: tuple[str, ...]
    tunes: tuple[str, ...]
    #: Pixel formats of each profile, the usual one first.
    profiles: Mapping[str, tuple[str, ...]]

    @property
    def pix_fmts(self) -> tuple[str, ...]:
        """The pixel formats of all profiles."""
        return tuple(dict.fromkeys(each for formats in self.profiles.values() for each in formats))


_X26_PRESETS = ("ultrafast", "superfast", "veryfast", "faster", "fast", "medium", "slow", "slower", "veryslow")
#: By codec. x264's crf 0 is lossless, in a profile that few players support; its preset placebo is slower for no better picture.
ENCODERS: Mapping[str, Encoder] = {
    "h264": Encoder(
        (1, 51),
        _X26_PRESETS,
        ("film", "animation", "grain", "stillimage", "psnr", "ssim", "fastdecode", "zerolatency"),
        {
            "baseline": ("yuv420p",),
            "main": ("yuv420p",),
            "high": ("yuv420p",),
            "high10": ("yuv420p10le",),
            "high422": ("yuv422p", "yuv422p10le"),
        },
    ),
    "h265": Encoder(
        (1, 51),
        _X26_PRESETS,
        ("psnr", "ssim", "grain", "animation", "fastdecode", "zerolatency"),
        {"main": ("yuv420p",), "main10": ("yuv420p10le",), "main422-10": ("yuv422p", "yuv422p10le")},
    ),
    "av1": Encoder(
        (0, 63), tuple(str(number) for number in range(14)), ("vq", "psnr", "ssim"), {"main": ("yuv420p", "yuv420p10le")}
    ),
}
#: Codecs of the picture that a container gets of those that we encode; the first is taken where none is named.
PICTURES_IN: Mapping[Container, tuple[str, ...]] = {
    "mp4": ("h264", "h265", "av1"), "mkv": ("h264", "h265", "av1"), "webm": ("av1",), "flv": ("h264",),
}  # fmt: skip
#: Containers whose files cannot say that players have to turn the picture.
WITHOUT_ROTATION: frozenset[Container] = frozenset({"flv"})
#: Codecs of a copied picture that a container holds, as the demuxers name them; all others hold any.
COPIED_INTO: Mapping[Container, frozenset[str]] = {
    "mp4": frozenset({"h264", "hevc", "av1", "vp9", "mpeg4", "mpeg2video", "mpeg1video", "mjpeg", "vvc"}),
    "webm": frozenset({"vp8", "vp9", "av1"}),
    "flv": frozenset({"h264", "hevc", "av1", "flv1", "vp6f"}),
}
#: Codecs that HLS has and whose names its playlists tell, as the demuxers name them.
PICTURES_IN_HLS = frozenset({"h264", "hevc", "av1"})
SOUNDS_IN_HLS = frozenset({"aac", "ac3", "eac3", "flac", "alac", "opus"})
#: Options that need a picture that is encoded.
_OF_ENCODING = (
    "crf", "target_vmaf", "max_kbps", "preset", "tune", "codec_profile", "level", "pix_fmt", "tone_map", "watermark", "poster",
    "sprites",
)  # fmt: skip


class Conflict(NamedTuple):
    """An option that does not fit others."""

    #: Name of the field in TranscodeOptions.
    field: str
    reason: Reason


def conflicts(options: TranscodeOptions) -> Iterator[Conflict]:
    """Yield the options that do not fit the codec or the container."""
    codec, container = options.codec, options.container
    if options.audio not in (COPY, *SOUND_IN[container]):
        yield Conflict("audio", _not_held(options.audio, container, SOUND_IN[container]))
    if codec == COPY:
        if options.renditions:
            yield Conflict("renditions", Reason(Code.RENDITIONS_OF_COPY))
        values = {name: getattr(options, name) for name in _OF_ENCODING}
        # Not by equality: a factor of 0 is given, but equal to False.
        given = (name for name, value in values.items() if value is not None and value is not False)
        yield from (Conflict(name, Reason(Code.QUALITY_OF_COPY)) for name in given)
        return
    if codec == SAME:
        # What only some of the codecs have is for the probe to refuse.
        of_each = [list(_conflicts_with(options, each)) for each in PICTURES_IN[container]]
        shared = set.intersection(*({conflict.field for conflict in found} for found in of_each))
        yield from (conflict for conflict in of_each[0] if conflict.field in shared)
        return
    if codec not in PICTURES_IN[container]:
        yield Conflict("codec", _not_held(codec, container, PICTURES_IN[container]))
    yield from _conflicts_with(options, codec)


def _conflicts_with(options: TranscodeOptions, codec: str) -> Iterator[Conflict]:
    """Yield the options that the encoder of a codec does not know."""
    encoder = ENCODERS[codec]
    least, most = encoder.crf
    if options.crf is not None and not least <= options.crf <= most:
        facts: dict[str, Parameter] = {"codec": codec, "least": least, "most": most, "crf": options.crf}
        yield Conflict("crf", Reason(Code.CRF_OF_OTHER_CODEC, facts))
    if options.crf is not None and options.target_vmaf is not None:
        yield Conflict("target_vmaf", Reason(Code.CRF_AND_VMAF))
    if options.preset is not None and options.preset not in encoder.presets:
        first, last = encoder.presets[0], encoder.presets[-1]
        facts = {"codec": codec, "preset": options.preset, "first": first, "last": last}
        yield Conflict("preset", Reason(Code.PRESET_OF_OTHER_CODEC, facts))
    yield from _names_of_others(options, codec, encoder)


def _names_of_others(options: TranscodeOptions, codec: str, encoder: Encoder) -> Iterator[Conflict]:
    """Yield tune, profile, level and pixel format that the codec does not have, or that the profile does not."""
    profile, pix_fmt = options.codec_profile, options.pix_fmt
    given = {
        "tune": options.tune,
        "codec_profile": profile,
        "level": options.level and level_name(options.level),
        "pix_fmt": pix_fmt,
    }
    known: dict[str, Iterable[str]] = {
        "tune": encoder.tunes, "codec_profile": encoder.profiles, "level": LEVELS[codec], "pix_fmt": encoder.pix_fmts,
    }  # fmt: skip
    wrong = {field: value for field, value in given.items() if value is not None and value not in known[field]}
    yield from (Conflict(field, _without(codec, value, known[field])) for field, value in wrong.items())
    if profile is not None and pix_fmt is not None and not wrong and pix_fmt not in encoder.profiles[profile]:
        yield Conflict("pix_fmt", _without(f"{codec} {profile}", pix_fmt, encoder.profiles[profile]))


def _without(codec: str, given: str, choices: Iterable[str]) -> Reason:
    return Reason(Code.NAME_OF_OTHER_CODEC, {"codec": codec, "given": given, "choices": ", ".join(choices)})


def _not_held(codec: str, container: str, held: tuple[str, ...]) -> Reason:
    return Reason(Code.CODEC_UNFIT, {"codec": codec, "container": container, "held": ", ".join(held)})
