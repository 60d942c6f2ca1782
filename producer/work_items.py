"""Writes checked scenes and their film as the items of a job."""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from producer.durations import weight_of
from producer.places import local_path, local_paths
from producer.requests.film import StitchBuilder, Weighed, video_address
from producer.uploads import Uploader
from scenequeue.jobs.film import Film
from scenequeue.jobs.item import WorkItem
from scenequeue.jobs.kinds.render import VERSION, RenderPayload
from scenequeue.jobs.scene import Scene, inputs_of
from scenequeue.ports.job_writer import JobWriter
from scenequeue.storages.files import file_uri


def write_scenes(
    job: JobWriter,
    chunks: Iterable[list[tuple[int, Scene]]],
    prefix: str,
    uploader: Uploader,
    film: Film | None,
) -> None:
    """Write the scenes as a job's first stage, longest first within each chunk, and their film as its second stage."""
    stitch = None
    if film is not None:
        path = None if film.music is None else local_path(film.music)
        if path is not None:
            uploaded = uploader.addresses([path] if path.is_file() else [])
            film = film.model_copy(update={"music": uploaded.get(path) or file_uri(path)})
        stitch = StitchBuilder(film, prefix)
    job.begin_stage()
    for chunk in chunks:
        addresses = uploader.addresses(path for _, scene in chunk for path in local_paths(scene) if path.is_file())
        weighed = _weighed(chunk)
        if stitch is not None:
            stitch.note(weighed)
        job.add(_items(weighed, addresses, prefix, film))
    if stitch is not None:
        job.begin_stage()
        job.add([stitch.item()])


def _weighed(chunk: Iterable[tuple[int, Scene]]) -> list[Weighed]:
    """Return a chunk's scenes, longest first; each narration's header is read once."""
    weights: dict[Path | None, float] = {}
    weighed = []
    for index, scene in chunk:
        narration = local_path(scene.audio)
        if narration not in weights:
            weights[narration] = weight_of(narration)
        weighed.append(Weighed(weights[narration], index, scene))
    return sorted(weighed, key=lambda each: (-each.weight, each.place))


def _items(
    weighed: Iterable[Weighed], addresses: Mapping[Path, str], prefix: str, film: Film | None
) -> Iterator[tuple[int, WorkItem]]:
    """Yield the items with the caller's indexes; paths are replaced by addresses."""
    for weight, index, scene in weighed:
        inputs = {role: _address(place, addresses) for role, place in inputs_of(scene).items()}
        payload = RenderPayload.model_validate(
            {
                **inputs,
                "title": scene.title,
                "options": scene.options,
                "cut_s": film.crossfade_s if film else None,
                "output": video_address(prefix, scene.name),
            }
        )
        fields = payload.model_dump(exclude_defaults=True)
        yield index, WorkItem(v=VERSION, kind="render", name=scene.name, weight=round(weight, 3), payload=fields)


def _address(place: str, addresses: Mapping[Path, str]) -> str:
    path = local_path(place)
    return place if path is None else addresses.get(path) or file_uri(path)
