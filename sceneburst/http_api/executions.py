"""Serves the interface of the transcoder that is replaced: `POST /transcode`, and the description of an execution."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Literal, TypeVar

from fastapi import APIRouter, Depends, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from sceneburst.http_api.bodies import read_body, rules_for
from sceneburst.http_api.execution_bodies import INPUT_LABEL, at_places_of_body, execution_from
from sceneburst.http_api.routes import OPERATE, Shared, authenticate
from sceneburst.http_api.service import Service
from sceneburst.http_api.views import REFUSALS
from scenequeue.errors import InvalidScenes
from scenequeue.jobs.address import bucket_and_key
from scenequeue.jobs.job import JobState, JobStatus
from scenequeue.jobs.result import ItemResult
from scenequeue.reasons import Reason

executions = APIRouter(tags=["executions"], dependencies=[Depends(authenticate)], responses=REFUSALS)

_STATUS: Mapping[JobState, Literal["RUNNING", "SUCCEEDED", "ABORTED"]] = {
    JobState.ACTIVE: "RUNNING", JobState.DONE: "SUCCEEDED", JobState.CANCELLED: "ABORTED",
}  # fmt: skip
_REQUEST: dict[str, Any] = {
    "bucket": "bucket",
    "key": "in/film.mp4",
    "options": {"resolution": "720", "bitrate": "2M", "codec": "h264", "segment_time": 60},
}
_EXECUTION: dict[str, Any] = {
    "executionArn": "transcode-41f3c5bc90aa17de",
    "status": "SUCCEEDED",
    "startDate": "2026-01-01T00:00:00.000Z",
    "stopDate": "2026-01-01T00:02:00.000Z",
    "input": {"bucket": "bucket", "key": "in/film.mp4"},
    "output": {"output_bucket": "bucket", "output_key": "outputs/transcode-41f3c5bc90aa17de/film-720p.mp4", "create_hls": None},
    "error": None,
    "cause": None,
}
_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Execution"}, "example": _REQUEST}},
    }
}


class Started(BaseModel):
    """An execution that was accepted."""

    executionArn: str = Field(description="the job's id: GET /v1/jobs/{id} and GET /transcode/{id} describe it")  # noqa: N815
    startDate: str = Field(description="ISO 8601")  # noqa: N815


class Source(BaseModel):
    """The video that is transcoded."""

    bucket: str
    key: str


class Made(BaseModel):
    """The finished video."""

    output_bucket: str
    output_key: str
    create_hls: str | None = Field(None, description="key of the master playlist; null without a ladder")


_Object = TypeVar("_Object", Source, Made)


class Description(Started):
    """An execution at one moment."""

    model_config = ConfigDict(json_schema_extra={"examples": [_EXECUTION]})

    status: Literal["RUNNING", "SUCCEEDED", "FAILED", "ABORTED"]
    stopDate: str | None = Field(description="ISO 8601; null while it runs")  # noqa: N815
    input: Source | None = Field(description="null for an address of more than 256 characters, until it has succeeded")
    output: Made | None = Field(description="null until it has succeeded")
    error: str | None = Field(description="code of the reason that it failed")
    cause: str | None = Field(description="the reason in words")


@executions.post("/transcode", dependencies=OPERATE, openapi_extra=_BODY, summary="Transcode a video in a bucket")
async def transcode(request: Request, response: Response, service: Shared) -> Started:
    """Start an execution, which is a job like all others; GET /v1/jobs/{id} tells more of it."""
    body = await read_body(request, service.settings.api_max_body_mib)
    status = await service.call(lambda: _started(service, body))
    response.headers["Location"] = f"/transcode/{status.job_id}"
    return Started(executionArn=status.job_id, startDate=_date(status.created_ms))


@executions.get("/transcode/{execution}", summary="How an execution stands")
async def describe(execution: str, service: Shared) -> Description:
    """Status, start, stop, input and output."""
    return await service.call(lambda: _described(service, execution))


def _started(service: Service, body: bytes) -> JobStatus:
    request, mistakes = execution_from(body)
    try:
        return service.producer.submit_transcoding(request, rules_for(service.settings.file_roots), mistakes).status()
    except InvalidScenes as error:
        raise at_places_of_body(error) from None


def _described(service: Service, execution: str) -> Description:
    status = service.producer.job(execution).status()
    ended = service.producer.queue.producer.results(status.job_id, stage=status.stages - 1)
    verified = next(ended, None) if status.state is JobState.DONE else None
    source = status.labels.get(INPUT_LABEL) or _source_of(verified)
    dead = _first_dead(service, status)
    return Description(
        executionArn=status.job_id, status=_STATUS.get(status.state, "FAILED"), startDate=_date(status.created_ms),
        stopDate=None if status.finished_ms is None else _date(status.finished_ms),
        input=_object(source, Source), output=_made(verified),
        error=dead.code if dead else None, cause=Reason.kept_as(dead.code, dead.parameters).text if dead and dead.code else None,
    )  # fmt: skip


def _made(verified: ItemResult | None) -> Made | None:
    if verified is None:
        return None
    # The first of its files is the playlist, if there is one.
    playlist, files = verified.details.get("hls"), (each.address for each in verified.artifacts if each.role == "video")
    made = _object(next(files, verified.output), Made)
    return made.model_copy(update={"create_hls": bucket_and_key(playlist)[1]}) if made and isinstance(playlist, str) else made


def _source_of(verified: ItemResult | None) -> str | None:
    """Return the source's address as the last item has reported it."""
    source = verified.details.get("source") if verified else None
    return str(source.get("uri")) if isinstance(source, dict) else None


def _first_dead(service: Service, status: JobStatus) -> ItemResult | None:
    if status.state is not JobState.FAILED:
        return None
    return next((each for each in service.producer.queue.producer.results(status.job_id) if each.state == "dead"), None)


def _object(address: str | None, model: type[_Object]) -> _Object | None:
    """Return an address in a bucket as bucket and key; None for no address and for others."""
    if address is None or not address.startswith("s3://"):
        return None
    return model(**dict(zip(model.model_fields, bucket_and_key(address), strict=False)))


def _date(unix_ms: int) -> str:
    return datetime.fromtimestamp(unix_ms / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
