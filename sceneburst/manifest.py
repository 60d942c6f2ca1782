"""Manifests: a job in a YAML or JSON file, read with the line of every mistake."""

import difflib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError
from ruamel.yaml.scalarbool import ScalarBoolean

from producer.client import output_uri
from producer.reach import Found, Reach
from producer.requests.film import film_from, film_problems, misfits
from producer.requests.scenes import MalformedScene, explain, input_problems, local_path, options_from, problems_of, scene_from
from sceneburst.manifest_file import parsed
from scenequeue.errors import InvalidScenes, QueueUnavailable
from scenequeue.jobs.film import Film
from scenequeue.jobs.ids import ItemId, Labels
from scenequeue.jobs.options import RenderOptions
from scenequeue.jobs.scene import INPUT_ROLES, Scene, inputs_of
from scenequeue.quoted import quoted

_KEYS = ("output", "options", "scenes", "watermark", "music", "film", "labels")
#: What all scenes have that do not name their own.
_SHARED = ("watermark", "music")


@dataclass(frozen=True)
class Manifest:
    """A job as written down. Local paths are absolute."""

    path: Path
    output: str | None
    options: RenderOptions
    scenes: list[Scene]
    #: The film that they become; None for none.
    film: Film | None
    labels: dict[str, str]
    #: Local inputs that are not there, as "file:line: …": their scenes will fail, the others will not.
    missing: list[str]


def item_names(scenes: Sequence[Scene], film: Film | None) -> dict[ItemId, str]:
    """Item id -> name, of the job that scenes and their film become."""
    names = {ItemId(f"0-{index}"): scene.name for index, scene in enumerate(scenes)}
    return {**names, ItemId("1-0"): film.name} if film else names


def read_manifest(path: Path, find_reach: Callable[[], Reach | None] | None = None, *, output: str | None = None) -> Manifest:
    """Read a manifest and check all of it.

    Args:
        path: a YAML or JSON file with `scenes` and optionally `output`, `options`, `watermark`, `music`, `film`, `labels`;
            paths in it are relative to its folder.
        find_reach: asks what containers can read and write, where that is to be checked too.
        output: takes the place of the manifest's own.

    Raises:
        InvalidScenes: every mistake, each with file and line.
        QueueUnavailable: from `find_reach`, where the manifest itself has no mistake.
    """
    document = parsed(path)
    return _Reader(path, document, output).read(find_reach)


class _Reader:
    """One reading of one document; gathers problems as it goes."""

    def __init__(self, path: Path, document: Any, output: str | None) -> None:
        self._path, self._document, self._output = path, document, output
        self._folder = path.absolute().parent
        self._problems: list[tuple[int, str]] = []
        self._missing: list[tuple[int, str]] = []
        #: The good scenes as they are written, beside what was read.
        self._written: list[tuple[Any, Scene]] = []
        self._absent: set[str] = set()

    def read(self, find_reach: Callable[[], Reach | None] | None) -> Manifest:
        for key in self._document:
            if key not in _KEYS:
                near = difflib.get_close_matches(str(key), _KEYS, n=1)
                meant = f", did you mean {near[0]!r}?" if near else ""
                self._problem(self._line(self._document, key), f"unknown key {quoted(key)}{meant}")
        options = self._options()
        film = self._film()
        scenes = self._scenes(options, film)
        labels = self._labels()
        output = self._output or self._document.get("output")
        if output is not None and "://" not in str(output) and not self._output:
            output = str(self._folder / str(output))
        if find_reach is not None:
            self._check_reach(find_reach, output, film)
        if self._problems:
            raise InvalidScenes(self._told([*self._problems, *self._missing]))
        return Manifest(self._path, output, options, scenes, film, labels, self._told(self._missing))

    def _options(self) -> RenderOptions:
        given = self._document.get("options")
        if given is None:
            return RenderOptions()
        if not isinstance(given, Mapping):
            self._problem(self._line(self._document, "options"), "options: a mapping is needed")
            return RenderOptions()
        try:
            return options_from(_plain(given))
        except ValueError as error:
            for line in str(error).splitlines():
                self._problem(self._line_of_problem(given, line), f"options: {line}")
            return RenderOptions()

    def _film(self) -> Film | None:
        """The film, its music absolute; a manifest's music is the film's where there is one."""
        given = self._document.get("film")
        try:
            film = film_from(_plain(given))
        except ValueError as error:
            for line in str(error).splitlines():
                where = self._line_of_problem(given, line) if isinstance(given, Mapping) else self._line(self._document, "film")
                self._problem(where, f"film: {line}")
            return None
        if film is None:
            return None
        music = film.music or self._document.get("music")
        if music is not None and local_path(str(music)) is not None:
            music = str(self._folder / str(music))
        film = film.model_copy(update={"music": music})
        for problem in film_problems(film, check_files=True):
            self._problem(self._line(self._document, "film"), f"film: {problem}")
        return film

    def _labels(self) -> dict[str, str]:
        given = self._document.get("labels")
        if given is None:
            return {}
        if not isinstance(given, Mapping):
            self._problem(self._line(self._document, "labels"), "labels: a mapping of names to words is needed")
            return {}
        labels = {str(name): str(value) for name, value in given.items()}
        try:
            return TypeAdapter(Labels).validate_python(labels)
        except ValidationError as error:
            for line in explain(error, Scene):
                self._problem(self._line_of_problem(given, line), f"labels: {line}")
            return {}

    def _scenes(self, options: RenderOptions, film: Film | None) -> list[Scene]:
        listed = self._document.get("scenes")
        if not isinstance(listed, list) or not listed:
            self._problem(self._line(self._document, "scenes"), "scenes: a list with at least one scene is needed")
            return []
        shared = {name: self._document.get(name) for name in _SHARED}
        if film is not None:
            # Music then runs through the film, and does not begin anew with each scene.
            shared["music"] = None
        scenes: list[Scene] = []
        names: dict[str, int] = {}
        for index, given in enumerate(listed):
            line = _item_line(listed, index)
            if not isinstance(given, Mapping):
                self._problem(line, f"scene {index + 1}: a mapping is needed")
                continue
            try:
                scene = scene_from({**shared, **_plain(given)})
            except MalformedScene as error:
                for problem in [*str(error).splitlines(), *problems_of(error.rest, options, check_files=False)]:
                    self._problem(self._line_of_problem(given, problem), f"scene {index + 1}: {problem}")
                self._check_files(given, {**shared, **_plain(given)}, f"scene {index + 1}")
                self._check_name(error.rest.name, line, names)
                continue
            self._check_name(scene.name, line, names)
            for problem in [
                *problems_of(scene, options, check_files=False),
                *(misfits(scene, film, options) if film is not None else []),
            ]:
                self._problem(self._line_of_problem(given, problem), f"scene {scene.name!r}: {problem}")
            self._check_files(given, inputs_of(scene), f"scene {scene.name!r}")
            scenes.append(self._absolute(scene))
            self._written.append((given, scenes[-1]))
        return scenes

    def _check_name(self, name: str | None, line: int, names: dict[str, int]) -> None:
        """Note a name that another scene has too; None is one that cannot be read."""
        if name is None:
            return
        if name in names:
            self._problem(line, f"scene {name!r}: the scene of line {names[name]} has this name too")
        names.setdefault(name, line)

    def _check_files(self, given: Any, inputs: Mapping[str, Any], scene: str) -> None:
        """Note the local inputs of a scene that are not there; one that the whole job shares has the job's line."""
        for role in INPUT_ROLES:
            place = inputs.get(role)
            if not isinstance(place, str) or not place or (path := local_path(place)) is None:
                continue
            line = self._line(self._document if role not in given and role in _SHARED else given, role)
            for problem in input_problems(role, str(self._folder / path), check_files=True):
                self._absent.add(str(self._folder / path))
                self._missing.append((line, f"{scene}: {problem}"))

    def _check_reach(self, find_reach: Callable[[], Reach | None], output: Any, film: Film | None) -> None:
        """Note what is there, and out of reach of containers; what is missing is a mistake already."""
        try:
            reach = find_reach()
        except QueueUnavailable:
            if not self._problems:
                raise
            return
        if reach is None:
            return
        try:
            target = None if output is None else output_uri(output)
        except InvalidScenes as error:
            self._problems += [(self._line(self._document, "output"), problem) for problem in error.problems]
            target = None
        found = []
        for where, beyond in reach.beyond_of_job(target, film):
            field = where.partition(":")[0]
            found.append(Found(0 if field == "output" and self._output else self._line(self._document, field), where, beyond))
        for given, scene in self._written:
            for role, beyond in reach.beyond_of_scene(scene):
                line = self._line(self._document if role not in given and role in _SHARED else given, role)
                if getattr(scene, role) not in self._absent:
                    found.append(Found(line, f"scene {scene.name!r}: {role}", beyond))
        told = reach.tell(found, lambda each: f"{each.where} (line {each.position})")
        self._problems += [(each.position, each.text) for each in told]

    def _absolute(self, scene: Scene) -> Scene:
        changes = {}
        for role in INPUT_ROLES:
            place = getattr(scene, role)
            if place is not None and (path := local_path(place)) is not None:
                changes[role] = str(self._folder / path)
        return scene.model_copy(update=changes)

    def _problem(self, line: int, text: str) -> None:
        self._problems.append((line, text))

    def _told(self, problems: list[tuple[int, str]]) -> list[str]:
        """The problems in the order of their lines; first those of no line, which are of the command line."""
        return [
            f"{self._path}:{line}: {text}" if line else text for line, text in sorted(problems, key=lambda problem: problem[0])
        ]

    def _line_of_problem(self, mapping: Any, problem: str) -> int:
        """The line of the key that a problem's text names, as deep as it can be followed."""
        named = problem.partition("'")[2].partition("'")[0] if problem.startswith("unknown") else problem.partition(":")[0]
        line = self._line(mapping, None)
        place: Any = mapping
        for part in ["options", *named.split(".")] if "options" in mapping and named not in mapping else named.split("."):
            if not isinstance(place, Mapping) or part not in place:
                break
            line, place = self._line(place, part), place[part]
        return line

    @staticmethod
    def _line(mapping: Any, key: Any) -> int:
        marks = getattr(mapping, "lc", None)
        if marks is None:
            return 1
        if key is not None and key in mapping:
            return int(marks.key(key)[0]) + 1
        return int(marks.line) + 1


def _item_line(listed: Any, index: int) -> int:
    marks = getattr(listed, "lc", None)
    mark = marks.item(index) if marks is not None and marks.data else None
    return int(mark[0]) + 1 if mark else 1


def _plain(value: Any) -> Any:
    """Ordinary values instead of the parser's, of which a true with an anchor is a number."""
    if isinstance(value, Mapping):
        return {str(key): _plain(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_plain(inner) for inner in value]
    if isinstance(value, ScalarBoolean):
        return bool(value)
    return str(value) if isinstance(value, str) else value
