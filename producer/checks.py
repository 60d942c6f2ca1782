"""Checks a submission before anything is uploaded or enqueued; reports all mistakes at once, each with its place.

The one validator for the Python client, the HTTP API and manifests.
"""

import secrets
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar

from pydantic import ValidationError

from producer.codes import Code
from producer.places import file_problem, input_problem, local_path, output_uri
from producer.reach import FoundOutOfReach, Reach
from producer.requests.film import FilmLike, film_conflicts, film_from
from producer.requests.scenes import Malformed, SceneLike, caller_names, explain, options_from, scene_from
from scenequeue.errors import InvalidScenes, InvalidValue, Mistake, Place, QueueUnavailable, StorageDenied, inside
from scenequeue.jobs.film import Film
from scenequeue.jobs.ids import check_job_id
from scenequeue.jobs.job import JobSpec
from scenequeue.jobs.kinds.render import RenderOptions
from scenequeue.jobs.scene import Scene, inputs_of
from scenequeue.reasons import Code as QueueCode, Reason
from scenequeue.storages.files import path_of
from scenequeue.storages.obstacles import obstacle_of
from scenequeue.storages.public_network import check_public_url

T = TypeVar("T")
_MAX_MISTAKES = 100


def scene_called(index: int, name: str | None) -> Reason:
    """Return the name of a scene in messages: its number, and its name if known."""
    if name is None:
        return Reason(QueueCode.SCENE, {"number": index + 1})
    return Reason(Code.SCENE_NAMED, {"number": index + 1, "name": name})


@dataclass(frozen=True)
class Rules:
    """The differences between the entries (Python, HTTP, manifest): accepted places, and names of places in messages."""

    #: True reports local inputs that are missing, empty or a folder.
    check_files: bool = True
    #: Folder to which local paths of inputs are relative; None for the working folder.
    folder: Path | None = None
    #: Reason that callers of this entry may not use a place that others may use; None if they may.
    refused: Callable[[str], Reason | None] = lambda _: None
    #: Names a scene in messages, from its index, and its name if that is valid.
    named: Callable[[int, str | None], Reason] = scene_called
    #: Names a further place with the same mistake.
    further: Callable[[Place, Reason], Reason] = lambda _, called: called


@dataclass(frozen=True)
class JobRequest:
    """A job as requested, unchecked."""

    #: None if malformed, and already reported; the same for the output.
    scenes: Iterable[SceneLike] | None
    output: str | Path | None
    options: RenderOptions | Mapping[str, Any] | None
    film: FilmLike
    #: Further fields of a JobSpec; a missing id is generated.
    shared: Mapping[str, Any]


class Checks:
    """Checks one submission part by part, collects the mistakes, and raises them together.

    Args:
        rules: rules of the entry that it came through.
        find_reach: finds the files that containers can read and write, and is called once; None skips that check.
    """

    def __init__(self, rules: Rules, find_reach: Callable[[], Reach | None] | None = None) -> None:
        self._rules = rules
        #: Mistakes so far, except those in `absent` and those that `out_of_reach` returns.
        self.mistakes: list[Mistake] = []
        #: Missing local inputs.
        self.absent: list[Mistake] = []
        self._found: list[FoundOutOfReach] = []
        self._names: dict[str, int] = {}
        self._finds_reach = find_reach is not None
        self._reach: Reach | None = None
        self._unavailable: QueueUnavailable | None = None
        try:
            self._reach = find_reach() if find_reach else None
        except QueueUnavailable as error:
            self._unavailable = error

    def add(self, place: Place, reason: Reason) -> None:
        """Add a mistake that was found elsewhere."""
        self.mistakes.append(Mistake(place, reason))

    def output(self, given: str | Path) -> str | None:
        """Return the address of the output folder; None if it is invalid."""
        if refusal := self._rules.refused(str(given).strip()):
            self.add(("output",), inside("output", refusal))
            return None
        try:
            prefix = output_uri(given)
        except InvalidScenes as error:
            self.mistakes += error.mistakes
            return None
        if self._reach and (beyond := self._reach.of_output(prefix)):
            self._found.append(FoundOutOfReach(("output",), Reason(Code.FIELD, {"name": "output"}), beyond))
        elif self._finds_reach and prefix.startswith("file:") and (problem := obstacle_of(path_of(prefix))):
            self.add(("output",), inside("output", problem))
        return prefix

    def file(self, given: str, where: Place) -> str:
        """Check a file that a transcoding reads; return its path or address.

        Args:
            given: path or address.
            where: the field that names it.
        """
        place = given if self._rules.folder is None or "://" in given or not given else str(self._rules.folder / given)
        name = ".".join(map(str, where))
        if problem := self._rules.refused(place) or input_problem(place):
            self.add(where, inside(name, problem))
            return place
        path = local_path(place) if self._rules.check_files else None
        if path is not None and (problem := file_problem(name, path)):
            self.absent.append(Mistake(where, inside(name, problem)))
        elif self._reach and (beyond := self._reach.of_input(place)):
            self._found.append(FoundOutOfReach(where, Reason(Code.FIELD, {"name": name}), beyond))
        return place

    def options(self, given: RenderOptions | Mapping[str, Any] | None) -> RenderOptions:
        """Return the job's options, with defaults for those that cannot be read."""
        options: RenderOptions = self._read("options", lambda: options_from(given))
        return options

    def film(self, given: FilmLike) -> Film | None:
        """Return the readable part of the film; None for no film."""
        film: Film | None = self._read("film", lambda: film_from(given))
        if film is not None and film.music is not None:
            self._input(("film", "music"), "film", "music", film.music)
        return film

    def spec(self, fields: Mapping[str, Any]) -> JobSpec | None:
        """Return the fields that all items of the job share; None if any of them is invalid.

        Args:
            fields: fields of a JobSpec; a missing id is generated.
        """
        given = {name: dict(value) if isinstance(value, Mapping) else value for name, value in fields.items()}
        try:
            check_job_id(str(given.setdefault("job_id", f"job-{secrets.token_hex(8)}")))
        except InvalidValue as error:
            self.add(("job_id",), inside("job_id", error.reason))
            given["job_id"] = "job"
        before = len(self.mistakes)
        try:
            spec = JobSpec.model_validate(given)
        except ValidationError as error:
            self.mistakes += explain(error, JobSpec)
            spec = None
        url = given.get("callback_url")
        if isinstance(url, str) and not any(mistake.place[:1] == ("callback_url",) for mistake in self.mistakes[before:]):
            try:
                check_public_url(url)
            except StorageDenied as error:
                self.add(("callback_url",), inside("callback_url", error.reason))
        return spec

    def scenes(
        self, given: Iterable[SceneLike], options: RenderOptions, film: Film | None, size: int | None = None
    ) -> Iterator[list[tuple[int, Scene]]]:
        """Yield the readable scenes with their indexes, in chunks.

        Args:
            given: the scenes as the caller gave them.
            options: the job's options.
            film: the film of the scenes; None for none.
            size: size of a chunk; None for a single one.
        """
        numbered = iter(enumerate(given))
        is_empty = True
        while chunk := list(islice(numbered, size)):
            is_empty = False
            read = [(index, self._scene(index, each, options, film)) for index, each in chunk]
            yield [(index, scene) for index, scene in read if scene is not None]
        if is_empty:
            self.add(("scenes",), Reason(Code.NO_SCENES))

    def good_chunks(
        self, given: Iterable[SceneLike] | None, options: RenderOptions, film: Film | None, size: int
    ) -> Iterator[list[tuple[int, Scene]]]:
        """Yield valid scenes with their indexes: a sequence as a whole, any other iterable in chunks.

        Raises:
            InvalidScenes: all mistakes of a sequence together; for other iterables, those of a chunk. The first chunk's come
                with the mistakes found before. A job without scenes is a mistake too.
            QueueUnavailable: see `raise_mistakes`.
        """
        if given is not None:
            for chunk in self.scenes(given, options, film, None if isinstance(given, Sequence) else size):
                self.raise_mistakes()
                yield chunk
        self.raise_mistakes()

    def raise_mistakes(self) -> None:
        """Raise the mistakes found so far.

        Raises:
            InvalidScenes: the first hundred mistakes: those of the job, then those of its scenes in order.
            QueueUnavailable: there is no mistake, but the reach of containers could not be read from Redis.
        """
        found = sorted([*self.out_of_reach(), *self.mistakes, *self.absent], key=_position)
        if len(found) > _MAX_MISTAKES:
            more = len(found) - _MAX_MISTAKES
            found = [*found[:_MAX_MISTAKES], Mistake((), Reason(Code.MISTAKES_LEFT_OUT, {"more": more}))]
        if found:
            raise InvalidScenes(found)
        self.raise_unavailable()

    def raise_unavailable(self) -> None:
        """Raise the QueueUnavailable that prevented the check of the containers' reach, if there was one."""
        if self._unavailable is not None:
            raise self._unavailable

    def out_of_reach(self) -> list[Mistake]:
        """Return mistakes about places that containers cannot reach, one per reason."""
        return self._reach.mistakes_of(sorted(self._found, key=_position), self._rules.further) if self._reach else []

    def _scene(self, index: int, given: SceneLike, options: RenderOptions, film: Film | None) -> Scene | None:
        """Check one scene; None if it is malformed."""
        found: list[Mistake] = []
        is_whole = True
        try:
            scene = scene_from(given, self._rules.folder)
        except Malformed as error:
            scene, is_whole = error.rest, False
            found += error.mistakes
        names = caller_names(given) if isinstance(given, Mapping) else {}
        called = self._rules.named(index, scene.name if is_whole else None)
        if scene.name is not None and (first := self._names.setdefault(scene.name, index)) != index:
            other = self._rules.further(("scenes", first), scene_called(first, None))
            found.append(Mistake((), Reason(Code.NAME_TAKEN, {"scene": other})))
        if scene.options:
            try:
                options.overridden(scene.options)
            except ValidationError as error:
                found += [each._replace(place=("options", *each.place)) for each in explain(error, RenderOptions)]
        if film is not None:
            told = {mistake.place for mistake in found}
            found += [mistake for mistake in film_conflicts(scene, film, options) if mistake.place not in told]
        for mistake in found:
            inside = tuple(str(names.get(str(part), part)) for part in mistake.place[:1]) + mistake.place[1:]
            self.mistakes.append(mistake._replace(place=inside).nested_in(("scenes", index), called))
        for role, place in inputs_of(scene).items():
            self._input(("scenes", index, str(names.get(role, role))), called, role, place)
        return scene if is_whole else None

    def _input(self, where: Place, whole: str | Reason, role: str, place: str) -> None:
        """Check one input: its address or path, its local file, and that containers can read it."""
        if problem := self._rules.refused(place) or input_problem(place):
            self.add(where, inside(whole, inside(role, problem)))
            return
        path = local_path(place) if self._rules.check_files else None
        if path is not None and (problem := file_problem(role, path)):
            self.absent.append(Mistake(where, inside(whole, inside(role, problem))))
        elif self._reach and (beyond := self._reach.of_input(place)):
            self._found.append(FoundOutOfReach(where, Reason(Code.PART, {"whole": whole, "part": role}), beyond))

    def _read(self, field: str, read: Callable[[], T]) -> T:
        try:
            return read()
        except Malformed as error:
            self.mistakes += [mistake.nested_in((field,), field) for mistake in error.mistakes]
            rest: T = error.rest
            return rest


def _position(found: Mistake | FoundOutOfReach) -> int:
    """Return the sort key of a place: the scene's index, or -1 for a place of the job."""
    place = found.place
    return place[1] if len(place) > 1 and place[0] == "scenes" and isinstance(place[1], int) else -1
