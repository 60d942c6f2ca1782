"""Reads the options of a transcoding from a request, and finds those that do not fit one another."""

import re
from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import unquote, urlsplit

from producer.codes import Code
from producer.requests.scenes import Malformed, read_model
from scenequeue.errors import Mistake, Place, inside
from scenequeue.jobs.transcode.options import SOUND_IN, TranscodeOptions
from scenequeue.reasons import Parameter, Reason

#: Codecs of the picture that a container holds, of those that we encode; the first is taken where none is named.
HELD_PICTURES: Mapping[str, tuple[str, ...]] = {
    "mp4": ("h264", "h265", "av1"), "mkv": ("h264", "h265", "av1"), "webm": ("av1",), "flv": ("h264",),
}  # fmt: skip
#: x264's crf 0 is lossless, in a profile that few players support.
_CRF_RANGES = {"h264": (1, 51), "h265": (1, 51), "av1": (0, 63)}
_X26_PRESETS = ("ultrafast", "superfast", "veryfast", "faster", "fast", "medium", "slow", "slower", "veryslow")
_SVT_PRESETS = tuple(str(number) for number in range(14))
_COPY = "copy"
_NOT_IN_NAME = re.compile(r"[^\w .+@=-]+")
#: With a rendition's name, an ending and a prefix, the file name may have 255 bytes.
_STEM_CHARS, _STEM_BYTES = 100, 180


def transcode_options_from(
    given: TranscodeOptions | Mapping[str, Any] | None, named: Mapping[str, Any]
) -> tuple[TranscodeOptions, list[Mistake]]:
    """Return the options of a transcoding, and all their mistakes; an unreadable option has its default.

    Args:
        given: a model, or a mapping.
        named: options that the caller gives by fields of their own, and that override the others.
    """
    mistakes: list[Mistake] = []
    base, own = TranscodeOptions(), TranscodeOptions()
    try:
        base = _options_from(given)
    except Malformed as error:
        base = error.rest
        mistakes += [mistake.nested_in(("options",), "options") for mistake in error.mistakes]
    try:
        own = read_model(TranscodeOptions, named)
    except Malformed as error:
        own = error.rest
        mistakes += error.mistakes
    fields = {name: getattr(own, name) for name in own.model_fields_set}
    options = base.model_copy(update=fields)
    if "codec" not in named and "codec" not in base.model_fields_set:
        options = options.model_copy(update={"codec": HELD_PICTURES[options.container][0]})
    told = {mistake.place[-1] for mistake in mistakes if mistake.place}
    for field, reason in _conflicts(options):
        if field not in told and "codec" not in told and "container" not in told:
            place: Place = (field,) if field in named or field not in base.model_fields_set else ("options", field)
            mistakes.append(Mistake(place, inside(".".join(map(str, place)), reason)))
    return options, mistakes


def stem_of(place: str) -> str:
    """Return the first part of the names of a source's files: its own name without ending, as far as a name can have it.

    Args:
        place: the source's path or address.
    """
    # Only these are escaped; an S3 key is as it is written.
    path = unquote(urlsplit(place).path) if place.startswith(("https://", "file://")) else place
    name = PurePosixPath(path).stem
    name = re.sub(r"\.{2,}", ".", _NOT_IN_NAME.sub("_", name)).lstrip(" .+@=-")[:_STEM_CHARS]
    return name.encode()[:_STEM_BYTES].decode(errors="ignore").strip() or "video"


def _options_from(given: TranscodeOptions | Mapping[str, Any] | None) -> TranscodeOptions:
    if isinstance(given, TranscodeOptions):
        return given
    if given is None:
        return TranscodeOptions()
    if not isinstance(given, Mapping):
        raise Malformed([Mistake((), Reason(Code.NOT_OPTIONS, {"type": type(given).__name__}))], TranscodeOptions())
    options: TranscodeOptions = read_model(TranscodeOptions, given)
    return options


def _conflicts(options: TranscodeOptions) -> Iterator[tuple[str, Reason]]:
    """Yield the options that do not fit the codec or the container, with the reasons."""
    codec, container = options.codec, options.container
    held, sounds = HELD_PICTURES[container], SOUND_IN[container]
    if options.audio not in (_COPY, *sounds):
        yield "audio", _not_held(options.audio, container, sounds)
    if codec == _COPY:
        if options.renditions:
            yield "renditions", Reason(Code.RENDITIONS_OF_COPY)
        for field in ("crf", "max_kbps", "preset"):
            if getattr(options, field) is not None:
                yield field, Reason(Code.QUALITY_OF_COPY)
        return
    if codec not in held:
        yield "codec", _not_held(codec, container, held)
    least, most = _CRF_RANGES[codec]
    if options.crf is not None and not least <= options.crf <= most:
        facts: dict[str, Parameter] = {"codec": codec, "least": least, "most": most, "crf": options.crf}
        yield "crf", Reason(Code.CRF_OF_OTHER_CODEC, facts)
    presets = _SVT_PRESETS if codec == "av1" else _X26_PRESETS
    if options.preset is not None and options.preset not in presets:
        facts = {"codec": codec, "preset": options.preset, "first": presets[0], "last": presets[-1]}
        yield "preset", Reason(Code.PRESET_OF_OTHER_CODEC, facts)


def _not_held(codec: str, container: str, held: tuple[str, ...]) -> Reason:
    return Reason(Code.CODEC_UNFIT, {"codec": codec, "container": container, "held": ", ".join(held)})
