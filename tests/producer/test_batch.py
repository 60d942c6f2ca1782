"""The one-call facade: its report tells what happened, above all when something went wrong."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from dispatcher.pricing import cost_usd
from producer import RenderOptions, Scene, execute_parallel_batches
from producer.account import Arrival, Run, account
from scenequeue.errors import InvalidScenes
from scenequeue.items import ContainerRecord, ItemResult, JobState, Lease
from scenequeue.names import ContainerId, ItemId
from scenequeue.queue import SceneQueue
from scenequeue.settings import SceneburstSettings
from scenequeue.storage import UriStorage
from tests.conftest import S3
from tests.media import Media
from tests.producer.small_worker import working


@pytest.fixture
def where(queue: SceneQueue, redis_url: str, namespace: str) -> Iterator[dict[str, Any]]:
    """Which queue, as the facade is told; unfinished jobs are cancelled afterwards."""
    yield {"redis_url": redis_url, "namespace": namespace, "timeout_s": 30}
    for job in queue.inspect.jobs():
        if job.state is JobState.ACTIVE:
            queue.producer.cancel(job.job_id)


@pytest.fixture
def storage(tmp_path: Path) -> UriStorage:
    """The worker's storage."""
    return UriStorage(SceneburstSettings.load(file_roots=[tmp_path]))


def _scene(media: Media, name: str, **more: Any) -> dict[str, Any]:
    return {"scene_name": name, "image_path": str(media.image()), "audio_path": str(media.tone(f"{name}.wav", 0.2)), **more}


def _paths(report: dict[str, Any]) -> list[str]:
    return [file["file_path"] for file in report["downloaded_files"]]


def test_every_field_of_the_replaced_report_is_there(
    queue: SceneQueue, where: dict[str, Any], storage: UriStorage, media: Media, tmp_path: Path
) -> None:
    """Of the run, of each scene in the caller's order, of each container."""
    scenes = [_scene(media, "z"), _scene(media, "bad"), _scene(media, "a", subtitle_path=str(media.srt("a.srt", [(0, 1, "x")])))]
    with working(queue, storage, tmp_path / "work"):
        report = execute_parallel_batches(scenes, saving_dir=tmp_path / "out put", **where)
    assert [scene["scene_name"] for scene in report["batch_results"]] == ["z", "bad", "a"]
    first, bad, last = report["batch_results"]
    assert set(first) >= {
        *("success", "scene_name", "processing_time", "file_id", "download_endpoint", "filename", "size", "file_size"),
        *("scenario", "local_file", "download_success"),
    }
    assert (first["scenario"], last["scenario"]) == ("effects_only", "full_featured")
    assert (bad["success"], bad["download_success"], bad["local_file"]) == (False, False, None)
    assert "not a picture" in bad["error"]
    assert "error" not in first
    assert (report["success"], report["successful_scenes"], report["failed_scenes"], report["total_scenes"]) == (False, 2, 1, 3)
    assert _paths(report) == [str(tmp_path / "out put" / "z.mp4"), str(tmp_path / "out put" / "a.mp4")]
    assert set(report["downloaded_files"][0]) == {"batch_id", "file_path", "temp_dir"}
    (task,) = report["task_results"]
    assert (task["task_id"], task["total_scenes"], task["failed_scenes"]) == ("c1", 3, 1)
    assert task["fargate_config"] == {"cpu": 2048, "memory": 4096}
    assert report["total_cost_usd"] == pytest.approx(60 * (2 * 0.000011244 + 4 * 0.000001235), abs=1e-6)
    assert report["total_time"] == report["total_duration"] == 4.0
    assert report["efficiency"]["success_rate"] == pytest.approx(2 / 3, abs=1e-3)


def test_a_failed_delivery_is_never_a_success_even_where_an_old_video_lies(
    queue: SceneQueue, where: dict[str, Any], storage: UriStorage, media: Media, tmp_path: Path
) -> None:
    """The replaced system counted it as one; so would looking whether the file is there."""
    saved = tmp_path / "saved"
    saved.mkdir()
    (saved / "lost.mp4").write_bytes(b"of last week")

    def lose(lease: Lease) -> None:
        if lease.item.name == "lost":
            (tmp_path / "made" / "lost.mp4").unlink()

    with working(queue, storage, tmp_path / "work", spoil=lose):
        report = execute_parallel_batches(
            [_scene(media, "kept"), _scene(media, "lost")], output=tmp_path / "made", saving_dir=saved, **where
        )
    kept, lost = report["batch_results"]
    assert kept["success"]
    assert (lost["success"], lost["local_file"]) == (False, None)
    assert "no such file" in lost["error"]
    assert (report["success"], report["failed_scenes"], _paths(report)) == (False, 1, [str(saved / "kept.mp4")])


def test_a_video_that_is_not_where_it_was_written_is_no_success(
    queue: SceneQueue, where: dict[str, Any], storage: UriStorage, media: Media, tmp_path: Path
) -> None:
    """Also without a copy into another folder: gone, or cut short."""

    def lose(lease: Lease) -> None:
        path = tmp_path / "out" / f"{lease.item.name}.mp4"
        path.unlink() if lease.item.name == "gone" else path.write_bytes(b"cut")

    with working(queue, storage, tmp_path / "work", spoil=lose):
        report = execute_parallel_batches([_scene(media, "gone"), _scene(media, "cut")], saving_dir=tmp_path / "out", **where)
    assert report["successful_scenes"] == 0
    assert "not to be found" in report["batch_results"][0]["error"]
    assert "3 bytes instead of" in report["batch_results"][1]["error"]


def test_videos_come_from_s3_into_the_folder(
    queue: SceneQueue, where: dict[str, Any], storage: UriStorage, media: Media, tmp_path: Path, s3: S3
) -> None:
    """Workers write to S3, the caller gets files; without a folder they stay there."""
    with working(queue, storage, tmp_path / "work"):
        report = execute_parallel_batches([_scene(media, "a")], output=f"{s3.uri}/videos", saving_dir=tmp_path / "in", **where)
        stays = execute_parallel_batches([_scene(media, "b")], output=f"{s3.uri}/videos", **where)
    assert (report["success"], (tmp_path / "in" / "a.mp4").read_bytes()) == (True, b"video of a")
    assert (stays["success"], stays["downloaded_files"]) == (True, [])
    assert stays["batch_results"][0]["download_endpoint"] == f"{s3.uri}/videos/b.mp4"


def test_scenes_of_a_cancelled_job_are_all_in_the_report(
    queue: SceneQueue, where: dict[str, Any], storage: UriStorage, media: Media, tmp_path: Path
) -> None:
    """Those that never had their turn, too."""

    def cancel(lease: Lease) -> None:
        queue.producer.cancel(lease.job_id)

    with working(queue, storage, tmp_path / "work", spoil=cancel):
        report = execute_parallel_batches([_scene(media, str(n)) for n in range(12)], saving_dir=tmp_path / "out", **where)
    assert (len(report["batch_results"]), report["failed_scenes"]) == (12, 12)
    assert all(scene["error"] for scene in report["batch_results"])


def test_switches_become_options_and_labels(
    queue: SceneQueue, where: dict[str, Any], storage: UriStorage, media: Media, tmp_path: Path
) -> None:
    """Portrait, no zoom, no box, a watermark for scenes that have none of their own."""
    mark, own = media.image("mark.png", 64, 64), media.image("own.png", 64, 64)
    marks: dict[str, str] = {}
    with working(
        queue, storage, tmp_path / "work", spoil=lambda lease: marks.update({lease.item.name: lease.item.payload["watermark"]})
    ):
        execute_parallel_batches(
            [_scene(media, "a"), _scene(media, "b", watermark_path=own), _scene(media, "c", watermark_path=None)],
            enable_zoom=False,
            is_portrait=True,
            background_box=False,
            background_opacity=0.3,
            watermark_path=str(mark),
            scenes_per_batch=3,
            language="english",
            saving_dir=tmp_path / "out",
            job_id="switches",
            **where,
        )
    status = queue.inspect.job("switches")
    style = status.options.subtitle_style
    assert (status.options.orientation, status.options.motion, style.box, style.box_opacity) == ("portrait", "none", False, 0.3)
    assert (status.labels["scenes_per_batch"], status.labels["language"]) == ("3", "english")
    assert {name: Path(uri).name for name, uri in marks.items()} == {"a": "mark.png", "b": "own.png", "c": "mark.png"}


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({}, "saving_dir or output is needed"),
        ({"saving_dir": "s3://bucket/x", "output": "s3://bucket/y"}, "is not a folder"),
        ({"saving_dir": "out", "background_opacity": 2}, "between 0, invisible, and 1"),
        ({"saving_dir": "out", "config_priority": 7}, "not one of 1 to 5"),
    ],
)
def test_a_wrong_argument_is_named_before_anything_happens(wrong: dict[str, Any], words: str) -> None:
    """No Redis is needed to find out."""
    with pytest.raises(InvalidScenes, match=words):
        execute_parallel_batches([], redis_url="redis://127.0.0.1:1", **wrong)


@pytest.mark.parametrize(("lived_s", "is_spot"), [(5, False), (60, False), (600, False), (600, True)])
def test_a_container_costs_what_the_dispatcher_says_it_costs(lived_s: int, *, is_spot: bool) -> None:
    """Two programs, one price."""
    record = ContainerRecord(
        container_id=ContainerId("c"),
        vcpu=4.0,
        memory_mib=8192,
        launched_ms=1_000,
        started_ms=2_000,
        ended_ms=1_000 + lived_s * 1000,
        state="gone",
        is_spot=is_spot,
    )
    result = ItemResult(item_id=ItemId("0-0"), name="a", state="done", container="c", processing_s=3.0)
    run = Run(
        job_id="j",
        scenes=[Scene(name="a", image="i", audio="a")],
        options=RenderOptions(),
        results={"0-0": result},
        arrivals={"0-0": Arrival(Path("/a.mp4"), None)},
        containers={"c": record},
        wall_s=2.0,
        scenes_per_batch=10,
        config_priority=1,
    )
    report = account(run)
    assert report["total_cost_usd"] == pytest.approx(cost_usd(record, 0), abs=2e-6)
    assert (report["efficiency"]["speedup_factor"], report["time_saved"]) == (1.5, 1.0)
