"""Finds the options of a transcoding that do not fit one another, by one table of encoders and one of containers."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from scenequeue.jobs.transcode.options import SOUND_IN, Container, TranscodeOptions
from scenequeue.reasons import Code, Parameter, Reason

COPY = "copy"


@dataclass(frozen=True)
class Encoder:
    """The options that the encoder of a codec knows."""

    #: Least and largest constant rate factor.
    crf: tuple[int, int]
    presets: tuple[str, ...]


_X26_PRESETS = ("ultrafast", "superfast", "veryfast", "faster", "fast", "medium", "slow", "slower", "veryslow")
#: By codec. x264's crf 0 is lossless, in a profile that few players support; its preset placebo is slower for no better picture.
ENCODERS: Mapping[str, Encoder] = {
    "h264": Encoder((1, 51), _X26_PRESETS),
    "h265": Encoder((1, 51), _X26_PRESETS),
    "av1": Encoder((0, 63), tuple(str(number) for number in range(14))),
}
#: Codecs of the picture that a container gets of those that we encode; the first is taken where none is named.
PICTURES_IN: Mapping[Container, tuple[str, ...]] = {
    "mp4": ("h264", "h265", "av1"), "mkv": ("h264", "h265", "av1"), "webm": ("av1",), "flv": ("h264",),
}  # fmt: skip
#: Codecs of a copied picture that a container holds, as the demuxers name them; all others hold any.
COPIED_INTO: Mapping[Container, frozenset[str]] = {
    "mp4": frozenset({"h264", "hevc", "av1", "vp9", "mpeg4", "mpeg2video", "mpeg1video", "mjpeg", "vvc"}),
    "webm": frozenset({"vp8", "vp9", "av1"}),
    "flv": frozenset({"h264", "hevc", "av1", "flv1", "vp6f"}),
}
#: Options that need a picture that is encoded.
_OF_ENCODING = ("crf", "max_kbps", "preset", "tone_map")


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
        given = (name for name in _OF_ENCODING if getattr(options, name) not in {None, False})
        yield from (Conflict(name, Reason(Code.QUALITY_OF_COPY)) for name in given)
        return
    if codec not in PICTURES_IN[container]:
        yield Conflict("codec", _not_held(codec, container, PICTURES_IN[container]))
    encoder = ENCODERS[codec]
    least, most = encoder.crf
    if options.crf is not None and not least <= options.crf <= most:
        facts: dict[str, Parameter] = {"codec": codec, "least": least, "most": most, "crf": options.crf}
        yield Conflict("crf", Reason(Code.CRF_OF_OTHER_CODEC, facts))
    if options.preset is not None and options.preset not in encoder.presets:
        first, last = encoder.presets[0], encoder.presets[-1]
        facts = {"codec": codec, "preset": options.preset, "first": first, "last": last}
        yield Conflict("preset", Reason(Code.PRESET_OF_OTHER_CODEC, facts))


def _not_held(codec: str, container: str, held: tuple[str, ...]) -> Reason:
    return Reason(Code.CODEC_UNFIT, {"codec": codec, "container": container, "held": ", ".join(held)})
