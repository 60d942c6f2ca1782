"""A job in the caller's hands: waiting through trouble, and deliveries that are what they claim to be."""

import errno
import os
from pathlib import Path
from typing import Any

import pytest

from producer import JobHandle, Producer
from scenequeue.errors import DiskFull, InvalidScenes, JobNotFound, QueueUnavailable, StorageDenied, StorageUnavailable
from scenequeue.jobs.ids import ItemId
from scenequeue.jobs.job import JobEvent, JobState
from scenequeue.jobs.result import ItemResult
from scenequeue.queue import SceneQueue
from scenequeue.settings import SceneburstSettings
from scenequeue.storages.uri import UriStorage
from tests.producer.small_worker import made, working
from tests.support.media import Media


@pytest.fixture
def storage(tmp_path: Path) -> UriStorage:
    """The worker's storage."""
    return UriStorage(SceneburstSettings.load(file_roots=[tmp_path]))


def _submitted(producer: Producer, media: Media, *names: str) -> JobHandle:
    scenes = [{"name": name, "image": media.image(), "audio": media.tone(f"{name}.wav", 0.2)} for name in names]
    return producer.submit_scenes(scenes, output=media.folder / "made")


def _ack(queue: SceneQueue, storage: UriStorage, folder: Path, **change: Any) -> None:
    folder.mkdir(exist_ok=True)
    finished = []
    for lease in queue.worker.lease("c1", 10):
        result = made(lease, storage, folder)
        finished.append((lease, result.model_copy(update=change)))
    queue.worker.ack("c1", finished)


def test_a_finished_job_is_downloaded_in_scene_order(
    producer: Producer, queue: SceneQueue, storage: UriStorage, media: Media, tmp_path: Path
) -> None:
    """Without configuring a root for the folder that the caller has named himself."""
    handle = _submitted(producer, media, "b", "a", "bad")
    with working(queue, storage, tmp_path / "work"):
        assert handle.wait(60).state is JobState.FAILED
    files = handle.download(tmp_path / "in")
    assert [(path.name, path.read_bytes()) for path in files] == [("b.mp4", b"video of b"), ("a.mp4", b"video of a")]
    assert sorted(path.name for path in (tmp_path / "in").iterdir()) == ["a.mp4", "b.mp4"]


def test_one_failed_delivery_does_not_keep_the_others_back(
    producer: Producer, queue: SceneQueue, storage: UriStorage, media: Media, tmp_path: Path
) -> None:
    """It is an error, with the old file as it was and the others delivered."""
    handle = _submitted(producer, media, "a", "b", "c")
    _ack(queue, storage, tmp_path / "work")
    (media.folder / "made" / "b.mp4").unlink()
    (media.folder / "made" / "c.mp4").write_bytes(b"video of d")
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "b.mp4").write_bytes(b"old")
    with pytest.raises(Exception, match=r"b\.mp4: no such file on this machine; it was moved or deleted") as caught:
        handle.download(tmp_path / "in")
    assert caught.value.__notes__ == ["2 of 3 deliveries failed; this is the first"]
    by_name = {delivery.result.name: delivery for delivery in handle.deliver(tmp_path / "in")}
    assert by_name["a"].path == tmp_path / "in" / "a.mp4"
    assert by_name["b"].path is None
    assert isinstance(by_name["c"].error, StorageUnavailable)
    assert sorted((path.name, path.read_bytes()) for path in (tmp_path / "in").iterdir()) == [
        ("a.mp4", b"video of a"),
        ("b.mp4", b"old"),
    ]


def test_a_result_cannot_lead_out_of_the_folder(
    producer: Producer, queue: SceneQueue, storage: UriStorage, media: Media, tmp_path: Path
) -> None:
    """Results come from containers; their names are checked like a caller's."""
    handle = _submitted(producer, media, "a")
    _ack(queue, storage, tmp_path / "work", name="../evil")
    with pytest.raises(StorageDenied, match="not a usable name"):
        handle.download(tmp_path / "in")
    assert not (tmp_path / "evil.mp4").exists()


def test_a_folder_that_cannot_be_made_is_an_error_of_ours(
    producer: Producer, queue: SceneQueue, storage: UriStorage, media: Media, tmp_path: Path
) -> None:
    """A file in its place, or one above it."""
    handle = _submitted(producer, media, "a")
    _ack(queue, storage, tmp_path / "work")
    taken = tmp_path / "taken"
    taken.write_text("a file")
    for folder in (taken, taken / "in"):
        with pytest.raises(StorageDenied, match=f"{folder} cannot be written: {taken} is a file, not a folder; move it away"):
            handle.download(folder)


def test_a_folder_that_may_not_be_written_to_is_named_and_not_the_video(
    producer: Producer, queue: SceneQueue, storage: UriStorage, media: Media, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the user who may not; before anything is copied."""
    handle = _submitted(producer, media, "a")
    _ack(queue, storage, tmp_path / "work")

    def refuse(*_: Any, **__: Any) -> None:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr("tempfile.TemporaryFile", refuse)
    user = os.geteuid()
    with pytest.raises(
        StorageDenied, match=f"^{tmp_path}/in cannot be written: user {user} of the system may not write to {tmp_path}/in; allow"
    ):
        handle.download(tmp_path / "in")


def test_a_folder_in_the_place_of_a_video_is_named(
    producer: Producer, queue: SceneQueue, storage: UriStorage, media: Media, tmp_path: Path
) -> None:
    """With what to do."""
    handle = _submitted(producer, media, "a")
    _ack(queue, storage, tmp_path / "work")
    (tmp_path / "in" / "a.mp4" / "b").mkdir(parents=True)
    with pytest.raises(StorageDenied, match=r"in/a\.mp4 cannot be written: a folder has this name; move it away"):
        handle.download(tmp_path / "in")


def test_a_full_disk_is_told_as_such(
    producer: Producer, queue: SceneQueue, storage: UriStorage, media: Media, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At the copy, and where the folder is made."""
    handle = _submitted(producer, media, "a")
    _ack(queue, storage, tmp_path / "work")

    def full(*_: Any, **__: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    for name in ("replace", "mkdir"):
        with monkeypatch.context() as patched:
            patched.setattr(f"pathlib.Path.{name}", full)
            with pytest.raises(DiskFull, match="no space left on the device"):
                handle.download(tmp_path / "in")


def test_two_results_of_one_name_are_both_no_delivery(
    producer: Producer, queue: SceneQueue, storage: UriStorage, media: Media, tmp_path: Path
) -> None:
    """Neither may overwrite the other."""
    handle = _submitted(producer, media, "a", "b")
    _ack(queue, storage, tmp_path / "work", name="same")
    with pytest.raises(InvalidScenes, match="two results"):
        handle.download(tmp_path / "in")
    assert list((tmp_path / "in").iterdir()) == []


def test_a_job_is_found_again_by_its_id(
    producer: Producer, queue: SceneQueue, storage: UriStorage, media: Media, tmp_path: Path
) -> None:
    """A handle holds no state; an id that was never used is said to be unknown."""
    job_id = _submitted(producer, media, "a").job_id
    _ack(queue, storage, tmp_path / "work")
    assert [result.name for result in producer.job(job_id).results()] == ["a"]
    with pytest.raises(JobNotFound):
        producer.job("never").status()
    with pytest.raises(JobNotFound):
        producer.job("never").wait(1)


class _Flickering:
    """A queue's port whose first calls find Redis away."""

    def __init__(self, port: Any, failures: int) -> None:
        self._port, self.left = port, failures

    def __getattr__(self, name: str) -> Any:
        def call(*args: Any, **named: Any) -> Any:
            if self.left:
                self.left -= 1
                raise QueueUnavailable("no Redis")
            return getattr(self._port, name)(*args, **named)

        return call


def test_waiting_goes_on_through_an_outage_of_redis(
    producer: Producer, queue: SceneQueue, storage: UriStorage, media: Media, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No event is lost or told twice."""
    handle = _submitted(producer, media, "a")
    _ack(queue, storage, tmp_path / "work")
    flickering = _Flickering(producer.queue.producer, 3)
    monkeypatch.setattr(producer.queue, "producer", flickering)
    seen: list[JobEvent] = []
    assert handle.wait(60, on_event=seen.append).state is JobState.DONE
    assert [event.event for event in seen] == ["submitted", "leased", "done", "finished"]
    flickering.left = 1000
    with pytest.raises(QueueUnavailable):
        handle.wait(0.5)


def test_a_job_whose_events_are_gone_is_still_seen_to_end(
    producer: Producer, queue: SceneQueue, storage: UriStorage, media: Media, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Events are trimmed; the status is the truth."""
    handle = _submitted(producer, media, "a")
    _ack(queue, storage, tmp_path / "work")
    monkeypatch.setattr(producer.queue.producer, "events", lambda *_a, **_k: [])
    assert handle.wait(60).state is JobState.DONE


def test_cancelling_is_safe_twice(producer: Producer, media: Media) -> None:
    """The second time changes nothing."""
    handle = _submitted(producer, media, "a", "b")
    assert handle.cancel().state is JobState.CANCELLED
    assert handle.cancel().counts.dropped == 2
    assert handle.wait(60).state is JobState.CANCELLED
    assert handle.results() == []


def test_a_delivery_needs_the_size_that_was_reported(
    producer: Producer, queue: SceneQueue, storage: UriStorage, media: Media, tmp_path: Path
) -> None:
    """A reused video has no checksum in its result, and is checked by its size."""
    handle = _submitted(producer, media, "a")
    _ack(queue, storage, tmp_path / "work", details={"reused": True}, bytes=999)
    (delivery,) = handle.deliver(tmp_path / "in")
    assert "instead of 999" in str(delivery.error)
    assert delivery.result == ItemResult.model_validate(handle.results()[0])
    assert delivery.result.item_id == ItemId("0-0")


def test_who_waits_is_told_why_once(
    producer: Producer, queue: SceneQueue, media: Media, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In the log while it lasts, again when the reason changes, and in the error at the end."""
    monkeypatch.setattr("producer.handle._LOOK_S", 0.01)
    handle = _submitted(producer, media, "a")
    caplog.clear()
    with pytest.raises(TimeoutError, match="no dispatcher has acted"):
        handle.wait(0.2)
    assert [record.getMessage().count("no dispatcher has acted") for record in caplog.records] == [1]
    queue.operator.pause()
    with pytest.raises(TimeoutError, match="the queue is paused"):
        handle.wait(0.05)
    queue.operator.resume()


def test_a_job_that_is_worked_on_waits_for_nothing(producer: Producer, queue: SceneQueue, media: Media) -> None:
    """And costs no look at the plan."""
    handle = _submitted(producer, media, "a", "b")
    queue.worker.lease("c1", 1)
    assert handle.status().waits_because is None
