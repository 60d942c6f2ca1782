"""Reads scenes and options from requests; reports all mistakes at once."""

import difflib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, TypeAlias

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from producer.codes import Code
from scenequeue.errors import KEY_REFUSED, Mistake, refused_field
from scenequeue.jobs.kinds.render import RenderOptions, SubtitleStyle
from scenequeue.jobs.options import WatermarkStyle
from scenequeue.jobs.scene import INPUT_ROLES, Scene
from scenequeue.jobs.wishes import JobWishes
from scenequeue.reasons import Reason

#: A scene as a model, or as a dict with our names or the article's.
SceneLike: TypeAlias = "Scene | Mapping[str, Any]"

#: Mistakes for which the nearest known name is looked for, which takes a while; no more are shown.
_SUGGESTIONS = 100

#: Field names of the replaced systems.
ALIASES = {
    "scene_name": "name",
    "image_path": "image",
    "input_image": "image",
    "audio_path": "audio",
    "input_audio": "audio",
    "subtitle_path": "subtitles",
    "subtitle": "subtitles",
    "watermark_path": "watermark",
    "music_path": "music",
    "background_music": "music",
}


class Malformed(ValueError):
    """Raised for a value that cannot be read.

    `mistakes` are all its mistakes, with their places in it. `rest` is the readable part, which is checked further; None if
    nothing could be read.
    """

    def __init__(self, mistakes: Iterable[Mistake], rest: Any = None) -> None:
        self.mistakes = list(mistakes)
        self.rest = rest
        super().__init__(self.mistakes)

    def __str__(self) -> str:
        return "\n".join(mistake.text for mistake in self.mistakes)


def scene_from(given: SceneLike, folder: Path | None = None) -> Scene:
    """Read a scene from a model or a mapping.

    Args:
        given: a model, or a mapping.
        folder: folder to which local paths in a mapping are relative; None leaves them unchanged.

    Raises:
        Malformed: it is not a scene. Unreadable fields are None in the rest.
    """
    if isinstance(given, Scene):
        return given
    none: dict[str, Any] = {**dict.fromkeys(Scene.model_fields), "options": {}}
    if not isinstance(given, Mapping):
        # Reported like any other mistake in the caller's data.
        raise Malformed([Mistake((), Reason(Code.NOT_SCENE, {"type": type(given).__name__}))], Scene.model_construct(**none))
    names = caller_names(given)
    fields = {field: _absolute(field, given[name], folder) for field, name in names.items()}
    try:
        return Scene.model_validate(fields)
    except ValidationError as error:
        good = _without_mistakes(fields, error)
        rest = Scene.model_construct(**(none | {name: good[name] for name in none if name in good}))
        raise Malformed(explain(error, Scene), rest) from None


def caller_names(given: Mapping[Any, Any]) -> dict[str, Any]:
    """Map a scene's fields to the caller's names for them; fields that are None count as missing."""
    return {ALIASES.get(str(name), str(name)): name for name, value in given.items() if value is not None}


def _absolute(field: str, value: Any, folder: Path | None) -> Any:
    if isinstance(value, Path):
        value = str(value)
    if folder is None or field not in INPUT_ROLES or not isinstance(value, str) or not value or "://" in value:
        return value
    return str(folder / value)


def options_from(given: RenderOptions | Mapping[str, Any] | None) -> RenderOptions:
    """Read options from a model or a mapping.

    Raises:
        Malformed: they are not options. Unreadable options have their defaults in the rest.
    """
    if isinstance(given, RenderOptions):
        return given
    if given is None:
        return RenderOptions()
    if not isinstance(given, Mapping):
        raise Malformed([Mistake((), Reason(Code.NOT_OPTIONS, {"type": type(given).__name__}))], RenderOptions())
    options: RenderOptions = read_model(RenderOptions, given)
    return options


def read_model(model: type[Any], fields: Mapping[Any, Any]) -> Any:
    """Read a model whose fields all have defaults.

    Raises:
        Malformed: with every mistake; unreadable fields have their defaults in the rest.
    """
    named = {str(name): value for name, value in fields.items()}
    try:
        return model.model_validate(named)
    except ValidationError as error:
        try:
            rest = model.model_validate(_without_mistakes(named, error))
        except ValidationError:
            rest = model()
        raise Malformed(explain(error, model), rest) from None


def _without_mistakes(fields: Mapping[str, Any], error: ValidationError) -> dict[str, Any]:
    wrong = {problem["loc"][0] for problem in error.errors(include_url=False) if problem["loc"]}
    return {name: value for name, value in fields.items() if name not in wrong}


def explain(error: ValidationError, model: type[BaseModel]) -> list[Mistake]:
    """Return the mistakes with their places; for an unknown name, with the nearest known one."""
    return [
        Mistake(
            tuple(part for part in problem["loc"] if part != KEY_REFUSED), _explained(problem, model, suggests=at < _SUGGESTIONS)
        )
        for at, problem in enumerate(error.errors(include_url=False))
    ]


def _explained(problem: ErrorDetails, model: type[BaseModel], *, suggests: bool) -> Reason:
    field = ".".join(str(part) for part in problem["loc"])
    if problem["type"] == "extra_forbidden":
        near = suggests and difflib.get_close_matches(str(problem["loc"][-1]), _names_near(model, problem["loc"]), n=1)
        if near:
            return Reason(Code.FIELD_UNKNOWN_NEAR, {"field": field, "near": near[0]})
        return Reason(Code.FIELD_UNKNOWN, {"field": field})
    if problem["type"] == "missing":
        return Reason(Code.FIELD_MISSING, {"field": field})
    return refused_field(problem)


def _names_near(model: Any, place: tuple[int | str, ...]) -> list[str]:
    nested: dict[str, Any] = {"subtitle_style": SubtitleStyle, "watermark_style": WatermarkStyle, "wishes": JobWishes}
    within = nested.get(str(place[-2]), model) if len(place) > 1 else model
    return [*within.model_fields, *(ALIASES if within is Scene else ())]
