"""From application code to MP4s in S3 and back: the real producer, queue, worker program, renderer and S3 API."""

import subprocess
from collections.abc import Callable
from pathlib import Path

import av
import pytest

from producer import Producer
from sceneburst.cloudburst import execute_parallel_batches
from scenequeue.errors import InvalidScenes
from scenequeue.jobs.job import JobState
from scenequeue.queue import SceneQueue
from scenequeue.settings import ProducerSettings
from tests.conftest import S3
from tests.container_worker.conftest import start_worker
from tests.support.media import Media

__all__ = ["start_worker"]
Start = Callable[..., subprocess.Popen[bytes]]


def _scenes(media: Media, count: int) -> list[dict[str, object]]:
    subtitles = media.srt("all.srt", [(0.1, 0.8, "Hello, 世界")])
    return [
        {"name": f"s{index}", "image": media.image(), "audio": media.tone(f"n{index}.mp3", 1.0), "subtitles": subtitles}
        for index in range(count)
    ]


def test_scenes_go_to_s3_and_come_back_as_videos(
    queue: SceneQueue, redis_url: str, namespace: str, s3: S3, media: Media, start_worker: Start, tmp_path: Path
) -> None:
    """Inputs uploaded, outputs with checksum and fingerprint, a bad scene named, a second job reusing what is there."""
    settings = ProducerSettings.load(redis_url=redis_url, namespace=namespace, inputs=f"{s3.uri}/inputs")
    (media.folder / "text.jpg").write_text("I am no picture")
    scenes = [*_scenes(media, 2), {**_scenes(media, 1)[0], "name": "bad", "image": media.folder / "text.jpg"}]
    start_worker("c1", slots=2, file_roots="[]")
    with Producer(settings=settings) as producer:
        handle = producer.submit_scenes(scenes, output=f"{s3.uri}/videos", options={"resolution": "360p"})
        assert handle.wait(90).state is JobState.FAILED
        assert [(result.name, result.state) for result in handle.results()] == [("s0", "done"), ("s1", "done"), ("bad", "dead")]
        assert "picture" in (handle.results()[2].error or "")
        files = handle.download(tmp_path / "in")
        assert [file.name for file in files] == ["s0.mp4", "s1.mp4"]
        with av.open(str(files[0])) as video:
            stream = video.streams.video[0]
            assert (stream.width, stream.height, stream.frames) == (640, 360, 30)
            assert video.streams.audio[0].codec_context.name == "aac"
        stored = producer.storage.stat(f"{s3.uri}/videos/s0.mp4")
        assert stored is not None
        assert stored.metadata["fingerprint"] == handle.results()[0].details["fingerprint"]
        again = producer.submit_scenes(scenes[:2], output=f"{s3.uri}/videos", options={"resolution": "360p"})
        again.wait(60)
        assert [result.details.get("reused") for result in again.results()] == [True, True]


def test_the_one_call_facade_returns_every_field_of_the_replaced_system(
    queue: SceneQueue, redis_url: str, namespace: str, media: Media, start_worker: Start, tmp_path: Path
) -> None:
    """From a real run; a failed scene is in the results with its reason, and is no success."""
    start_worker("c1", slots=2)
    picture = str(media.image())
    (media.folder / "noise.mp3").write_bytes(b"no sound" * 500)
    scenes = [
        {"scene_name": "a", "image_path": picture, "audio_path": str(media.tone("a.mp3", 1.0)), "subtitle_path": None},
        {"scene_name": "b", "image_path": picture, "audio_path": str(media.folder / "noise.mp3")},
    ]
    report = execute_parallel_batches(
        scenes,
        language="english",
        is_portrait=True,
        saving_dir=tmp_path / "out",
        redis_url=redis_url,
        namespace=namespace,
        timeout_s=90,
    )
    assert set(report) == {
        *(
            "success",
            "job_id",
            "output_directory",
            "total_scenes",
            "successful_scenes",
            "failed_scenes",
            "total_cost_usd",
            "total_time",
        ),
        *("total_duration", "parallel_time", "time_saved", "tasks_used", "scenes_per_batch", "batch_results"),
        *("output_directory", "downloaded_files", "task_results", "efficiency"),
    }
    assert (report["success"], report["total_scenes"], report["successful_scenes"], report["failed_scenes"]) == (True, 2, 1, 1)
    good, bad = report["batch_results"]
    assert good["success"]
    assert Path(good["local_file"]).stat().st_size == good["size"]
    assert not bad["success"]
    assert bad["error"]
    assert report["total_cost_usd"] > 0
    with av.open(good["local_file"]) as video:
        assert video.streams.video[0].height > video.streams.video[0].width


def test_two_scenes_of_one_name_never_overwrite_each_other(redis_url: str, namespace: str, media: Media, tmp_path: Path) -> None:
    """They are refused before anything is enqueued."""
    scene = _scenes(media, 1)[0]
    with pytest.raises(InvalidScenes, match="has this name too"):
        execute_parallel_batches([scene, scene], saving_dir=tmp_path / "out", redis_url=redis_url, namespace=namespace)
