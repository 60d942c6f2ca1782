"""Reads manifests: a job in a YAML or JSON file; every mistake is reported with its line."""

import difflib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ruamel.yaml.scalarbool import ScalarBoolean

from producer.checks import Checks, Rules, scene_called
from producer.codes import Code
from producer.places import local_path
from producer.reach import Reach
from sceneburst.codes import Code as CommandCode
from sceneburst.manifest_file import parsed
from scenequeue.errors import InvalidScenes, Mistake, Place
from scenequeue.jobs.film import Film
from scenequeue.jobs.ids import ItemId
from scenequeue.jobs.kinds.render import RenderOptions
from scenequeue.jobs.scene import Scene
from scenequeue.reasons import Reason

_KEYS = ("output", "options", "scenes", "watermark", "music", "film", "labels")
#: Inputs that scenes inherit from the manifest unless they name their own.
_SHARED = ("watermark", "music")


@dataclass(frozen=True)
class Manifest:
    """A job as written in a manifest. Local paths are absolute."""

    path: Path
    output: str | None
    options: RenderOptions
    scenes: list[Scene]
    #: The film of the scenes; None for none.
    film: Film | None
    labels: dict[str, str]
    #: Missing local inputs, each with file and line: their scenes will fail, the others will not.
    missing: list[Reason]


def item_names(scenes: Sequence[Scene], film: Film | None) -> dict[ItemId, str]:
    """Return item id -> name for the job of these scenes and their film."""
    names = {ItemId(f"0-{index}"): scene.name for index, scene in enumerate(scenes)}
    return {**names, ItemId("1-0"): film.name} if film else names


def read_manifest(path: Path, find_reach: Callable[[], Reach | None] | None = None, *, output: str | None = None) -> Manifest:
    """Read a manifest and check it completely.

    Args:
        path: a YAML or JSON file with `scenes` and optionally `output`, `options`, `watermark`, `music`, `film`, `labels`;
            paths in it are relative to its folder.
        find_reach: finds the files that containers can read and write; None skips that check.
        output: overrides the manifest's own.

    Raises:
        InvalidScenes: all mistakes, each with file and line.
        QueueUnavailable: from `find_reach`, if the manifest itself has no mistake.
    """
    document = parsed(path)
    return _Reader(path, document, output).read(find_reach)


class _Reader:
    """One reading of one document."""

    def __init__(self, path: Path, document: Any, output: str | None) -> None:
        self._path, self._document, self._output = path, document, output
        self._folder = path.absolute().parent

    def read(self, find_reach: Callable[[], Reach | None] | None) -> Manifest:
        rules = Rules(folder=self._folder, named=_scene_called, further=self._at_line)
        checks = Checks(rules, find_reach)
        for key in self._document:
            if key not in _KEYS:
                checks.add((str(key),), _unknown(str(key)))
        document = _plain(self._document)
        options = checks.options(document.get("options"))
        film = checks.film(self._film(document))
        scenes = self._scenes(checks, document, options, film)
        labels = self._labels(checks, document.get("labels"))
        output = self._output or document.get("output")
        if output is not None:
            if "://" not in str(output) and not self._output:
                output = str(self._folder / str(output))
            checks.output(output)
        self._raise_mistakes(checks)
        return Manifest(self._path, output, options, scenes, film, labels, self._lines_of(checks.absent))

    def _film(self, document: dict[str, Any]) -> Any:
        """Return the film with absolute paths; it takes the manifest's music if it has none of its own."""
        given = document.get("film")
        if given is True:
            given = {}
        if not isinstance(given, dict):
            return given
        music = given.get("music") or document.get("music")
        if isinstance(music, str) and local_path(music) is not None:
            music = str(self._folder / music)
        return {**given, "music": music}

    def _labels(self, checks: Checks, given: Any) -> dict[str, str]:
        if given is None:
            return {}
        if not isinstance(given, dict):
            checks.add(("labels",), Reason(Code.LABELS_MALFORMED))
            return {}
        labels = {name: str(value) for name, value in given.items()}
        checks.spec({"labels": labels})
        return labels

    def _scenes(self, checks: Checks, document: dict[str, Any], options: RenderOptions, film: Film | None) -> list[Scene]:
        listed = document.get("scenes")
        if not isinstance(listed, list) or not listed:
            checks.add(("scenes",), Reason(Code.SCENES_MALFORMED))
            return []
        shared = {name: document.get(name) for name in _SHARED}
        if document.get("film") not in (None, False):
            # Music then runs through the whole film, instead of starting anew with each scene.
            shared["music"] = None
        given = [{**shared, **each} if isinstance(each, dict) else each for each in listed]
        return [scene for chunk in checks.scenes(given, options, film) for _, scene in chunk]

    def _raise_mistakes(self, checks: Checks) -> None:
        """Raise the mistakes in the order of their lines; mistakes of the command line, which have none, come first.

        Missing inputs are included only if there are other mistakes.
        """
        mistakes = [*checks.out_of_reach(), *checks.mistakes]
        if mistakes:
            raise InvalidScenes(self._lines_of([*mistakes, *checks.absent]))
        checks.raise_unavailable()

    def _lines_of(self, mistakes: Iterable[Mistake]) -> list[Reason]:
        numbered = sorted(((self._line(each.place), each.reason) for each in mistakes), key=lambda each: each[0])
        path = str(self._path)
        return [
            Reason(CommandCode.MISTAKE_AT_LINE, {"path": path, "line": line, "mistake": reason}) if line else reason
            for line, reason in numbered
        ]

    def _at_line(self, place: Place, called: Reason) -> Reason:
        return Reason(Code.AT_LINE, {"place": called, "line": self._line(place)})

    def _line(self, place: Place) -> int:
        """Return the line of a place, following it as deep as possible; 0 for a place on the command line."""
        if place == ("output",) and self._output:
            return 0
        line, inside = _line_of(self._document, None), self._document
        for part in self._written(place):
            if isinstance(inside, Mapping) and part in inside:
                line, inside = _line_of(inside, part), inside[part]
            elif isinstance(inside, list) and isinstance(part, int):
                line, inside = _item_line(inside, part), inside[part]
            else:
                break
        return line

    def _written(self, place: Place) -> Place:
        """Return the place where a value that all scenes share, or the film's, is written."""
        inside = self._document
        for part in place[:-1]:
            inside = _inside(inside, part)
        is_inherited = place and place[-1] in _SHARED and (not isinstance(inside, Mapping) or place[-1] not in inside)
        return place[-1:] if is_inherited and place[-1] in self._document else place


def _inside(value: Any, part: str | int) -> Any:
    """Return a mapping's value for a key, or a list's for an index; None if there is none."""
    if isinstance(value, Mapping):
        return value.get(part)
    return value[part] if isinstance(value, list) and isinstance(part, int) else None


def _scene_called(index: int, name: str | None) -> Reason:
    return scene_called(index, None) if name is None else Reason(Code.SCENE_CALLED, {"name": name})


def _unknown(key: str) -> Reason:
    near = difflib.get_close_matches(key, _KEYS, n=1)
    if near:
        return Reason(Code.KEY_UNKNOWN_NEAR, {"key": key, "near": near[0]})
    return Reason(Code.KEY_UNKNOWN, {"key": key})


def _line_of(mapping: Any, key: Any) -> int:
    marks = getattr(mapping, "lc", None)
    if marks is None:
        return 1
    return int(marks.key(key)[0] if key is not None and key in mapping else marks.line) + 1


def _item_line(listed: Any, index: int) -> int:
    marks = getattr(listed, "lc", None)
    mark = marks.item(index) if marks is not None and marks.data else None
    return int(mark[0]) + 1 if mark else 1


def _plain(value: Any) -> Any:
    """Replace the parser's own types by ordinary ones; it represents `true` with an anchor as a number, for example."""
    if isinstance(value, Mapping):
        return {str(key): _plain(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_plain(inner) for inner in value]
    if isinstance(value, ScalarBoolean):
        return bool(value)
    return str(value) if isinstance(value, str) else value
