"""Enqueueing from application code: against a real Redis and an S3 API over HTTP."""

import subprocess
import sys
import threading
import tracemalloc
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest

from producer import Producer, RenderOptions, Scene
from producer.durations import UNKNOWN_S, weight_of
from scenequeue.errors import InvalidScenes, JobConflict, QueueFull
from scenequeue.jobs.job import JobState
from scenequeue.jobs.result import ItemResult
from scenequeue.queue import SceneQueue
from scenequeue.settings import ProducerSettings
from scenequeue.storages.files import file_uri
from tests.conftest import S3
from tests.scenequeue.jobs import done
from tests.support.media import Media


@pytest.fixture
def producer(queue: SceneQueue, redis_url: str, namespace: str, tmp_path: Path) -> Iterator[Producer]:
    """A producer beside the queue under test; unfinished jobs are cancelled afterwards."""
    with Producer(settings=ProducerSettings.load(redis_url=redis_url, namespace=namespace, file_roots=[tmp_path])) as producer:
        yield producer
        for job in queue.inspect.jobs():
            if job.state is JobState.ACTIVE:
                queue.producer.cancel(job.job_id)


def _scene(name: str, media: Media, seconds: float = 0.2, **more: Any) -> dict[str, Any]:
    return {"name": name, "image": media.image(), "audio": media.tone(f"{name}.wav", seconds), **more}


def test_scenes_are_leased_longest_first_and_reported_in_the_callers_order(
    producer: Producer, queue: SceneQueue, media: Media
) -> None:
    """The weight is the narration's length, from its header."""
    scenes = [_scene("short", media, 0.2), _scene("long", media, 2.0), _scene("middle", media, 1.0)]
    handle = producer.submit_scenes(scenes, output="/somewhere")
    leases = queue.worker.lease("c", 3)
    assert [(lease.item.name, lease.item.weight) for lease in leases] == [("long", 2.0), ("middle", 1.0), ("short", 0.2)]
    queue.worker.ack("c", [done(lease) for lease in leases])
    assert handle.wait(60).state is JobState.DONE
    assert [result.name for result in handle.results()] == ["short", "long", "middle"]


def test_the_articles_names_are_understood(producer: Producer, queue: SceneQueue, media: Media) -> None:
    """And an optional subtitle that is None or absent is fine."""
    image, audio = str(media.image()), str(media.tone())
    scenes = [
        {"scene_name": "a", "image_path": image, "audio_path": audio, "subtitle_path": None},
        {"scene_name": "b", "input_image": image, "input_audio": audio, "subtitle": str(media.srt("b.srt", [(0, 1, "x")]))},
    ]
    producer.submit_scenes(scenes, output="s3://bucket/videos/")
    payloads = {lease.item.name: lease.item.payload for lease in queue.worker.lease("c", 2)}
    assert payloads["a"]["output"] == "s3://bucket/videos/a.mp4"
    assert "subtitles" not in payloads["a"]
    assert payloads["b"]["subtitles"].endswith("/b.srt")


def test_an_empty_subtitle_file_is_no_mistake(producer: Producer, queue: SceneQueue, media: Media) -> None:
    """A silent scene has one; every other input needs something in it."""
    empty = media.folder / "empty.srt"
    empty.touch()
    producer.submit_scenes([{**_scene("a", media), "subtitles": str(empty)}], output="s3://bucket/videos")
    assert queue.inspect.depth().counts.ready == 1
    with pytest.raises(InvalidScenes, match=r"watermark: .* is empty, 0 bytes"):
        producer.submit_scenes([{**_scene("a", media), "watermark": str(empty)}], output="s3://bucket/videos")


def test_every_mistake_is_named_at_once_and_nothing_is_enqueued(producer: Producer, queue: SceneQueue, media: Media) -> None:
    """Names, paths, options, duplicates, missing and empty files."""
    empty = media.folder / "empty.mp3"
    empty.touch()
    scenes = [
        _scene("good", media),
        _scene("../evil", media),
        _scene("good", media),
        {"name": "lost", "image": "/no/picture.jpg", "audio": str(empty)},
        {"name": "half", "image": str(media.image())},
        {**_scene("odd", media), "options": {"montion": "zoom_in"}},
        {**_scene("typo", media), "imgae": "x"},
        {**_scene("web", media), "watermark": "ftp://host/x.png"},
    ]
    with pytest.raises(InvalidScenes) as caught:
        producer.submit_scenes(scenes, output="/somewhere")
    text = "\n".join(caught.value.problems)
    for words in (
        "scene 2: name: '../evil'",
        "scene 3 (good): scene 1 has this name too",
        "scene 4 (lost): image: there is no file /no/picture.jpg",
        "empty, 0 bytes",
        "scene 5: 'audio' is missing",
        "did you mean 'motion'?",
        "did you mean 'image'?",
        "scene 8 (web): watermark: 'ftp://host/x.png'",
    ):
        assert words in text
    assert queue.inspect.depth().counts.total == 0


@pytest.mark.parametrize("name", ["", ".", "..", "a/b", "a\\b", ".hidden", "a\nb", "a\0b", "x" * 121, "a..b", " a"])
def test_a_name_with_path_parts_is_refused(name: str) -> None:
    """It becomes a file's name, and nothing else."""
    with pytest.raises(ValueError, match="not a usable name"):
        Scene(name=name, image="i", audio="a")


def test_wrong_job_wide_arguments_are_named(producer: Producer, media: Media) -> None:
    """Options with a suggestion, callback, job id, output."""
    with pytest.raises(InvalidScenes) as caught:
        producer.submit_scenes(
            [_scene("a", media)], output="/somewhere", options={"resolutoin": "4k"}, callback_url="http://x", job_id="a/b"
        )
    text = str(caught.value)
    assert "did you mean 'resolution'?" in text
    assert "callback_url" in text
    assert "not a usable job id" in text
    with pytest.raises(InvalidScenes, match="cannot be written"):
        producer.submit_scenes([_scene("a", media)], output="https://example.org/")
    with pytest.raises(InvalidScenes, match="there are no scenes"):
        producer.submit_scenes([], output="/somewhere")


@pytest.mark.parametrize(
    "url", ["https://user:hush@shop.example/told", "https://127.0.0.1/told", "https://[fd00::1]/", "https://"]
)
def test_a_callback_address_that_would_never_be_posted_to_is_refused(producer: Producer, media: Media, url: str) -> None:
    """By the rule that posts, before anything is enqueued; a password in it is not repeated."""
    with pytest.raises(InvalidScenes, match="callback_url") as caught:
        producer.submit_scenes([_scene("a", media)], output="/somewhere", callback_url=url)
    assert "hush" not in str(caught.value)


def test_the_same_submission_is_the_same_job(producer: Producer, queue: SceneQueue, media: Media) -> None:
    """And other content under its id is a conflict."""
    scene = _scene("a", media)
    first = producer.submit_scenes([scene], output="/somewhere", job_id="mine")
    again = producer.submit_scenes([scene], output="/somewhere", job_id="mine")
    assert first.job_id == again.job_id
    assert queue.inspect.depth().counts.total == 1
    with pytest.raises(JobConflict):
        producer.submit_scenes([scene], output="/y", job_id="mine")


def test_local_files_are_uploaded_once_each(queue: SceneQueue, redis_url: str, namespace: str, media: Media, s3: S3) -> None:
    """Under their content's hash: a shared watermark and a copy of a picture lie there once."""
    settings = ProducerSettings.load(redis_url=redis_url, namespace=namespace, inputs=f"{s3.uri}/inputs")
    copy = media.folder / "copy.jpg"
    copy.write_bytes(media.image().read_bytes())
    scenes = [_scene("a", media, watermark=str(copy)), _scene("b", media, watermark=str(copy))]
    with Producer(settings=settings) as producer:
        producer.submit_scenes(scenes, output=f"{s3.uri}/out")
        producer.submit_scenes(scenes, output=f"{s3.uri}/other")
    listed = boto3.client("s3", endpoint_url=s3.endpoint_url).list_objects_v2(Bucket=s3.bucket)["Contents"]
    # One picture (also the watermark, also its copy), one narration: both tones are alike.
    assert len(listed) == 2
    payload = queue.worker.lease("c", 1)[0].item.payload
    assert payload["image"] == payload["watermark"]
    assert payload["image"].startswith(f"{s3.uri}/inputs/")
    for job in queue.inspect.jobs():
        queue.producer.cancel(job.job_id)


def test_an_iterator_is_submitted_in_bounded_memory(producer: Producer, queue: SceneQueue) -> None:
    """20,000 scenes pass through while far less than all of them is held."""
    scenes = ({"name": f"scene{index}", "image": "s3://b/i.jpg", "audio": "s3://b/a.mp3"} for index in range(20_000))
    tracemalloc.start()
    try:
        handle = producer.submit_scenes(scenes, output="s3://b/out")
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert handle.status().counts.ready == 20_000
    assert peak < 60 * 1024**2
    queue.producer.cancel(handle.job_id)


def test_a_full_backlog_is_an_error_of_its_own(queue: SceneQueue, redis_url: str, namespace: str, media: Media) -> None:
    """Transient, and nothing is enqueued."""
    settings = ProducerSettings.load(redis_url=redis_url, namespace=namespace, backlog_limit=1)
    with Producer(settings=settings) as producer, pytest.raises(QueueFull):
        producer.submit_scenes([_scene("a", media), _scene("b", media)], output="/somewhere")
    assert queue.inspect.depth().counts.total == 0


def test_waiting_tells_every_event_and_may_time_out(producer: Producer, queue: SceneQueue, media: Media) -> None:
    """The job goes on after a time-out."""
    handle = producer.submit_scenes([_scene("a", media)], output="/somewhere")
    with pytest.raises(TimeoutError):
        handle.wait(0.05)
    seen: list[str] = []
    waiter = threading.Thread(target=lambda: handle.wait(60, on_event=lambda event: seen.append(event.event)))
    waiter.start()
    queue.worker.ack("c", [done(queue.worker.lease("c", 1)[0])])
    waiter.join(60)
    assert seen == ["submitted", "leased", "done", "finished"]
    assert [event.event for event in handle.events()] == seen


def test_download_checks_what_arrives_and_a_damaged_file_is_no_delivery(
    producer: Producer, queue: SceneQueue, media: Media, tmp_path: Path
) -> None:
    """Checksums from the result; nothing half stays."""
    made = tmp_path / "made.mp4"
    made.write_bytes(b"video")
    digest = "3a7ba3d2c4d6b1a1" + "0" * 48
    handle = producer.submit_scenes([_scene("a", media)], output=str(tmp_path))
    (lease,) = queue.worker.lease("c", 1)
    result = ItemResult(item_id=lease.item_id, name="a", state="done", output=file_uri(made), details={"sha256": digest})
    queue.worker.ack("c", [(lease, result)])
    with pytest.raises(Exception, match="damaged"):
        handle.download(tmp_path / "in")
    assert list((tmp_path / "in").iterdir()) == []


def test_weights_come_from_headers_and_never_fail(media: Media) -> None:
    """MP3, WAV, garbage, nothing, elsewhere."""
    assert weight_of(media.tone("a.wav", 1.5)) == pytest.approx(1.5, abs=0.05)
    assert weight_of(media.tone("a.mp3", 1.5)) == pytest.approx(1.5, abs=0.1)
    garbage = media.folder / "garbage.mp3"
    garbage.write_bytes(b"no sound" * 4000)
    assert weight_of(garbage) == pytest.approx(2.0)
    assert weight_of(media.folder / "nothing.mp3") == UNKNOWN_S
    assert weight_of(None) == UNKNOWN_S


def test_importing_the_producer_loads_nothing_heavy() -> None:
    """An application that only enqueues installs and loads only what that needs."""
    heavy = "celery ffmpeg av moto boto3 botocore cv2 numpy PIL mutagen httpx typer rich"
    code = f"import producer, sys; print([m for m in {heavy.split()!r} if m in sys.modules])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip() == "[]"


def test_options_reach_the_job_and_overrides_the_item(producer: Producer, queue: SceneQueue, media: Media) -> None:
    """Shared once per job; a scene's own lie over them."""
    scene = _scene("a", media, options={"motion": "none", "subtitle_style": {"box": False}})
    handle = producer.submit_scenes([scene], output="/somewhere", options=RenderOptions(resolution="720p"))
    assert handle.status().options.resolution == "720p"
    (lease,) = queue.worker.lease("c", 1)
    merged = handle.status().options.overridden(lease.item.payload["options"])
    assert (merged.resolution, merged.motion, merged.subtitle_style.box, merged.subtitle_style.size) == (
        "720p",
        "none",
        False,
        0.05,
    )
