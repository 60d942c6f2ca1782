"""Successful responses of the HTTP API, and its OpenAPI description."""

from typing import Any, Literal, Self

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic import BaseModel, ConfigDict, Field
from pydantic.json_schema import models_json_schema

from sceneburst.http_api.bodies import Submission
from sceneburst.http_api.errors import MEDIA_TYPE
from sceneburst.http_api.execution_bodies import Execution
from sceneburst.http_api.transcode_bodies import TranscodeSubmission
from scenequeue.jobs.film import Film
from scenequeue.jobs.job import Callback, Counts, Depth, JobEvent, JobStatus, Lane
from scenequeue.jobs.kinds.render import RenderOptions
from scenequeue.jobs.result import ItemResult, Warned
from scenequeue.jobs.scene import Scene
from scenequeue.jobs.transcode.options import TranscodeOptions
from scenequeue.jobs.wishes import JobWishes

_SUBMISSION: dict[str, Any] = {
    "scenes": [
        {"name": "intro", "image": "s3://bucket/in/intro.jpg", "audio": "s3://bucket/in/intro.mp3"},
        {
            "name": "outro",
            "image": "s3://bucket/in/outro.jpg",
            "audio": "s3://bucket/in/outro.mp3",
            "subtitles": "s3://bucket/in/outro.srt",
            "options": {"motion": "pan_left"},
        },
    ],
    "output": "s3://bucket/videos/order-4711",
    "options": {"resolution": "1080p", "motion": "zoom_in"},
    "lane": "normal",
    "job_id": "order-4711",
    "film": {"name": "film", "crossfade_s": 0.5},
}
_TRANSCODING: dict[str, Any] = {
    "source": "s3://bucket/in/film.mov",
    "output": "s3://bucket/videos/film",
    "renditions": ["1080p", "720p"],
    "job_id": "film-4711",
}
_JOB: dict[str, Any] = {
    "job_id": "order-4711",
    "state": "active",
    "lane": "normal",
    "progress": 0.3333,
    "counts": {"waiting": 1, "ready": 0, "leased": 1, "delayed": 0, "done": 1, "dead": 0, "dropped": 0},
    "stage": 0,
    "stages": 2,
    "created_ms": 1767225600000,
    "finished_ms": None,
    "labels": {},
    "max_attempts": 3,
    "waits_because": None,
    "is_paused": False,
    "callback": None,
    "wishes": None,
}
_RESULT: dict[str, Any] = {
    "item_id": "0-0",
    "name": "intro",
    "state": "done",
    "output": "s3://bucket/videos/order-4711/intro.mp4",
    "artifacts": [
        {
            "address": "s3://bucket/videos/order-4711/intro.mp4",
            "bytes": 263782,
            "sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
            "media_type": "video/mp4",
            "role": "video",
        }
    ],
    "duration_s": 5.7,
    "bytes": 263782,
    "processing_s": 1.7,
    "attempts": 1,
    "container": "c1-41f3c5bc",
    "error": None,
    "details": {},
    "code": None,
    "parameters": None,
    "warnings": [{"code": "subtitles_outside", "parameters": {}, "text": "no subtitle falls inside the narration"}],
}
_PROBLEM: dict[str, Any] = {
    "type": "urn:sceneburst:problem:invalid",
    "title": "The request has mistakes",
    "status": 422,
    "detail": "scene 1: 'audio' is missing",
    "advice": "Correct what `errors` names; nothing was enqueued.",
    "instance": "/v1/jobs",
    "code": "inside",
    "parameters": {
        "place": {"code": "scene", "parameters": {"number": 1}},
        "mistake": {"code": "field_missing", "parameters": {"field": "audio"}},
    },
    "errors": [
        {
            "in": "body",
            "pointer": "#/scenes/0/audio",
            "detail": "scene 1: 'audio' is missing",
            "code": "inside",
            "parameters": {
                "place": {"code": "scene", "parameters": {"number": 1}},
                "mistake": {"code": "field_missing", "parameters": {"field": "audio"}},
            },
        }
    ],
}


class Job(BaseModel):
    """A job at one moment. Times are Unix milliseconds."""

    model_config = ConfigDict(json_schema_extra={"examples": [_JOB]})

    job_id: str
    state: str = Field(description="active, done, failed (some items are dead letters) or cancelled")
    lane: Lane
    progress: float = Field(description="share of the known items that have ended, 0 to 1", ge=0, le=1)
    counts: Counts
    stage: int = Field(description="the one that is open, from 0: the scenes, then their film; a transcoding has four")
    stages: int
    created_ms: int
    finished_ms: int | None
    labels: dict[str, str]
    max_attempts: int
    waits_because: Warned | None = Field(None, description="why nothing of it is worked on; null where something is")
    is_paused: bool = Field(False, description="true where nothing more of it is begun until an operator resumes it")
    callback: Callback | None = Field(None, description="the posts to callback_url so far; null where none was given")
    wishes: JobWishes | None = Field(None, description="how it is to be spread over containers; null: as all other jobs")

    @classmethod
    def of(cls, status: JobStatus) -> Self:
        """Return a job as callers see it; its callback address, which may contain another caller's secret, is omitted."""
        counts = status.counts
        ended = counts.done + counts.dead + counts.dropped
        return cls(
            **status.model_dump(exclude={"options", "callback_url", "counts", "state", "waits_because", "pause"}),
            is_paused=status.pause is not None,
            state=status.state.value,
            waits_because=Warned(**status.waits_because.to_people()) if status.waits_because else None,
            counts=counts,
            progress=round(ended / max(1, counts.total), 4),
        )


class ResultPage(BaseModel):
    """Results so far, in the order of the scenes."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"results": [_RESULT], "next": "0-1"}]})

    results: list[ItemResult]
    next: str | None = Field(description="`from` of the next page; null on the last")


class Event(BaseModel):
    """The data of an event in a stream; that of the last one, `end`, is the job."""

    event: str = Field(
        description="submitted, leased, spare, yielded, done, retry, released, reclaimed, dead, requeued, stage, paused, "
        "resumed, finished or cancelled"
    )
    at_ms: int
    item_id: str | None = Field(description="null for an event of the whole job")
    code: str | None = Field(description="the reason that an attempt failed, for programs; null where none did")
    parameters: dict[str, Any] | None = Field(description="of the code")
    fields: dict[str, str] = Field(description="further facts; `message` is the first line of the reason in words")

    @classmethod
    def of(cls, event: JobEvent) -> Self:
        """Return an event as callers see it; the lease token is a secret of the container."""
        return cls(**event.model_dump(mode="json", exclude={"id": True, "fields": {"token"}}))


class Backlog(BaseModel):
    """Ready items, by lane."""

    ready_by_lane: dict[Lane, int] = Field(description="items that a container could take now, but for pauses of lanes")
    counts: Counts
    ready_weight_s: float = Field(description="estimated seconds of video that are ready")
    is_paused: bool = Field(description="true where everything is paused")
    paused_items: int = Field(description="ready items that a pause holds back, of everything, a lane or a job")

    @classmethod
    def of(cls, depth: Depth) -> Self:
        """Return the queue's depth as callers see it."""
        return cls(
            ready_by_lane=depth.ready_by_lane,
            counts=depth.counts,
            ready_weight_s=depth.ready_weight,
            is_paused=depth.is_paused,
            paused_items=depth.paused_items,
        )


class Health(BaseModel):
    """The result of a probe."""

    status: Literal["ok"] = "ok"


class ProblemField(BaseModel):
    """One mistake."""

    part: Literal["body", "query", "path", "header"] = Field(alias="in", description="the part of the request with the mistake")
    pointer: str = Field(description="place in it: a JSON pointer into the body (#/scenes/0/image), or the parameter's name")
    detail: str = Field(description="the mistake in words")
    code: str = Field(description="the mistake for programs; `other` has a text alone")
    parameters: dict[str, Any] = Field(description="of the code; some are codes with parameters themselves")


class Problem(BaseModel):
    """The reason that a request was refused (RFC 9457)."""

    model_config = ConfigDict(json_schema_extra={"examples": [_PROBLEM]})

    type: str
    title: str
    status: int
    detail: str = Field(description="what was wrong")
    advice: str = Field(description="what to do")
    instance: str
    code: str = Field(description="the reason, for programs; of several mistakes, `mistakes_counted`")
    parameters: dict[str, Any] = Field(description="of the code: what `detail` says in words")
    errors: list[ProblemField] = Field(default_factory=list, description="every mistake, with its place")


#: Responses of every route that can refuse a request.
REFUSALS: dict[int | str, dict[str, Any]] = {
    "default": {
        "description": "refused; see `type`, `detail` and `advice`",
        "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}, "example": _PROBLEM}},
    }
}
#: The body is read without the framework, so it is described here.
SUBMISSION_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Submission"}, "example": _SUBMISSION}},
    }
}
TRANSCODE_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {"schema": {"$ref": "#/components/schemas/TranscodeSubmission"}, "example": _TRANSCODING}
        },
    }
}


def description(app: FastAPI) -> dict[str, Any]:
    """Return the OpenAPI document, including the models that are read without the framework."""
    document = get_openapi(title=app.title, version=app.version, description=app.description, routes=app.routes)
    bodies = (Scene, RenderOptions, Film, Submission, TranscodeOptions, TranscodeSubmission, Execution, Problem)
    models: list[tuple[type[BaseModel], Literal["validation", "serialization"]]] = [
        (Event, "serialization"),
        *((model, "validation") for model in bodies),
    ]
    _, schemas = models_json_schema(models, ref_template="#/components/schemas/{model}")
    document["components"].setdefault("schemas", {}).update(schemas["$defs"])
    return document
