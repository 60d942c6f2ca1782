"""Reads scenes from the forms in which callers hand them over; every mistake is named, all of them at once."""

import difflib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, TypeAlias

from pydantic import ValidationError

from scenequeue.errors import StorageDenied, problem_line
from scenequeue.jobs.address import bucket_and_key
from scenequeue.jobs.options import RenderOptions, SubtitleStyle, WatermarkStyle
from scenequeue.jobs.scene import Scene, inputs_of
from scenequeue.jobs.wishes import JobWishes
from scenequeue.quoted import quoted
from scenequeue.storages.files import path_of

#: A scene as a model, or as a dict with our names or the article's.
SceneLike: TypeAlias = "Scene | Mapping[str, Any]"

#: Names that the replaced systems used.
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
_MOST_PROBLEMS = 100


class MalformedScene(ValueError):
    """Raised for a value that is no scene; each line of the message is one mistake.

    `rest` holds the fields that are well formed, so that they can be checked beside: the others are None.
    """

    def __init__(self, lines: Iterable[str], fields: Mapping[str, Any]) -> None:
        super().__init__("\n".join(lines))
        none: dict[str, Any] = {**dict.fromkeys(Scene.model_fields), "options": {}}
        self.rest = Scene.model_construct(**(none | {name: fields[name] for name in none if name in fields}))


def scene_from(given: SceneLike) -> Scene:
    """A scene from whatever was handed over.

    Raises:
        MalformedScene: it is none.
    """
    if isinstance(given, Scene):
        return given
    if not isinstance(given, Mapping):
        # A mistake in the caller's data like any other, reported with the others.
        raise MalformedScene([f"a {type(given).__name__} is not a scene; a Scene or a dict with name, image and audio is"], {})
    # An optional input that is None is one that is not given, and hides no other name for it.
    fields = {ALIASES.get(str(name), str(name)): value for name, value in given.items() if value is not None}
    fields = {name: str(value) if isinstance(value, Path) else value for name, value in fields.items()}
    try:
        return Scene.model_validate(fields)
    except ValidationError as error:
        wrong = {problem["loc"][0] for problem in error.errors(include_url=False) if problem["loc"]}
        raise MalformedScene(
            explain(error, Scene), {name: value for name, value in fields.items() if name not in wrong}
        ) from None


def options_from(given: RenderOptions | Mapping[str, Any] | None) -> RenderOptions:
    """Options from whatever was handed over.

    Raises:
        ValueError: each line of its message is one mistake.
    """
    if given is None:
        return RenderOptions()
    if isinstance(given, RenderOptions):
        return given
    try:
        return RenderOptions.model_validate(dict(given))
    except ValidationError as error:
        raise ValueError("\n".join(explain(error, RenderOptions))) from None


def explain(error: ValidationError, model: Any) -> list[str]:
    """One plain line per mistake, with the nearest known name for an unknown one."""
    lines = []
    for problem in error.errors(include_url=False):
        place = ".".join(str(part) for part in problem["loc"])
        if problem["type"] == "extra_forbidden":
            word = str(problem["loc"][-1])
            near = difflib.get_close_matches(word, _names_near(model, problem["loc"]), n=1)
            lines.append(f"unknown option {quoted(place)}" + (f", did you mean {near[0]!r}?" if near else ""))
        elif problem["type"] == "missing":
            lines.append(f"{quoted(place)} is missing")
        else:
            lines.append(problem_line(problem))
    return lines


def _names_near(model: Any, place: tuple[int | str, ...]) -> list[str]:
    nested: dict[str, Any] = {"subtitle_style": SubtitleStyle, "watermark_style": WatermarkStyle, "wishes": JobWishes}
    within = nested.get(str(place[-2]), model) if len(place) > 1 else model
    return [*within.model_fields, *(ALIASES if within is Scene else ())]


def problems_of(scene: Scene, options: RenderOptions, *, check_files: bool) -> list[str]:
    """List the problems of one scene beyond its form: its overrides, and files that are not there.

    Args:
        scene: in a good form.
        options: the job's.
        check_files: whether a local input that is missing, empty or a folder counts.
    """
    problems = []
    if scene.options:
        try:
            options.overridden(scene.options)
        except ValidationError as error:
            problems += explain(error, RenderOptions)
    for role, place in inputs_of(scene).items():
        problems += input_problems(role, place, check_files=check_files)
    return problems


def input_problems(role: str, place: str | None, *, check_files: bool) -> list[str]:
    """List the problems of one input: no path and no address, or a file that is not there."""
    if place is None:
        return []
    path = local_path(place)
    if place == "":
        return [f"{role}: is empty"]
    if path is None:
        if place.partition("://")[0] not in {"s3", "https", "file"}:
            return [f"{role}: {quoted(place)} is neither a local path nor an s3://, https:// or file:// address"]
        return _address_problems(role, place)
    return _file_problems(role, path) if check_files else []


def _address_problems(role: str, address: str) -> list[str]:
    try:
        if address.startswith("s3:"):
            bucket_and_key(address)
        elif address.startswith("file:"):
            path_of(address)
    except StorageDenied as error:
        return [f"{role}: {error}"]
    return []


def _file_problems(role: str, path: Path) -> list[str]:
    try:
        if not path.is_file():
            return [f"{role}: {path} is not a file" if path.exists() else f"{role}: there is no file {path}"]
        # A silent scene's subtitles may well be empty.
        if path.stat().st_size == 0 and role != "subtitles":
            return [f"{role}: {path} is empty, 0 bytes"]
        with path.open("rb"):
            return []
    except OSError as error:
        return [f"{role}: {path} cannot be read: {error.strerror}"]


def local_path(place: str) -> Path | None:
    """The path that a place names on this machine; None for an address."""
    return None if "://" in place else Path(place)


def local_paths(scene: Scene) -> list[Path]:
    """The paths of those of a scene's inputs that are on this machine."""
    return [path for place in inputs_of(scene).values() if (path := local_path(place)) is not None]


def limited(problems: list[str]) -> list[str]:
    """At most a hundred problems, and how many more there are."""
    if len(problems) <= _MOST_PROBLEMS:
        return problems
    return [*problems[:_MOST_PROBLEMS], f"… and {len(problems) - _MOST_PROBLEMS} more"]
