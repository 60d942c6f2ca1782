"""Turns the replaced system's switches into render options and wishes."""

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from producer.requests.scenes import Malformed, options_from
from scenequeue.errors import InvalidScenes, refused_field
from scenequeue.jobs.kinds.render import RenderOptions
from scenequeue.jobs.wishes import JobWishes
from scenequeue.quoted import quoted

#: Languages that the replaced system accepts by name.
_LANGUAGES = {"chinese": "zh-Hans", "english": "en"}
_MIN_BATCH = 5


def wishes_from(
    scenes_per_batch: int, max_parallel_tasks: int, min_scenes_per_batch: int | None, config_priority: int
) -> JobWishes:
    """Return a job's wishes for its distribution over containers.

    Raises:
        InvalidScenes: names every parameter that is out of range, with its value.
    """
    given = {
        "scenes_per_batch": scenes_per_batch,
        "max_parallel_tasks": max_parallel_tasks,
        "min_scenes_per_batch": min_scenes_per_batch,
        "config_priority": config_priority,
    }
    if min_scenes_per_batch is None and isinstance(scenes_per_batch, int) and scenes_per_batch >= 1:
        given["min_scenes_per_batch"] = min(_MIN_BATCH, scenes_per_batch)
    missing = [name for name in ("scenes_per_batch", "max_parallel_tasks", "config_priority") if given[name] is None]
    if missing:
        raise InvalidScenes([f"{name}: None is no number" for name in missing])
    try:
        return JobWishes.model_validate(given)
    except ValidationError as error:
        raise InvalidScenes(_explained(error)) from None


def render_options_from(
    options: RenderOptions | Mapping[str, Any] | None,
    *,
    language: str | None,
    enable_zoom: bool,
    is_portrait: bool,
    background_box: bool,
    background_opacity: float,
) -> RenderOptions:
    """Override the options with the switches; a watermark is placed at the top left unless the options say otherwise.

    Args:
        options: additional options.
        language: chinese, english, or a BCP 47 tag; None keeps the options' language.
        enable_zoom: False renders still pictures.
        is_portrait: 9:16 frames.
        background_box: a box behind the subtitles.
        background_opacity: transparency of the box: 0 is solid, 1 is invisible.

    Raises:
        InvalidScenes: names the parameter and its value.
    """
    try:
        given = options_from(options)
    except Malformed as error:
        raise InvalidScenes([mistake.nested_in(("options",), "options") for mistake in error.mistakes]) from None
    if (
        isinstance(background_opacity, bool)
        or not isinstance(background_opacity, int | float)
        or not 0 <= background_opacity <= 1
    ):
        raise InvalidScenes([f"background_opacity: {background_opacity!r} is not between 0, solid, and 1, invisible"])
    changes: dict[str, Any] = {
        "subtitle_style": {"box": bool(background_box), "box_opacity": round(1 - background_opacity, 6)},
        **({} if enable_zoom else {"motion": "none"}),
        **({"orientation": "portrait"} if is_portrait else {}),
    }
    if "corner" not in given.watermark_style.model_fields_set:
        changes["watermark_style"] = {"corner": "top_left"}
    if language is not None:
        changes["language"] = _LANGUAGES.get(str(language).strip().lower(), language)
    try:
        return given.overridden(changes)
    except ValidationError as error:
        if any(problem["loc"][:1] == ("language",) for problem in error.errors()):
            words = "is neither chinese nor english nor a BCP 47 tag such as ja or pt-BR"
            raise InvalidScenes([f"language: {quoted(language)} {words}"]) from None
        raise InvalidScenes(_explained(error)) from None


def _explained(error: ValidationError) -> list[str]:
    """List the problems of options, each with the option's name and value."""
    return [refused_field(problem).text for problem in error.errors(include_url=False)]
