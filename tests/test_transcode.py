"""From application code to verified files in S3 and back: the real producer, queue, worker programs and S3 API."""

import subprocess
from collections.abc import Callable
from pathlib import Path

import boto3

from producer import Producer
from scenequeue.jobs.job import JobState
from scenequeue.queue import SceneQueue
from scenequeue.settings import ProducerSettings
from tests.conftest import S3
from tests.container_worker.conftest import start_worker
from tests.support.numbered_clips.checking import video_faults
from tests.support.numbered_clips.making import encode
from tests.support.waiting import wait_until

__all__ = ["start_worker"]
Start = Callable[..., subprocess.Popen[bytes]]


def test_a_video_goes_to_s3_in_pieces_and_comes_back_whole(
    queue: SceneQueue, redis_url: str, namespace: str, s3: S3, start_worker: Start, tmp_path: Path
) -> None:
    """Uploaded once, encoded by two containers, delivered with its checksum; no working file is left."""
    settings = ProducerSettings.load(redis_url=redis_url, namespace=namespace, inputs=f"{s3.uri}/inputs")
    source = encode(tmp_path / "film.mp4", 75)
    for name in ("c1", "c2"):
        start_worker(name, file_roots="[]")
    with Producer(settings=settings) as producer:
        handle = producer.submit_transcode(source, output=f"{s3.uri}/videos", segment_s=1, container="mkv")
        assert handle.wait(90).state is JobState.DONE
        results = handle.results()
        assert [result.name for result in results] == [
            "probe", *(each.name for each in results if each.item_id.startswith("1-")), "join source", "verify",
        ]  # fmt: skip
        assert results[-1].output == f"{s3.uri}/videos/film-source.mkv"
        (made,) = handle.download(tmp_path / "in")
        assert video_faults(source, made, range(75)) == []
    del queue
    client = boto3.client("s3", endpoint_url=s3.endpoint_url)

    def working_files() -> list[str]:
        found = client.list_objects_v2(Bucket=s3.bucket, Prefix="videos/.sceneburst/")
        return [each["Key"] for each in found.get("Contents", ())]

    wait_until(lambda: not working_files(), "the working files were deleted")
