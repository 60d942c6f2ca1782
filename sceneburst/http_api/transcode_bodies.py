"""Reads the body of a transcoding's submission."""

from typing import Annotated, Any

from pydantic import Field, WithJsonSchema

from producer.transcoding import TranscodeRequest
from sceneburst.http_api.bodies import read_form
from scenequeue.errors import Mistake
from scenequeue.jobs.address import Address
from scenequeue.jobs.ids import Labels
from scenequeue.jobs.job import Lane
from scenequeue.jobs.options import StrictModel
from scenequeue.jobs.transcode.options import Container, RungName, SoundCodec, VideoCodec

#: Options that are fields of the request.
_OPTIONS = ("renditions", "codec", "crf", "max_kbps", "audio", "container", "segment_s")
_PLACES = ("source", "output", "options")


class TranscodeSubmission(StrictModel):
    """One transcoding: a video that becomes one file for each rendition."""

    source: Annotated[Address, Field(description="the video: s3:// or https://")]
    output: Annotated[Address, Field(description="s3:// prefix that each <source name>-<rendition>.<container> goes under")]
    renditions: Annotated[
        list[RungName] | None, Field(max_length=8, description="sizes, by the shorter side; none: the source's")
    ] = None
    codec: Annotated[VideoCodec | None, Field(description="of the picture; none: h264, and av1 in webm")] = None
    crf: Annotated[int | None, Field(ge=0, le=63, description="constant rate factor; none: the codec's default")] = None
    max_kbps: Annotated[int | None, Field(ge=50, le=400_000, description="cap of the bit rate, in kbit/s")] = None
    audio: Annotated[SoundCodec | None, Field(description="none: copied where the container holds it")] = None
    container: Annotated[Container | None, Field(description="none: mp4")] = None
    segment_s: Annotated[float | None, Field(ge=1, le=600, description="length of a segment, in seconds; none: 60")] = None
    options: Annotated[
        dict[str, Any] | None,
        Field(description="the same and further ones; the fields above override them"),
        WithJsonSchema({"anyOf": [{"$ref": "#/components/schemas/TranscodeOptions"}, {"type": "null"}]}),
    ] = None
    lane: Annotated[Lane, Field(strict=False, description="served strictly in this order")] = Lane.NORMAL
    job_id: Annotated[
        str | None, Field(min_length=1, description="idempotency key: the same again is the same job; none: one is made up")
    ] = None
    labels: Annotated[Labels, Field(description="words by name; operators see them, and find jobs by them")] = Field(
        default_factory=dict
    )
    callback_url: Annotated[Address | None, Field(description="https:// address, told of the job's end")] = None
    max_attempts: Annotated[int, Field(ge=1, le=100, description="how often each item of work is tried")] = 3


def transcoding_from(body: bytes) -> tuple[TranscodeRequest, list[Mistake]]:
    """Return the well-formed part of a submission, and its mistakes of form.

    Raises:
        BodyUnreadable: it is not JSON.
        InvalidRequest: it is no submission at all.
    """
    given, mistakes = read_form(body, TranscodeSubmission)
    fields = {name: value for name, value in given.items() if value is not None}
    source, output, options = (fields.pop(name, None) for name in _PLACES)
    named = {name: fields.pop(name) for name in _OPTIONS if name in fields}
    return TranscodeRequest(source, output, options, named, fields), mistakes
