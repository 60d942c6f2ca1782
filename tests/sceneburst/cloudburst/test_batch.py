"""The one-call facade: its report tells what happened, above all when something went wrong."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sceneburst.cloudburst import execute_parallel_batches
from sceneburst.cloudburst.folder import temporary_folder
from scenequeue.errors import InvalidScenes
from scenequeue.jobs.container import ContainerRecord
from scenequeue.jobs.ids import ContainerId
from scenequeue.jobs.item import Lease
from scenequeue.jobs.job import JobState
from scenequeue.jobs.wishes import JobWishes
from scenequeue.queue import SceneQueue
from scenequeue.settings import SceneburstSettings
from scenequeue.storages.uri import UriStorage
from tests.conftest import S3
from tests.producer.small_worker import working
from tests.support.media import Media


@pytest.fixture
def where(queue: SceneQueue, redis_url: str, namespace: str) -> Iterator[dict[str, Any]]:
    """Arguments that name the queue to the facade; unfinished jobs are cancelled afterwards."""
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
    """Of the run, of each scene by its name, of each container."""
    scenes = [_scene(media, "z"), _scene(media, "bad"), _scene(media, "a", subtitle_path=str(media.srt("a.srt", [(0, 1, "x")])))]
    with working(queue, storage, tmp_path / "work"):
        report = execute_parallel_batches(scenes, config_priority=1, saving_dir=tmp_path / "out put", **where)
    assert [scene["scene_name"] for scene in report["batch_results"]] == ["a", "bad", "z"]
    last, bad, first = report["batch_results"]
    assert set(first) >= {
        *("success", "scene_name", "processing_time", "file_id", "download_endpoint", "filename", "size", "file_size"),
        *("scenario", "local_file", "download_success"),
    }
    assert (first["scenario"], last["scenario"]) == ("effects_only", "full_featured")
    assert (bad["success"], bad["download_success"], bad["local_file"]) == (False, False, None)
    assert "not a picture" in bad["error"]
    assert "error" not in first
    assert (report["success"], report["successful_scenes"], report["failed_scenes"], report["total_scenes"]) == (True, 2, 1, 3)
    assert _paths(report) == [str(tmp_path / "out put" / "a.mp4"), str(tmp_path / "out put" / "z.mp4")]
    folder = str(tmp_path / "out put")
    assert report["downloaded_files"][0] == {"batch_id": 1, "file_path": f"{folder}/a.mp4", "temp_dir": folder}
    assert report["output_directory"] == folder
    (task,) = report["task_results"]
    assert (task["task_id"], task["total_scenes"], task["failed_scenes"]) == ("c1", 3, 1)
    assert task["fargate_config"] == "2vCPU/4GB"
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
    assert (report["success"], report["failed_scenes"], _paths(report)) == (True, 1, [str(saved / "kept.mp4")])


def test_a_video_that_is_not_where_it_was_written_is_no_success(
    queue: SceneQueue, where: dict[str, Any], storage: UriStorage, media: Media, tmp_path: Path
) -> None:
    """Also without a copy into another folder: gone, or cut short."""

    def lose(lease: Lease) -> None:
        path = tmp_path / "out" / f"{lease.item.name}.mp4"
        path.unlink() if lease.item.name == "gone" else path.write_bytes(b"cut")

    with working(queue, storage, tmp_path / "work", spoil=lose):
        report = execute_parallel_batches([_scene(media, "gone"), _scene(media, "cut")], saving_dir=tmp_path / "out", **where)
    assert (report["success"], report["successful_scenes"]) == (False, 0)
    assert "3 bytes instead of" in report["batch_results"][0]["error"]
    assert "not to be found" in report["batch_results"][1]["error"]


def test_videos_come_from_s3_into_the_folder(
    queue: SceneQueue, where: dict[str, Any], storage: UriStorage, media: Media, tmp_path: Path, s3: S3
) -> None:
    """Workers write to S3, the caller gets files."""
    with working(queue, storage, tmp_path / "work"):
        report = execute_parallel_batches([_scene(media, "a")], output=f"{s3.uri}/videos", saving_dir=tmp_path / "in", **where)
    assert (report["success"], (tmp_path / "in" / "a.mp4").read_bytes()) == (True, b"video of a")
    assert report["batch_results"][0]["download_endpoint"] == f"{s3.uri}/videos/a.mp4"


def test_without_a_folder_videos_go_to_results_dir_and_else_to_a_new_folder(
    queue: SceneQueue,
    where: dict[str, Any],
    storage: UriStorage,
    media: Media,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The report names the folder; two runs never share a temporary one."""
    monkeypatch.delenv("RESULTS_DIR", raising=False)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with working(queue, storage, tmp_path / "work"):
        first, second = (execute_parallel_batches([_scene(media, "a")], **where) for _ in range(2))
        monkeypatch.setenv("RESULTS_DIR", str(tmp_path / "results"))
        named = execute_parallel_batches([_scene(media, "a")], **where)
    assert first["output_directory"] != second["output_directory"]
    for report in (first, second, named):
        assert (report["success"], _paths(report)) == (True, [f"{report['output_directory']}/a.mp4"])
    assert named["output_directory"] == str(tmp_path / "results")


def test_a_temporary_folder_lies_where_containers_can_write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The system's, unless the dispatcher shares only others."""
    monkeypatch.delenv("RESULTS_DIR", raising=False)
    (tmp_path / "shared").mkdir()
    (tmp_path / "system").mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "system"))
    assert temporary_folder({"file_roots": [str(tmp_path / "shared")]}).parent == tmp_path / "shared"
    assert temporary_folder({"file_roots": [str(tmp_path)]}).parent == tmp_path / "system"
    assert temporary_folder(None).parent == tmp_path / "system"


def test_a_repeated_call_with_its_job_id_goes_on_with_the_same_job(
    queue: SceneQueue, where: dict[str, Any], storage: UriStorage, media: Media, tmp_path: Path
) -> None:
    """A script that died is started again; nothing is rendered twice."""
    scenes = [_scene(media, "a")]
    with working(queue, storage, tmp_path / "work"):
        first, second = (
            execute_parallel_batches(scenes, saving_dir=tmp_path / "out", job_id="order-1", **where) for _ in range(2)
        )
    assert first["batch_results"] == second["batch_results"]
    assert [job.job_id for job in queue.inspect.jobs()] == ["order-1"]


def test_a_refused_call_leaves_no_temporary_folder(
    where: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing was ever put into it; the caller's own stays, empty or not."""
    monkeypatch.delenv("RESULTS_DIR", raising=False)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with pytest.raises(InvalidScenes, match="no scenes"):
        execute_parallel_batches([], **where)
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "mine").mkdir()
    with pytest.raises(InvalidScenes, match="no scenes"):
        execute_parallel_batches([], saving_dir=tmp_path / "mine", **where)
    assert (tmp_path / "mine").is_dir()


def test_scenes_are_taken_as_the_replaced_system_took_them(
    queue: SceneQueue, where: dict[str, Any], storage: UriStorage, media: Media, tmp_path: Path
) -> None:
    """Unknown keys with a warning, an empty subtitle path, and names that no file can have."""
    scenes = [
        _scene(media, "1") | {"scene_name": "Part (1): a/b", "subtitle_path": "", "duration": 3},
        _scene(media, "2") | {"scene_name": "Part [1]; a|b", "subtitle_path": None},
    ]
    with working(queue, storage, tmp_path / "work"), pytest.warns(UserWarning, match="unknown keys are ignored: duration"):
        report = execute_parallel_batches(scenes, saving_dir=tmp_path / "out", **where)
    assert [(row["scene_name"], row["filename"]) for row in report["batch_results"]] == [
        ("Part (1): a/b", "Part _1__ a_b.mp4"),
        ("Part [1]; a|b", "Part _1__ a_b-2.mp4"),
    ]
    assert all(Path(row["local_file"]).name == row["filename"] for row in report["batch_results"])


def test_a_container_that_works_for_two_jobs_is_paid_once(
    queue: SceneQueue, where: dict[str, Any], storage: UriStorage, media: Media, tmp_path: Path
) -> None:
    """Each job has its share."""

    def count(_: Lease) -> None:
        """Nine of other jobs, and the three of this one."""
        queue.worker.beat(ContainerRecord(container_id=ContainerId("c1"), started_ms=queue.inspect.now_ms(), done=12))

    scenes = [_scene(media, str(number)) for number in range(3)]
    with working(queue, storage, tmp_path / "work", spoil=count):
        report = execute_parallel_batches(scenes, config_priority=1, saving_dir=tmp_path / "out", **where)
    (task,) = report["task_results"]
    assert report["total_cost_usd"] == task["cost_usd"] == pytest.approx(0.001646 / 4, abs=1e-6)


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


def test_switches_become_options_and_wishes(
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
    look, style = status.options, status.options.subtitle_style
    assert (look.orientation, look.motion, style.box, style.box_opacity) == ("portrait", "none", False, 0.7)
    assert (look.language, look.watermark_style.corner) == ("en", "top_left")
    assert status.wishes == JobWishes(scenes_per_batch=3, max_parallel_tasks=10, min_scenes_per_batch=3, config_priority=4)
    assert {name: Path(uri).name for name, uri in marks.items()} == {"a": "mark.png", "b": "own.png", "c": "mark.png"}


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"saving_dir": "s3://bucket/x"}, "is not a folder"),
        ({"background_opacity": 2}, "background_opacity: 2 is not between 0, solid"),
        ({"config_priority": 7}, "config_priority: must be 5 or less, not 7"),
        ({"scenes_per_batch": 0}, "scenes_per_batch: must be 1 or more, not 0"),
        ({"max_parallel_tasks": -1}, "max_parallel_tasks: must be 1 or more, not -1"),
        ({"min_scenes_per_batch": 0}, "min_scenes_per_batch: must be 1 or more, not 0"),
        ({"scenes_per_batch": None}, "scenes_per_batch: None"),
        ({"language": "klingonese"}, "language: 'klingonese' is neither chinese nor english"),
        ({"options": {"fpz": 3}}, "unknown option 'fpz'"),
    ],
)
def test_a_wrong_argument_is_named_with_its_value(wrong: dict[str, Any], words: str, where: dict[str, Any]) -> None:
    """Before anything is enqueued."""
    with pytest.raises(InvalidScenes, match=words):
        execute_parallel_batches([], **wrong, **where)
