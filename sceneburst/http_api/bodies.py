"""Reads the body of a submission: within its limit, as strict JSON, in the expected form."""

import itertools
import json
import math
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated, Any, NoReturn

import anyio
from fastapi import Request
from pydantic import Field, ValidationError, WithJsonSchema

from producer.checks import JobRequest, Rules
from producer.codes import Code as ProducerCode
from producer.places import local_path
from producer.requests.scenes import explain
from sceneburst.http_api.codes import Code
from sceneburst.http_api.errors import (
    BodyTooLarge,
    BodyTooSlow,
    BodyUnreadable,
    FieldProblem,
    InvalidRequest,
    WrongEncoding,
    WrongMediaType,
    pointer_to,
)
from scenequeue.errors import InvalidValue, Mistake, Place, StorageDenied
from scenequeue.jobs.address import Address
from scenequeue.jobs.ids import Labels
from scenequeue.jobs.job import Lane
from scenequeue.jobs.options import StrictModel
from scenequeue.jobs.wishes import JobWishes
from scenequeue.quoted import shorten
from scenequeue.reasons import Reason
from scenequeue.settings import ApiSettings
from scenequeue.storages.files import path_of

_MIB = 1024 * 1024
#: Maximum time for receiving a body, in seconds.
_BODY_S = 30.0
#: Seconds for which the rest of a too large body is read and dropped; a client that is cut off may miss the answer.
_LINGER_S = 1.0
_UNPRINTABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
#: Half of a surrogate pair, by which JSON escapes a character.
_SURROGATE = re.compile("[\ud800-\udfff]")
#: Maximum nesting; no valid submission has as much.
_MAX_DEPTH = 200
_LINE_ENDS = re.compile(r"[\t\n\r]")


def _reference(name: str) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{name}"}


class Submission(StrictModel):
    """One job: scenes that share options, and optionally a film of them."""

    scenes: Annotated[
        list[Any],
        Field(min_length=1, description="each with a name of its own; inputs are addresses: s3:// or https://"),
        WithJsonSchema({"type": "array", "minItems": 1, "items": _reference("Scene")}),
    ]
    output: Annotated[Address, Field(description="s3:// prefix that each <name>.mp4 goes under")]
    options: Annotated[
        dict[str, Any] | None,
        Field(description="how all scenes look"),
        WithJsonSchema({"anyOf": [_reference("RenderOptions"), {"type": "null"}]}),
    ] = None
    lane: Annotated[Lane, Field(strict=False, description="served strictly in this order")] = Lane.NORMAL
    job_id: Annotated[
        str | None, Field(min_length=1, description="idempotency key: the same again is the same job; none: one is made up")
    ] = None
    film: Annotated[
        Any,
        Field(description="true, or how: all scenes also become one film"),
        WithJsonSchema({"anyOf": [{"type": "boolean"}, _reference("Film"), {"type": "null"}]}),
    ] = None
    labels: Annotated[Labels, Field(description="words by name; operators see them, and find jobs by them")] = Field(
        default_factory=dict
    )
    callback_url: Annotated[Address | None, Field(description="https:// address, told of the job's end")] = None
    max_attempts: Annotated[int, Field(ge=1, le=100, description="how often a scene is tried")] = 3
    wishes: Annotated[
        JobWishes | None,
        Field(description="how the scenes are spread over containers, within the operator's bounds; none: as for all other jobs"),
    ] = None


async def read_body(request: Request, most_mib: float) -> bytes:
    """Read the body; never hold more of it in memory than is allowed.

    Raises:
        WrongMediaType, WrongEncoding, BodyTooLarge, BodyTooSlow.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/json":
        raise WrongMediaType(Code.MEDIA_TYPE_NOT_JSON, media_type=kind) if kind else WrongMediaType(Code.MEDIA_TYPE_MISSING)
    coding = request.headers.get("content-encoding", "identity").strip().lower()
    if coding != "identity":
        raise WrongEncoding(Code.BODY_COMPRESSED, encoding=coding)
    most = int(most_mib * _MIB)
    too_large = BodyTooLarge(Code.BODY_TOO_LARGE, limit_mib=most_mib)
    declared = request.headers.get("content-length", "")
    if declared.isdecimal() and int(declared) > most:
        if "expect" not in request.headers:
            await _drop(request)
        raise too_large
    body = bytearray()
    try:
        with anyio.fail_after(_BODY_S):
            async for chunk in request.stream():
                body += chunk
                if len(body) > most:
                    break
    except TimeoutError:
        raise BodyTooSlow(Code.BODY_TOO_SLOW, limit_s=_BODY_S) from None
    if len(body) > most:
        body.clear()
        await _drop(request)
        raise too_large
    return bytes(body)


async def _drop(request: Request) -> None:
    with anyio.move_on_after(_LINGER_S):
        async for _ in request.stream():
            pass


def request_from(body: bytes, settings: ApiSettings) -> tuple[JobRequest, list[Mistake]]:
    """Return the well-formed part of a submission, and its mistakes of form.

    Raises:
        BodyUnreadable: it is not JSON.
        InvalidRequest: it is no submission at all, or is too large.
    """
    given, mistakes = read_form(body, Submission)
    scenes = given.pop("scenes", None)
    if scenes is not None and len(scenes) > settings.api_max_scenes:
        why = Reason(Code.SCENES_OVER_LIMIT, {"scenes": len(scenes), "limit": settings.api_max_scenes})
        raise InvalidRequest([FieldProblem("#/scenes", why)])
    output, options, film = (given.pop(name, None) for name in ("output", "options", "film"))
    shared = {name: value for name, value in given.items() if value is not None}
    return JobRequest(scenes, output, options, film, shared), mistakes


def read_form(body: bytes, form: type[StrictModel]) -> tuple[dict[str, Any], list[Mistake]]:
    """Return the well-formed fields of a body, and the mistakes of the others.

    Raises:
        BodyUnreadable: it is not JSON.
        InvalidRequest: it is no object.
    """
    given = parsed(body)
    if not isinstance(given, dict):
        raise InvalidRequest([FieldProblem("#", Reason(Code.OBJECT_NEEDED))])
    try:
        form.model_validate(given)
    except ValidationError as error:
        mistakes = explain(error, form)
        wrong = {mistake.place[0] for mistake in mistakes if mistake.place}
        return {name: value for name, value in given.items() if name not in wrong}, mistakes
    return given, []


def rules_for(roots: Sequence[Path]) -> Rules:
    """Return the rules for HTTP callers: only addresses, and only files in the API's roots."""
    shared = [root.resolve() for root in roots]
    return Rules(check_files=False, refused=lambda place: _refusal(place, shared))


def parsed(body: bytes) -> Any:
    """Parse strict JSON: no NaN, no lone surrogates, no deep nesting, no repeated keys.

    Raises:
        BodyUnreadable: it is not JSON.
        InvalidRequest: a key is repeated, a text contains control characters, or a number is too large.
    """
    repeated: dict[str, None] = {}
    try:
        value = json.loads(
            body.decode("utf-8"), object_pairs_hook=lambda pairs: _object(pairs, repeated), parse_constant=_no_constant
        )
        blemishes = itertools.chain((FieldProblem("#", _twice(key)) for key in repeated), _blemishes(value, ()))
        found = list(itertools.islice(blemishes, 100))
    except InvalidValue as error:
        raise BodyUnreadable(error.reason) from None
    except RecursionError:
        raise BodyUnreadable(Code.JSON_TOO_DEEP, limit=_MAX_DEPTH) from None
    except ValueError as error:
        raise BodyUnreadable(Code.BODY_NOT_JSON, problem=shorten(error)) from None
    if found:
        raise InvalidRequest(found)
    return value


def _object(pairs: list[tuple[str, Any]], repeated: dict[str, None]) -> dict[str, Any]:
    """Make an object, and record keys that occur more than once in it."""
    made = dict(pairs)
    if len(made) < len(pairs):
        seen: set[str] = set()
        for name, _ in pairs:
            if name in seen:
                repeated[name] = None
            seen.add(name)
    return made


def _no_constant(name: str) -> NoReturn:
    raise InvalidValue(Code.JSON_CONSTANT, name=name)


def _twice(name: str) -> Reason:
    return Reason(Code.KEY_REPEATED, {"key": _UNPRINTABLE.sub("?", name)})


def _blemishes(value: Any, place: Place) -> Iterator[FieldProblem]:
    """Yield control characters and numbers that are too large, with their places.

    Raises:
        InvalidValue: it is nested too deeply, or contains a lone surrogate.
    """
    if len(place) > _MAX_DEPTH:
        raise InvalidValue(Code.JSON_TOO_DEEP, limit=_MAX_DEPTH)
    if isinstance(value, str):
        if _SURROGATE.search(value):
            raise InvalidValue(Code.JSON_HALF_CHARACTER)
        if _UNPRINTABLE.search(value):
            yield FieldProblem(pointer_to(place), Reason(Code.TEXT_UNPRINTABLE))
    elif isinstance(value, float):
        if not math.isfinite(value):
            yield FieldProblem(pointer_to(place), Reason(Code.NUMBER_TOO_LARGE))
    elif isinstance(value, dict):
        for name, inner in value.items():
            yield from _blemishes(name, place)
            yield from _blemishes(inner, (*place, _UNPRINTABLE.sub("?", name)))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _blemishes(inner, (*place, index))


def _refusal(place: str, roots: Sequence[Path]) -> Reason | None:
    """Return why an HTTP caller may not name a place: a path, or a file outside the API's roots; None if he may."""
    if _LINE_ENDS.search(place):
        return Reason(ProducerCode.ADDRESS_OF_LINES)
    if place and local_path(place) is not None:
        return Reason(ProducerCode.PATH_FOR_ADDRESS, {"place": place})
    if not place.startswith("file:"):
        return None
    outside = Reason(ProducerCode.OUTSIDE_API_ROOTS, {"place": place})
    try:
        path = path_of(place).resolve()
    except (StorageDenied, OSError, RuntimeError):
        return outside
    return None if any(path.is_relative_to(root) for root in roots) else outside
