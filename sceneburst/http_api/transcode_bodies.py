"""Reads the body of a transcoding's submission."""

from typing import Annotated, Any

from pydantic import Field, WithJsonSchema, create_model

from producer.transcoding import TranscodeRequest
from sceneburst.http_api.bodies import read_form
from scenequeue.errors import Mistake
from scenequeue.jobs.address import Address
from scenequeue.jobs.ids import Labels
from scenequeue.jobs.job import Lane
from scenequeue.jobs.options import StrictModel
from scenequeue.jobs.transcode.options import ProfileName, TranscodeOptions

_PLACES = ("source", "output", "options", "profile")


class _Submission(StrictModel):
    """One transcoding: a video that becomes one file for each rendition."""

    source: Annotated[Address, Field(description="the video: s3:// or https://")]
    output: Annotated[Address, Field(description="s3:// prefix that each <source name>-<rendition>.<container> goes under")]
    profile: Annotated[ProfileName | None, Field(description="options for a purpose; all others override them")] = None
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


def _option_fields() -> dict[str, Any]:
    """Return the options as fields of a body, each None where it is not given."""
    return {
        name: (field.rebuild_annotation() | None, Field(None, description=field.description))
        for name, field in TranscodeOptions.model_fields.items()
    }


TranscodeSubmission = create_model(
    "TranscodeSubmission", __base__=_Submission, __doc__=_Submission.__doc__, __module__=__name__, **_option_fields()
)


def transcoding_from(body: bytes) -> tuple[TranscodeRequest, list[Mistake]]:
    """Return the well-formed part of a submission, and its mistakes of form.

    Raises:
        BodyUnreadable: it is not JSON.
        InvalidRequest: it is no submission at all.
    """
    given, mistakes = read_form(body, TranscodeSubmission)
    fields = {name: value for name, value in given.items() if value is not None}
    source, output, options, profile = (fields.pop(name, None) for name in _PLACES)
    named = {name: fields.pop(name) for name in TranscodeOptions.model_fields if name in fields}
    return TranscodeRequest(source, output, options, named, fields, profile), mistakes
