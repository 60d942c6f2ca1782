"""Reads the body of `POST /transcode`, the request of the transcoder that is replaced, and gives its options our meaning."""

import re
import secrets
import shlex
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, create_model

from producer.transcoding import TranscodeRequest
from sceneburst.bit_rate import parse_kbps
from sceneburst.http_api.bodies import read_form
from sceneburst.http_api.codes import Code
from scenequeue.errors import InvalidScenes, InvalidValue, Mistake, Place
from scenequeue.jobs.address import Address
from scenequeue.jobs.options import StrictModel
from scenequeue.jobs.transcode.fitting import COPY, SAME
from scenequeue.jobs.transcode.options import TranscodeOptions
from scenequeue.reasons import Code as QueueCode

_ORIGINAL = "ORIGINAL"
#: Options of the encoder that may be named -> options of ours.
_MANUAL = {name: name for name in ("preset", "tune", "level", "crf", "pix_fmt")} | {"profile": "codec_profile"}
#: Whole numbers that options may have, and some more.
_SMALL = re.compile("[0-9]{1,6}")
#: Folder of all executions, in the source's bucket.
_FOLDER = "outputs"
#: Label with the address of the source, if it is not longer than a label's value can be.
INPUT_LABEL = "input"
_LABEL_CHARS = 256
#: Options of ours -> their places in the body.
_PLACES: dict[str, Place] = {
    "source": ("key",), "renditions": ("options", "resolution"), "max_kbps": ("options", "bitrate"),
    "codec": ("options", "codec"), "hls": ("options", "create_hls"), "segment_s": ("options", "segment_time"),
    **{ours: ("options", "manualOptions", name) for name, ours in _MANUAL.items()},
}  # fmt: skip


def _from_words(given: object) -> object:
    """Return options that are written as for ffmpeg (`-preset fast -crf 20`) by name, and anything else as it is."""
    if not isinstance(given, str):
        return given
    try:
        words = shlex.split(given)
    except ValueError:
        raise InvalidValue(Code.MANUAL_OPTIONS_MALFORMED) from None
    names, values = words[::2], words[1::2]
    if len(names) != len(values) or not all(name.startswith("-") and len(name) > 1 for name in names):
        raise InvalidValue(Code.MANUAL_OPTIONS_MALFORMED)
    # The stream may be named, as there is one picture.
    named = {
        plain if (plain := name[1:].removesuffix(":v")) in _MANUAL else name[1:]: value
        for name, value in zip(names, values, strict=True)
    }
    return {name: int(value) if name == "crf" and _SMALL.fullmatch(value) else value for name, value in named.items()}


def _as_number(given: object) -> object:
    """Return "60" as 60, and anything else as it is."""
    return int(given) if isinstance(given, str) and _SMALL.fullmatch(given) else given


def _as_switch(given: object) -> object:
    """Return 0 and 1 as false and true, and anything else as it is."""
    return bool(given) if isinstance(given, int) and given in {0, 1} else given


def _without_nulls(given: object) -> object:
    """Return options without those that are null, which count as not given."""
    if given is None:
        return {}
    return {name: value for name, value in given.items() if value is not None} if isinstance(given, dict) else given


def _as_rung(given: object) -> object:
    """Return 720, "720" and "720p" as the last of them."""
    text = str(given) if isinstance(given, int) and not isinstance(given, bool) else given
    return f"{text}p" if isinstance(text, str) and text.isdecimal() else text


def _as_rate(given: object) -> object:
    """Return a rate with a unit as it is."""
    has_unit = isinstance(given, str) and given[-1:] in {"k", "K", "m", "M"} and parse_kbps(given) is not None
    if given != _ORIGINAL and not has_unit:
        raise InvalidValue(Code.RATE_MALFORMED)
    return given


_manual_fields: dict[str, Any] = {
    name: (TranscodeOptions.model_fields[ours].rebuild_annotation(), None) for name, ours in _MANUAL.items()
}
ManualOptions = create_model(
    "ManualOptions", __base__=StrictModel, __doc__="Options of the encoder.", __module__=__name__, **_manual_fields
)
_Resolution = Literal["240p", "360p", "480p", "540p", "720p", "1080p", "1440p", "2160p", "ORIGINAL"]


class ExecutionOptions(StrictModel):
    """The wanted video."""

    resolution: Annotated[
        _Resolution,
        BeforeValidator(_as_rung, json_schema_input_type=str | int),
        Field(description="the shorter side, as 720 or 720p: 240, 360, 480, 540, 720, 1080, 1440, 2160; or ORIGINAL"),
    ] = "ORIGINAL"
    bitrate: Annotated[
        str, BeforeValidator(_as_rate), Field(description="cap such as 500k or 2M; below it, the quality is constant")
    ] = "ORIGINAL"
    codec: Annotated[
        Literal["h264", "h265", "av1", "ORIGINAL"],
        Field(description="ORIGINAL: the source's; with resolution and bitrate ORIGINAL too, picture and sound are copied"),
    ] = "ORIGINAL"
    manualOptions: Annotated[  # noqa: N815 - the name of the interface that is replaced
        ManualOptions | None,
        BeforeValidator(_from_words, json_schema_input_type=ManualOptions | str | None),
        Field(description="an object, or words as for ffmpeg: `-preset fast -crf 20`; they are added to the others"),
    ] = None
    segment_time: Annotated[
        float, BeforeValidator(_as_number), Field(ge=1, le=600, description="length of a segment, in seconds")
    ] = 60.0
    create_hls: Annotated[bool, BeforeValidator(_as_switch), Field(description="also make an HLS ladder")] = False
    aws_region: Annotated[
        str | None, Field(pattern=r"^[a-z]{2}(-[a-z]+)+-\d$", description="not needed: the bucket knows its region")
    ] = None


class Execution(StrictModel):
    """One video to transcode, in a bucket."""

    bucket: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$")]
    key: Annotated[str, Field(min_length=1, max_length=1024)]
    options: Annotated[ExecutionOptions, BeforeValidator(_without_nulls)] = ExecutionOptions()
    output: Annotated[
        Address | None,
        Field(pattern="^s3://", description="s3:// prefix for the video; none: outputs/<execution> in the same bucket"),
    ] = None
    job_id: Annotated[
        str | None, Field(min_length=1, description="id of the execution: the same again is the same one; none: one is made up")
    ] = None


def execution_from(body: bytes) -> tuple[TranscodeRequest, list[Mistake]]:
    """Return the transcoding that a body asks for, and its mistakes of form.

    Raises:
        BodyUnreadable: it is not JSON.
        InvalidRequest: it is no object.
    """
    given, mistakes = read_form(body, Execution)
    bucket, key = given.get("bucket"), given.get("key")
    source = None if bucket is None or key is None else f"s3://{bucket}/{key}"
    job_id = given.get("job_id") or f"transcode-{secrets.token_hex(8)}"
    output = given.get("output") or (bucket and f"s3://{bucket}/{_FOLDER}/{job_id}")
    options = ExecutionOptions.model_validate(_without_nulls(given.get("options")))
    is_label = source is not None and len(source) <= _LABEL_CHARS and source.isprintable()
    labels = {INPUT_LABEL: source} if is_label else {}
    return TranscodeRequest(source, output, None, _named(options), {"job_id": job_id, "labels": labels}), mistakes


def at_places_of_body(error: InvalidScenes) -> InvalidScenes:
    """Return the mistakes of a transcoding at the places of the body that have caused them."""
    return InvalidScenes([_moved(mistake) for mistake in error.mistakes])


def _named(options: ExecutionOptions) -> dict[str, Any]:
    """Return what is asked for as options of a transcoding."""
    chosen = {ours: value for name, ours in _MANUAL.items() if (value := getattr(options.manualOptions, name, None)) is not None}
    named: dict[str, Any] = {"segment_s": options.segment_time, "hls": options.create_hls}
    if not chosen and {options.resolution, options.bitrate, options.codec} == {_ORIGINAL}:
        return named | {"codec": COPY}
    named |= chosen | {"codec": SAME if options.codec == _ORIGINAL else options.codec}
    if options.resolution != _ORIGINAL:
        named["renditions"] = [options.resolution]
    if options.bitrate != _ORIGINAL:
        named["max_kbps"] = parse_kbps(options.bitrate)
    return named


def _moved(mistake: Mistake) -> Mistake:
    place = _PLACES.get(str(mistake.place[0])) if mistake.place else None
    if place is None:
        return mistake
    moved = mistake._replace(place=place)
    if mistake.reason.code != QueueCode.INSIDE:
        return moved
    return moved._replace(reason=mistake.reason.with_parameters(place=_called(place)))


def _called(place: Place) -> str:
    return ".".join(map(str, place))
