"""The body of a request that submits: read within its limit, as strict JSON, and checked before anything happens."""

import itertools
import json
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import anyio
from fastapi import Request
from pydantic import Field, ValidationError, WithJsonSchema
from pydantic_core import from_json

from producer.requests.film import film_from, misfits
from producer.requests.scenes import MalformedScene, explain, limited, local_path, options_from, problems_of, scene_from
from sceneburst.http_api.errors import (
    BodyTooLarge,
    BodyTooSlow,
    BodyUnreadable,
    FieldProblem,
    InvalidRequest,
    WrongEncoding,
    WrongMediaType,
)
from scenequeue.errors import InvalidScenes, StorageDenied
from scenequeue.jobs.address import Address
from scenequeue.jobs.ids import Labels
from scenequeue.jobs.job import Lane
from scenequeue.jobs.options import RenderOptions, StrictModel
from scenequeue.jobs.scene import INPUT_ROLES, Scene, inputs_of
from scenequeue.jobs.wishes import JobWishes
from scenequeue.quoted import quoted
from scenequeue.settings import ApiSettings
from scenequeue.storages.files import path_of

_MIB = 1024 * 1024
#: A body that takes longer is given up.
_BODY_S = 30.0
#: So long a body over the limit is read and dropped, because a client that is cut off in its middle may miss the answer.
_LINGER_S = 1.0
_UNPRINTABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_LINE_ENDS = re.compile(r"[\t\n\r]")


def _reference(name: str) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{name}"}


class Submission(StrictModel):
    """One job: scenes that share options, and, if wanted, a film of them."""

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
        bool | dict[str, Any] | None,
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
    """The body, never more of it in memory than is allowed, however it is sent.

    Raises:
        WrongMediaType, WrongEncoding, BodyTooLarge, BodyTooSlow.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/json":
        raise WrongMediaType(f"the body is announced as {quoted(kind or 'nothing')}")
    coding = request.headers.get("content-encoding", "identity").strip().lower()
    if coding != "identity":
        raise WrongEncoding(f"Content-Encoding {quoted(coding)} is not supported")
    most = int(most_mib * _MIB)
    too_large = BodyTooLarge(f"the body is longer than {most_mib:g} MiB")
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
        raise BodyTooSlow(f"the body did not arrive within {_BODY_S:g} s") from None
    if len(body) > most:
        body.clear()
        await _drop(request)
        raise too_large
    return bytes(body)


async def _drop(request: Request) -> None:
    with anyio.move_on_after(_LINGER_S):
        async for _ in request.stream():
            pass


def submission_from(body: bytes, settings: ApiSettings) -> tuple[Submission, list[Scene]]:
    """Return the submission in a good form, with nothing but addresses.

    Raises:
        BodyUnreadable: it is no JSON.
        InvalidScenes: every mistake that can be seen without the queue.
    """
    given = parsed(body)
    if not isinstance(given, dict):
        raise InvalidRequest([FieldProblem("#", "a JSON object with scenes and output is needed")])
    try:
        submission = Submission.model_validate(given)
    except ValidationError as error:
        raise InvalidScenes(limited(explain(error, Submission))) from None
    if len(submission.scenes) > settings.api_max_scenes:
        count = len(submission.scenes)
        said = f"{count} scenes are more than the {settings.api_max_scenes} of one request; send several jobs"
        raise InvalidRequest([FieldProblem("#/scenes", said)])
    return submission, _checked(submission, settings.file_roots)


def parsed(body: bytes) -> Any:
    """The JSON value; not what Python's own parser lets pass besides: NaN, lone surrogates, bottomless nesting.

    Raises:
        BodyUnreadable: it is no JSON.
        InvalidRequest: a key is given twice, a text has control characters in it, or a number is too large.
    """
    try:
        value = from_json(body, allow_inf_nan=False)
    except ValueError as error:
        raise BodyUnreadable(str(error)) from None
    blemishes = itertools.chain(_repeated_keys(body), _blemishes(value, "#"))
    found = list(itertools.islice(blemishes, 100))
    if found:
        raise InvalidRequest(found)
    return value


def _repeated_keys(body: bytes) -> list[FieldProblem]:
    """Keys that an object has more than once: the parser above takes the last, and says nothing."""
    repeated: dict[str, None] = {}

    def unpaired(pairs: list[tuple[str, object]]) -> None:
        seen: set[str] = set()
        for name, _ in pairs:
            if name in seen:
                repeated[name] = None
            seen.add(name)

    # Numbers are left as texts: only the keys are looked at, and an integer of many digits is dear.
    json.loads(body, object_pairs_hook=unpaired, parse_int=str)
    return [
        FieldProblem("#", f"the key {quoted(_UNPRINTABLE.sub('?', name))} is given more than once in one object")
        for name in repeated
    ]


def _blemishes(value: Any, place: str) -> Iterator[FieldProblem]:
    """The parser allows 200 levels, so recursion is safe."""
    if isinstance(value, str):
        if _UNPRINTABLE.search(value):
            yield FieldProblem(place, "has control characters in it")
    elif isinstance(value, float):
        if not math.isfinite(value):
            yield FieldProblem(place, "is too large a number")
    elif isinstance(value, dict):
        for name, inner in value.items():
            yield from _blemishes(name, place)
            yield from _blemishes(inner, f"{place}/{_UNPRINTABLE.sub('?', name).replace('~', '~0').replace('/', '~1')}")
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _blemishes(inner, f"{place}/{index}")


def _checked(submission: Submission, roots: Sequence[Path]) -> list[Scene]:
    """The scenes; the mistakes of all of them and of what they share are raised together.

    The producer checks again what it checks for everybody; here are the addresses, which it would take from the
    caller's own machine, and the rest beside them, so that a caller learns of all in one answer.
    """
    problems = _address_problems("output", submission.output.strip(), roots)
    options, film = RenderOptions(), None
    try:
        options = options_from(submission.options)
    except ValueError as error:
        problems += [f"options: {line}" for line in str(error).splitlines()]
    try:
        film = film_from(submission.film)
    except ValueError as error:
        problems += [f"film: {line}" for line in str(error).splitlines()]
    if film is not None and film.music is not None:
        problems += [f"film: {line}" for line in _address_problems("music", film.music, roots)]
    scenes: list[Scene] = []
    for number, given in enumerate(submission.scenes, start=1):
        where, malformed = f"scene {number}", []
        try:
            if not isinstance(given, Mapping):
                raise MalformedScene([f"a {type(given).__name__} is not a scene; an object with name, image and audio is"], {})
            scene = scene_from(given)
            where = f"{where} ({scene.name})"
        except MalformedScene as error:
            scene, malformed = error.rest, str(error).splitlines()
        found = [line for role, place in inputs_of(scene).items() if place for line in _address_problems(role, place, roots)]
        told = {line.partition(":")[0] for line in found}
        # Of a scene in a good form, what is not about an input is about its options.
        found += [
            line if field in INPUT_ROLES else f"options: {line}"
            for line in problems_of(scene, options, check_files=False)
            if (field := line.partition(":")[0]) not in told
        ]
        found += misfits(scene, film, options) if film is not None and not malformed else []
        problems += [f"{where}: {problem}" for problem in (*malformed, *found)]
        scenes.append(scene)
    if problems:
        raise InvalidScenes(limited(problems))
    return scenes


def _address_problems(field: str, place: str, roots: Sequence[Path]) -> list[str]:
    """Name an address that may not come from a caller elsewhere: a path, or a file outside what is shared with him."""
    if _LINE_ENDS.search(place):
        return [f"{field}: an address is one line without tabs"]
    if local_path(place) is not None:
        return [f"{field}: {quoted(place)} is a path; an address is needed, as in s3://bucket/key"]
    if not place.startswith("file:"):
        return []
    outside = f"{field}: {quoted(place)} is outside the folders that SCENEBURST_FILE_ROOTS of the API allows"
    try:
        path = path_of(place).resolve()
    except (StorageDenied, OSError, RuntimeError):
        return [outside]
    return [] if any(path.is_relative_to(root.resolve()) for root in roots) else [outside]
