"""Films from application code: what may be asked for, and when the item that makes one opens."""

from pathlib import Path
from typing import Any

import pytest

from producer import Film, Producer
from producer.requests.film import film_from
from scenequeue.errors import InvalidScenes
from scenequeue.jobs.job import JobState
from scenequeue.jobs.kinds.stitch import StitchPayload
from scenequeue.jobs.result import ItemResult
from scenequeue.queue import SceneQueue
from scenequeue.settings import SceneburstSettings
from scenequeue.storages.uri import UriStorage
from tests.producer.small_worker import working
from tests.support.media import Media


@pytest.fixture
def storage(tmp_path: Path) -> UriStorage:
    """The worker's storage."""
    return UriStorage(SceneburstSettings.load(file_roots=[tmp_path]))


def _scenes(media: Media, *names: str, **more: Any) -> list[dict[str, Any]]:
    lengths = {name: 0.2 + 0.1 * number for number, name in enumerate(names)}
    return [{"name": name, "image": media.image(), "audio": media.tone(f"{name}.wav", lengths[name]), **more} for name in names]


@pytest.mark.parametrize("given", [True, {}, Film()])
def test_true_an_empty_mapping_and_a_film_mean_the_same(given: Any) -> None:
    """A film with the defaults."""
    assert film_from(given) == Film()
    assert film_from(None) is None
    assert film_from(False) is None


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"crosfade_s": 1}, "did you mean 'crossfade_s'"),
        ({"crossfade_s": 60}, "crossfade_s"),
        ({"name": "../x"}, "name"),
        (3, "a number is not a film"),
    ],
)
def test_a_mistake_in_a_film_is_named(producer: Producer, media: Media, given: Any, words: str) -> None:
    """Before anything is uploaded or enqueued."""
    with pytest.raises(InvalidScenes, match=words):
        producer.submit_scenes(_scenes(media, "a"), output=media.folder, film=given)


def test_what_keeps_a_scene_out_of_the_film_is_named(producer: Producer, media: Media) -> None:
    """Another size, another rate, and the film's own name; what may differ from scene to scene may."""
    scenes = [
        *_scenes(media, "a", options={"fps": 25, "orientation": "square"}),
        *_scenes(media, "film"),
        *_scenes(media, "b", options={"motion": "none", "fps": 30, "crf": 20}),
    ]
    with pytest.raises(InvalidScenes) as caught:
        producer.submit_scenes(scenes, output=media.folder, film=True)
    lines = str(caught.value)
    assert "(a): options.fps" in lines
    assert "(a): options.orientation" in lines
    assert "(film): name" in lines
    assert "(b)" not in lines


def test_missing_music_is_named(producer: Producer, media: Media) -> None:
    """As any other input."""
    with pytest.raises(InvalidScenes, match=r"film: music: there is no file"):
        producer.submit_scenes(_scenes(media, "a"), output=media.folder, film={"music": media.folder / "lost.mp3"})


@pytest.mark.parametrize("as_iterator", [False, True])
def test_the_film_waits_for_its_scenes_and_has_them_in_the_callers_order(
    producer: Producer, queue: SceneQueue, media: Media, as_iterator: bool
) -> None:
    """Scenes are leased longest first; the film keeps the order in which they were given."""
    scenes = _scenes(media, "a", "b", "c")
    film = {"crossfade_s": 0.25, "music": media.tone("music.wav"), "title": "T"}
    given: Any = iter(scenes) if as_iterator else scenes
    handle = producer.submit_scenes(given, output=media.folder / "out", film=film)
    status = handle.status()
    assert (status.counts.ready, status.counts.waiting, status.stages) == (3, 1, 2)
    leases = queue.worker.lease("c1", 10)
    assert [lease.item.name for lease in leases] == ["c", "b", "a"]
    assert all(lease.item.payload["cut_s"] == 0.25 for lease in leases)
    folder = (media.folder / "out").as_uri()
    for lease in leases:
        queue.worker.release("c1", [lease])
    payload = _payload_of_the_film(queue)
    assert payload.sources == [f"{folder}/{name}.mp4" for name in "abc"]
    assert (payload.output, payload.crossfade_s, payload.title) == (f"{folder}/film.mp4", 0.25, "T")
    assert payload.music == (media.folder / "music.wav").as_uri()


def _payload_of_the_film(queue: SceneQueue) -> StitchPayload:
    for lease in queue.worker.lease("c1", 10):
        result = ItemResult(item_id=lease.item_id, name=lease.item.name, state="done")
        assert not queue.worker.ack("c1", [(lease, result)])
    (film,) = queue.worker.lease("c1", 10)
    assert film.item.kind == "stitch"
    return StitchPayload.model_validate(film.item.payload)


def test_a_film_is_the_last_result_and_is_downloaded(
    producer: Producer, queue: SceneQueue, storage: UriStorage, media: Media, tmp_path: Path
) -> None:
    """After the scenes, under its own name."""
    handle = producer.submit_scenes(_scenes(media, "a", "b"), output=media.folder / "out", film={"name": "whole"})
    with working(queue, storage, tmp_path / "work"):
        assert handle.wait(60).state is JobState.DONE
    assert [result.name for result in handle.results()] == ["a", "b", "whole"]
    assert [path.name for path in handle.download(tmp_path / "in")] == ["a.mp4", "b.mp4", "whole.mp4"]


def test_a_film_does_not_open_where_a_scene_failed(
    producer: Producer, queue: SceneQueue, storage: UriStorage, media: Media, tmp_path: Path
) -> None:
    """The job has failed; the scenes that were made are there, and the film still waits."""
    handle = producer.submit_scenes(_scenes(media, "a", "bad"), output=media.folder / "out", film=True)
    with working(queue, storage, tmp_path / "work"):
        status = handle.wait(60)
    assert (status.state, status.counts.waiting) == (JobState.FAILED, 1)
    assert [(result.name, result.state) for result in handle.results()] == [("a", "done"), ("bad", "dead")]
