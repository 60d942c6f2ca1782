"""Reads a job's film from a request, and makes its item."""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias

from producer.codes import Code
from producer.requests.scenes import Malformed, read_model
from scenequeue.errors import InvalidScenes, Mistake, inside
from scenequeue.jobs.film import Film
from scenequeue.jobs.item import WorkItem
from scenequeue.jobs.kinds.render import RenderOptions
from scenequeue.jobs.kinds.stitch import MAX_SCENES, VERSION, StitchPayload
from scenequeue.jobs.scene import Scene
from scenequeue.reasons import Reason

#: True, False, a Film, or a dict with its fields.
FilmLike: TypeAlias = "Film | Mapping[str, Any] | bool | None"

#: Seconds of a scene's work that stitching one second of film costs: most of it is copied.
_WEIGHT_SHARE = 0.1
#: Options that all scenes of a film share: its track has one of each.
_SHARED = ("resolution", "orientation", "fps", "codec", "subtitle_mode", "webvtt")


def film_from(given: FilmLike) -> Film | None:
    """Read a film from a request; None for no film.

    Raises:
        Malformed: with every mistake; `rest` is the readable part.
    """
    if given is None or given is False:
        return None
    if given is True:
        return Film()
    if isinstance(given, Film):
        return given
    if not isinstance(given, Mapping):
        raise Malformed([Mistake((), Reason(Code.NOT_FILM, {"type": type(given).__name__}))])
    film: Film = read_model(Film, {name: str(value) if isinstance(value, Path) else value for name, value in given.items()})
    return film


def film_conflicts(scene: Scene, film: Film, options: RenderOptions) -> list[Mistake]:
    """List the reasons that keep one scene out of its job's film, at their places in the scene."""
    found = []
    if scene.name == film.name:
        found.append(Mistake(("name",), inside("name", Reason(Code.FILM_CALLED_ALIKE, {"name": film.name}))))
    for name in _SHARED:
        own = scene.options.get(name)
        if own is not None and own != getattr(options, name):
            differs = Reason(Code.FILM_NEEDS_ONE, {"value": json.dumps(getattr(options, name))})
            found.append(Mistake(("options", name), inside(f"options.{name}", differs)))
    return found


class Weighed(NamedTuple):
    """A scene with its place in the caller's order, and its estimated length in seconds."""

    weight: float
    place: int
    scene: Scene


def video_address(prefix: str, name: str) -> str:
    """Return the address of a scene's or a film's video."""
    return f"{prefix}/{name}.mp4"


class StitchBuilder:
    """Makes the item of a job's film from its scenes.

    Args:
        film: the film; its music is already an address.
        prefix: URI prefix of the outputs.
    """

    def __init__(self, film: Film, prefix: str) -> None:
        self._film, self._prefix = film, prefix
        self._sources: dict[int, str] = {}
        self._weight = 0.0

    def note(self, scenes: Iterable[Weighed]) -> None:
        """Add scenes to the film.

        Raises:
            InvalidScenes: there are more than a film can have.
        """
        for weight, place, scene in scenes:
            self._sources[place] = video_address(self._prefix, scene.name)
            self._weight += weight
        if len(self._sources) > MAX_SCENES:
            raise InvalidScenes([Mistake(("film",), inside("film", Reason(Code.FILM_TOO_LONG, {"limit": MAX_SCENES})))])

    def item(self) -> WorkItem:
        """Return the film's item, its scenes in the caller's order."""
        sources = [self._sources[index] for index in sorted(self._sources)]
        payload = StitchPayload(
            sources=sources, crossfade_s=self._film.crossfade_s, music=self._film.music, title=self._film.title,
            output=video_address(self._prefix, self._film.name),
        )  # fmt: skip
        weight = round(max(0.1, self._weight * _WEIGHT_SHARE), 3)
        return WorkItem(
            v=VERSION, kind="stitch", name=self._film.name, weight=weight, payload=payload.model_dump(exclude_defaults=True)
        )
