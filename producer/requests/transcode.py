"""Reads the options of a transcoding from a request."""

import re
from collections.abc import Collection, Mapping
from pathlib import Path, PurePosixPath
from typing import Any, TypedDict
from urllib.parse import unquote, urlsplit

from producer.codes import Code
from producer.requests.profile import in_profile, profile_options
from producer.requests.scenes import Malformed, read_model
from scenequeue.errors import Mistake, inside
from scenequeue.jobs.options import WatermarkStyle
from scenequeue.jobs.transcode.fitting import PICTURES_IN, conflicts
from scenequeue.jobs.transcode.options import PixelFormat, TranscodeOptions
from scenequeue.reasons import Reason

#: Options that exclude one another: one that is given takes the place of a profile's other.
_SAME_SENSE = {"crf": "target_vmaf", "target_vmaf": "crf"}
#: Options that say something only of a codec.
_OF_A_CODEC = frozenset({"crf", "target_vmaf", "max_kbps", "preset", "tune", "codec_profile", "level", "pix_fmt"})
_NOT_IN_NAME = re.compile(r"[^\w .+@=-]+")
#: With a rendition's name, an ending and a prefix, the file name may have 255 bytes.
_STEM_CHARS, _STEM_BYTES = 100, 180


class FurtherOptions(TypedDict, total=False):
    """Arguments of `Producer.submit_transcode` that are fields of TranscodeOptions, beside those that its signature names."""

    watermark: str | Path | None
    watermark_style: WatermarkStyle | Mapping[str, Any] | None
    tone_map: bool | None
    poster: bool | None
    sprites: bool | None
    webvtt: bool | None
    target_vmaf: float | None
    preset: str | None
    tune: str | None
    codec_profile: str | None
    level: str | None
    pix_fmt: PixelFormat | None
    audio_kbps: int | None


def transcode_options_from(
    given: TranscodeOptions | Mapping[str, Any] | None, named: Mapping[str, Any], profile: str | Path | None = None
) -> tuple[TranscodeOptions, list[Mistake]]:
    """Return the options of a transcoding, and all their mistakes; an unreadable option has its default.

    Args:
        given: a model, or a mapping.
        named: options that the caller gives by fields of their own, and that override the others.
        profile: name or file of a profile, which all others override.
    """
    general, mistakes = (TranscodeOptions(), []) if profile is None else profile_options(profile)
    base, own = TranscodeOptions(), TranscodeOptions()
    try:
        base = _options_from(given)
    except Malformed as error:
        base = error.rest
        mistakes += [mistake.nested_in(("options",), "options") for mistake in error.mistakes]
    try:
        own = read_model(TranscodeOptions, _plain(named))
    except Malformed as error:
        own = error.rest
        mistakes += error.mistakes
    given_fields = {name: getattr(over, name) for over in (base, own) for name in over.model_fields_set}
    replaced = {_SAME_SENSE[name]: None for name, value in given_fields.items() if name in _SAME_SENSE and value is not None}
    options = _without_unfit(general, _with_codec(general.model_copy(update=replaced | given_fields)), given_fields)
    told = {mistake.place[-1] for mistake in mistakes if mistake.place}
    for field, reason in conflicts(options):
        if not {field, "codec", "container"} & told:
            mistake = Mistake((field,), inside(field, reason))
            if field in named:
                mistakes.append(mistake)
            elif field in base.model_fields_set:
                mistakes.append(Mistake(("options", field), inside(f"options.{field}", reason)))
            else:
                mistakes.append(
                    mistake if profile is None or field not in general.model_fields_set else in_profile(profile, mistake)
                )
    return options, mistakes


def _with_codec(options: TranscodeOptions) -> TranscodeOptions:
    if "codec" in options.model_fields_set:
        return options
    return options.model_copy(update={"codec": PICTURES_IN[options.container][0]})


def _without_unfit(profile: TranscodeOptions, options: TranscodeOptions, given: Collection[str]) -> TranscodeOptions:
    """Return the options without what the profile says of its own codec and another one, which is given, cannot have."""
    if "codec" not in given:
        return options
    always = {field for field, _ in conflicts(_with_codec(profile))}
    unfit = {field for field, _ in conflicts(options)} & profile.model_fields_set & _OF_A_CODEC - always - {*given}
    return options.model_copy(update={field: TranscodeOptions.model_fields[field].get_default() for field in unfit})


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
    options: TranscodeOptions = read_model(TranscodeOptions, _plain(given))
    return options


def _plain(given: Mapping[Any, Any]) -> dict[Any, Any]:
    """Return the options with paths as text."""
    return {name: str(value) if isinstance(value, Path) else value for name, value in given.items()}
