"""Error responses of the HTTP API, as RFC 9457 problem documents."""

import json
from collections.abc import Iterator, Mapping, Sequence
from http import HTTPStatus
from itertools import islice
from typing import Any, NamedTuple
from urllib.parse import quote

from fastapi.responses import JSONResponse

from producer.codes import Code as ProducerCode
from sceneburst.access.errors import RoleTooLow
from sceneburst.http_api.codes import Code
from scenequeue.errors import (
    InvalidScenes,
    JobConflict,
    JobNotFound,
    Place,
    QueueFull,
    QueueUnavailable,
    SceneburstError,
    inside,
)
from scenequeue.reasons import Reason
from scenequeue.reasons.stored import stored_reason
from scenequeue.redaction import redact

MEDIA_TYPE = "application/problem+json"
#: A message quotes the request, which may be as long as the body.
_MAX_DETAIL_CHARS = 500
#: Of a code with its parameters.
_MAX_REASON_CHARS = 1_000
#: A hundred, and the line that counts the others.
_MAX_PROBLEMS = 101


class Unauthorized(SceneburstError):
    """The key is missing or unknown."""


class TooManyRequests(SceneburstError):
    """The key's request rate is exceeded for another `wait_s` seconds."""

    def __init__(self, wait_s: float, limit: float) -> None:
        self.wait_s = wait_s
        super().__init__(Code.RATE_EXCEEDED, limit=limit)


class BodyTooLarge(SceneburstError):
    """The body is longer than SCENEBURST_API_MAX_BODY_MIB."""


class BodyTooSlow(SceneburstError):
    """The body did not arrive in time."""


class BodyUnreadable(SceneburstError):
    """The body is not valid JSON (RFC 8259)."""


class WrongMediaType(SceneburstError):
    """The Content-Type is not JSON."""


class WrongEncoding(SceneburstError):
    """The body is compressed."""


class WrongHost(SceneburstError):
    """An API without keys got a request for a host name other than this machine's."""


class ShuttingDown(SceneburstError):
    """The API is shutting down, and the request did not end within the grace period."""


class TooManyStreams(SceneburstError):
    """The maximum number of event streams is open."""


class Kind(NamedTuple):
    """One kind of problem: its status, its name, and advice for the caller."""

    status: int
    slug: str
    title: str
    advice: str
    #: Seconds after which a repetition makes sense; None if it does not.
    retry_after_s: int | None = None
    #: Replaces the error's own reason, which is meant for operators.
    why: Reason | None = None


KINDS: dict[type[SceneburstError], Kind] = {
    InvalidScenes: Kind(422, "invalid", "The request has mistakes", "Correct what `errors` names; nothing was enqueued."),
    JobConflict: Kind(409, "job-conflict", "The job id is taken", "Send another job_id, or exactly what was sent before."),
    JobNotFound: Kind(404, "job-not-found", "There is no such job", "Check the id; results are kept for a limited time."),
    QueueFull: Kind(503, "queue-full", "The backlog is at its limit", "Send the same again later; nothing was enqueued.", 30),
    QueueUnavailable: Kind(
        *(503, "queue-unavailable", "The queue does not answer", "Send the same again later, with the same job_id.", 5),
        why=Reason(Code.QUEUE_SILENT),
    ),
    Unauthorized: Kind(401, "unauthorized", "A key is needed", "Send `Authorization: Bearer <key>`."),
    RoleTooLow: Kind(403, "forbidden", "The key may not do this", "Use a key with the role that `parameters` names as needed."),
    TooManyRequests: Kind(429, "too-many-requests", "Too many requests", "Wait for the seconds that Retry-After says."),
    BodyTooLarge: Kind(413, "body-too-large", "The body is too large", "Send fewer scenes at once, as several jobs."),
    BodyTooSlow: Kind(408, "body-too-slow", "The body came too slowly", "Send it again."),
    BodyUnreadable: Kind(400, "not-json", "The body is no JSON", "Send one JSON object in UTF-8."),
    WrongMediaType: Kind(415, "media-type", "The body is no JSON", "Send `Content-Type: application/json`."),
    WrongEncoding: Kind(415, "content-encoding", "The body is compressed", "Send it as it is, without Content-Encoding."),
    WrongHost: Kind(421, "wrong-host", "This is not the host", "Without keys, the API answers to 127.0.0.1 and localhost only."),
    ShuttingDown: Kind(503, "leaving", "The API leaves", "Send the same again, with the same job_id.", 1),
    TooManyStreams: Kind(503, "too-many-streams", "All event streams are taken", "Try later, or ask for the status instead.", 10),
}
_OTHER = Kind(
    *(500, "internal", "Something went wrong here", "Try again; tell the operator the request id."), why=Reason(Code.API_FAILED)
)


class FieldProblem(NamedTuple):
    """One mistake: its place, and the problem."""

    #: JSON pointer into the body, as a URI fragment; or the name of a parameter.
    pointer: str
    reason: Reason
    #: Part of the request that the pointer is in: body, query, path or header.
    part: str = "body"


class InvalidRequest(InvalidScenes):
    """The request has mistakes whose places are known."""

    def __init__(self, found: Sequence[FieldProblem]) -> None:
        self.found = found
        super().__init__([inside(each.pointer, each.reason) for each in found])


def kind_of(error: Exception) -> Kind:
    """Return the kind of problem of an error; all errors that callers cannot cause share one kind."""
    return next((kind for known, kind in KINDS.items() if isinstance(error, known)), _OTHER)


def problem(
    kind: Kind, why: Reason, instance: str, *, errors: Sequence[FieldProblem] = (), headers: Mapping[str, str] | None = None
) -> JSONResponse:
    """Make the response that reports a problem; facts for operators alone are in neither its sentence nor its parameters."""
    why = kind.why or why
    body: dict[str, Any] = {
        "type": f"urn:sceneburst:problem:{kind.slug}",
        "title": kind.title,
        "status": kind.status,
        "detail": _short(why.text),
        "advice": kind.advice,
        # A reference to a URI has neither spaces nor control characters.
        "instance": quote(instance),
        **json.loads(stored_reason(why.without_secrets(), _MAX_REASON_CHARS)),
    }
    if errors:
        body["errors"] = [
            {
                "in": each.part,
                "pointer": _short(each.pointer),
                "detail": _short(each.reason.text),
                **_shortened(each.reason.to_json()),
            }
            for each in errors
        ]
    return JSONResponse(body, kind.status, dict(headers or {}), media_type=MEDIA_TYPE)


def answer_to(error: Exception, instance: str) -> JSONResponse:
    """Make the response to an error of ours."""
    kind = kind_of(error)
    headers: dict[str, str] = {}
    wait_s = error.wait_s if isinstance(error, TooManyRequests) else kind.retry_after_s
    if wait_s is not None:
        headers["Retry-After"] = str(max(1, -int(-wait_s // 1)))
    if kind.status == HTTPStatus.UNAUTHORIZED:
        headers["WWW-Authenticate"] = 'Bearer realm="sceneburst"'
    if kind.status in {401, 403, 408, 413, 415, 421, 429}:
        # The connection cannot be reused, because the body may not have been read.
        headers["Connection"] = "close"
    if isinstance(error, InvalidRequest):
        found = error.found
    elif isinstance(error, InvalidScenes):
        found = list(islice(_field_problems(error), _MAX_PROBLEMS))
    else:
        why = error.reason if isinstance(error, SceneburstError) else Reason(Code.API_FAILED)
        return problem(kind, why, instance, headers=headers)
    why = found[0].reason if len(found) == 1 else Reason(Code.MISTAKES_COUNTED, {"mistakes": len(found)})
    return problem(kind, why, instance, errors=found, headers=headers)


def _field_problems(error: InvalidScenes) -> Iterator[FieldProblem]:
    """Yield each mistake with its pointer; a mistake with several places in full at the first, by reference at the others."""
    for mistake in error.mistakes:
        first = pointer_to(mistake.place)
        yield FieldProblem(first, mistake.reason)
        for place, called in mistake.alike:
            yield FieldProblem(pointer_to(place), inside(called, Reason(ProducerCode.SAME_AS, {"pointer": first})))


def answer_to_status(status: int, why: Reason, instance: str, headers: Mapping[str, str] | None) -> JSONResponse:
    """Make the response to a request that the framework refuses: unknown path, wrong method."""
    phrase = HTTPStatus(status).phrase
    kind = Kind(status, phrase.lower().replace(" ", "-"), phrase, "See /openapi.json for what there is.")
    return problem(kind, why, instance, headers=headers)


def pointer_to(place: Place) -> str:
    """Return the JSON pointer to a place in the body, as a URI fragment."""
    return "".join(["#", *(f"/{str(part).replace('~', '~0').replace('/', '~1')}" for part in place)])


def _shortened(data: Any) -> Any:
    """Return the same JSON with its longest texts cut."""
    if isinstance(data, str):
        return _short(data)
    if isinstance(data, dict):
        return {name: _shortened(value) for name, value in data.items()}
    return [_shortened(value) for value in data] if isinstance(data, list) else data


def _short(text: str) -> str:
    text = redact(text)
    return text if len(text) <= _MAX_DETAIL_CHARS else f"{text[:_MAX_DETAIL_CHARS]}…"
