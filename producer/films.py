"""A job's film: what callers ask for it, and the item that makes it."""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, TypeAlias

from pydantic import ValidationError

from producer.scenes import explain, input_problems
from scenequeue.errors import InvalidScenes
from scenequeue.film import MOST_SCENES, Film, StitchPayload
from scenequeue.items import Scene, WorkItem
from scenequeue.options import RenderOptions

#: True, False, a Film, or a dict with its fields.
FilmLike: TypeAlias = "Film | Mapping[str, Any] | bool | None"

#: Seconds of a scene's work that joining one second of film costs: most of it is copied.
_WEIGHT_SHARE = 0.1
#: Options that all scenes of a film share: its track has one of each.
_SHARED = ("resolution", "orientation", "fps", "codec", "subtitle_mode", "webvtt")


def film_from(given: FilmLike) -> Film | None:
    """The film that was asked for; None for none.

    Raises:
        ValueError: each line of its message is one mistake.
    """
    if given is None or given is False:
        return None
    if given is True:
        return Film()
    if isinstance(given, Film):
        return given
    if not isinstance(given, Mapping):
        raise ValueError(f"a {type(given).__name__} is not a film; true, or name, crossfade_s, music and title are")  # noqa: TRY004
    fields = {str(name): str(value) if isinstance(value, Path) else value for name, value in given.items()}
    try:
        return Film.model_validate(fields)
    except ValidationError as error:
        raise ValueError("\n".join(explain(error, Film))) from None


def film_problems(film: Film, *, check_files: bool) -> list[str]:
    """List the problems of a film beyond its form: music that is not there."""
    return input_problems("music", film.music, check_files=check_files)


def misfits(scene: Scene, film: Film, options: RenderOptions) -> list[str]:
    """List the reasons that keep one scene out of its job's film."""
    problems = []
    if scene.name == film.name:
        problems.append(f"name: the film of this job is called {film.name!r} too")
    for name in _SHARED:
        own = scene.options.get(name)
        if own is not None and own != getattr(options, name):
            problems.append(f"options.{name}: all scenes of a film have the same; the job's is {getattr(options, name)!r}")
    return problems


class Joining:
    """Takes note of a job's scenes as they pass by, and makes the film's item of them at the end."""

    def __init__(self, film: Film, prefix: str) -> None:
        """Args:
        film: its music an address already.
        prefix: the address that outputs go under.
        """
        self._film, self._prefix = film, prefix
        self._sources: dict[int, str] = {}
        self._weight = 0.0

    def noted(self, items: Iterable[tuple[int, WorkItem]]) -> Iterator[tuple[int, WorkItem]]:
        """The same items, each noted.

        Raises:
            InvalidScenes: there are more than a film can have.
        """
        for index, item in items:
            self._sources[index] = str(item.payload["output"])
            self._weight += item.weight
            if len(self._sources) > MOST_SCENES:
                raise InvalidScenes([f"film: it has at most {MOST_SCENES} scenes"])
            yield index, item

    def items(self) -> Iterator[WorkItem]:
        """The film's item; to be asked for when all scenes have passed by."""
        sources = [self._sources[index] for index in sorted(self._sources)]
        payload = StitchPayload(
            sources=sources, crossfade_s=self._film.crossfade_s, music=self._film.music, title=self._film.title,
            output=f"{self._prefix}/{self._film.name}.mp4",
        )  # fmt: skip
        weight = round(max(0.1, self._weight * _WEIGHT_SHARE), 3)
        yield WorkItem(kind="stitch", name=self._film.name, weight=weight, payload=payload.model_dump(exclude_defaults=True))
