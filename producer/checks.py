"""Checks of what callers hand over, before anything happens: every mistake is named, all of them at once."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice

from producer.reach import Beyond, Found, Reach
from producer.requests.film import FilmLike, film_from, film_problems, misfits
from producer.requests.scenes import MalformedScene, SceneLike, limited, problems_of, scene_from
from scenequeue.errors import InvalidScenes
from scenequeue.jobs.film import Film
from scenequeue.jobs.options import RenderOptions
from scenequeue.jobs.scene import Scene

_TAKEN = "there is another scene of this name; each needs one of its own"


def checked_film(given: FilmLike, *, check_files: bool) -> Film | None:
    """The film that was asked for; None for none.

    Raises:
        InvalidScenes: every mistake in it.
    """
    try:
        film = film_from(given)
    except ValueError as error:
        raise InvalidScenes([f"film: {line}" for line in str(error).splitlines()]) from None
    problems = film_problems(film, check_files=check_files) if film is not None else []
    if problems:
        raise InvalidScenes([f"film: {problem}" for problem in problems])
    return film


def checked_chunks(
    scenes: Iterable[SceneLike],
    options: RenderOptions,
    film: Film | None,
    chunk_size: int,
    reach: Reach | None,
    known: Sequence[tuple[str, Beyond]] = (),
    *,
    check_files: bool,
) -> Iterator[list[tuple[int, Scene]]]:
    """Good scenes with their indexes: a sequence whole, anything else in chunks.

    Args:
        scenes: whatever was handed over.
        options: the job's.
        film: what they are to become besides; None for nothing.
        chunk_size: of an iterator's chunks.
        reach: what containers can read; None where that is not known.
        known: the job's own addresses that are out of reach, to be raised with the first chunk's.
        check_files: whether a local file that is missing counts.

    Raises:
        InvalidScenes: all problems of a sequence together; of anything else, those of the chunk that they are in. No scene at
            all is a problem too.
    """
    size = None if isinstance(scenes, Sequence) else chunk_size
    is_empty = True
    names: set[str] = set()
    problems: list[tuple[int, str]] = []
    found = [Found(-1, where, beyond) for where, beyond in known]
    numbered = iter(enumerate(scenes))
    while chunk := list(islice(numbered, size)):
        is_empty = False
        good: list[tuple[int, Scene]] = []
        for index, given in chunk:
            try:
                scene = scene_from(given)
            except MalformedScene as error:
                lines = [*str(error).splitlines(), *problems_of(error.rest, options, check_files=check_files)]
                if error.rest.name in names:
                    lines.append(_TAKEN)
                problems += [(index, f"scene {index + 1}: {line}") for line in lines]
                continue
            where = f"scene {index + 1} ({scene.name})"
            if scene.name in names:
                problems.append((index, f"{where}: {_TAKEN}"))
            names.add(scene.name)
            wrong = problems_of(scene, options, check_files=check_files)
            if reach is not None and not wrong:
                found += [Found(index, f"{where}: {role}", beyond) for role, beyond in reach.beyond_of_scene(scene)]
            problems += [(index, f"{where}: {problem}") for problem in wrong]
            if film is not None:
                problems += [(index, f"{where}: {problem}") for problem in misfits(scene, film, options)]
            good.append((index, scene))
        if problems or found:
            raise _invalid(problems, found, reach)
        yield good
    if is_empty:
        raise _invalid([*problems, (-1, "there are no scenes")], found, reach)


def _invalid(problems: Sequence[tuple[int, str]], found: Sequence[Found], reach: Reach | None) -> InvalidScenes:
    """All problems in the order of the scenes."""
    beyond = reach.tell(found) if reach is not None else []
    lines = sorted([*((each.position, each.text) for each in beyond), *problems], key=lambda problem: problem[0])
    return InvalidScenes(limited([text for _, text in lines]), {each.text: each.others for each in beyond})
