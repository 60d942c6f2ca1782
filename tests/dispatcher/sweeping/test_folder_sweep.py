"""The dispatcher removes what jobs have left in their working folders, and nothing else."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import boto3
import pytest

from dispatcher.sweeping.folder_sweep import FolderSweep
from dispatcher.tick import Dispatcher
from scenequeue.jobs.ids import check_job_id
from scenequeue.jobs.job import JobSpec
from scenequeue.queue import SceneQueue
from scenequeue.settings import DispatcherSettings
from scenequeue.storages.uri import UriStorage
from tests.conftest import S3
from tests.dispatcher.no_fleet import NoFleet
from tests.scenequeue.jobs import end_folder_pauses, items
from tests.support.s3_denials import deny
from tests.support.waiting import wait_until


def _leave(queue: SceneQueue, job_id: str, output: str, folder: str = "") -> str:
    """A cancelled job, as it stands in the queue; returns the address of its working folder."""
    address = folder or f"{output}/.sceneburst/{job_id}"
    queue.producer.submit(JobSpec(job_id=check_job_id(job_id), work_folder=address), [items(1)])
    queue.producer.cancel(job_id)
    return address


def _local(folder: Path, job_id: str) -> Path:
    """A segment in the working folder of a job."""
    segment = folder / ".sceneburst" / job_id / "0" / "segments" / "00000-360p.nut"
    segment.parent.mkdir(parents=True)
    segment.write_bytes(b"frames")
    return segment


def _put(s3: S3, key: str) -> None:
    boto3.client("s3", endpoint_url=s3.endpoint_url).put_object(Bucket=s3.bucket, Key=key, Body=b"frames")


def _keys(s3: S3) -> list[str]:
    found = boto3.client("s3", endpoint_url=s3.endpoint_url).list_objects_v2(Bucket=s3.bucket)
    return [each["Key"] for each in found.get("Contents", [])]


def _fence(queue: SceneQueue) -> int:
    fence = queue.dispatcher.acquire("me", 600)
    assert fence is not None
    return fence


def _pauses_s(queue: SceneQueue) -> dict[str, float]:
    """Each folder that is known, with the time until it is taken next."""
    found = queue._connection.client.zrange(queue._connection.keys.of("jobs:folders"), 0, -1, withscores=True)
    now_ms = queue.inspect.now_ms()
    return {member.partition(" ")[0]: (at_ms - now_ms) / 1000 for member, at_ms in found}


def test_a_tick_removes_a_cancelled_job_s_folder_and_nothing_beside_it(
    queue: SceneQueue, settings: DispatcherSettings, tmp_path: Path
) -> None:
    """On this machine's files: the videos, the folders of other jobs and `.sceneburst` itself stay."""
    _local(tmp_path, "a")
    other, video = _local(tmp_path, "other"), tmp_path / "film-360p.mp4"
    video.write_bytes(b"a film")
    _leave(queue, "a", f"file://{tmp_path}")
    sweep = FolderSweep(queue, UriStorage(settings))
    dispatcher = Dispatcher(queue, NoFleet(), settings, sweep=sweep)
    dispatcher.tick()
    assert sweep.wait(30)
    assert not (tmp_path / ".sceneburst" / "a").exists()
    assert other.exists()
    assert video.exists()
    # Until the job expires.
    assert _pauses_s(queue)["a"] > 86_400
    dispatcher.close()


def test_a_folder_in_a_bucket_goes_with_all_its_objects(queue: SceneQueue, settings: DispatcherSettings, s3: S3) -> None:
    """And an object whose name only begins alike stays."""
    for key in ("films/.sceneburst/a/0/plan.json", "films/.sceneburst/a/0/joined/360p.mp4", "films/.sceneburst/ab/0/plan.json"):
        _put(s3, key)
    _leave(queue, "a", f"{s3.uri}/films")
    sweep = FolderSweep(queue, UriStorage(settings))
    sweep.run(_fence(queue))
    assert sweep.wait(30)
    assert _keys(s3) == ["films/.sceneburst/ab/0/plan.json"]


@pytest.mark.parametrize(
    "written",
    ["{root}", "{root}/.sceneburst/other", "{root}/.sceneburst", "{root}/.sceneburst/a/../other", "{outside}/.sceneburst/a",
     "/a/.sceneburst/a", "https://example.org/.sceneburst/a", "gopher://a/.sceneburst/a", "file://host/.sceneburst/a",
     "{root}/.sceneburst/other/../a", "{root}/link/.sceneburst/a", "\x00{root}/.sceneburst/a"],
)  # fmt: skip
def test_an_address_that_somebody_else_wrote_leads_nowhere_else(
    queue: SceneQueue, settings: DispatcherSettings, tmp_path: Path, written: str
) -> None:
    """Only the job's own folder, and only below the dispatcher's roots."""
    root, outside = tmp_path / "root", tmp_path / "outside"
    kept = [_local(root, "other"), _local(outside, "a"), _local(outside, "other")]
    (root / "link").symlink_to(outside)
    _leave(queue, "a", "", folder=written.format(root=f"file://{root}", outside=f"file://{outside}"))
    sweep = FolderSweep(queue, UriStorage(settings.model_copy(update={"file_roots": [root]})))
    sweep.run(_fence(queue))
    assert sweep.wait(30)
    assert all(path.exists() for path in kept)


def test_a_bucket_that_is_refused_keeps_no_other_folder_waiting_and_is_tried_again(
    queue: SceneQueue, settings: DispatcherSettings, tmp_path: Path, s3: S3
) -> None:
    """A role without the permission: the folder is taken again after a pause, and removed when it has it."""
    _put(s3, "films/.sceneburst/a/0/plan.json")
    segment = _local(tmp_path, "b")
    _leave(queue, "a", f"{s3.uri}/films")
    _leave(queue, "b", f"file://{tmp_path}")
    refused = UriStorage(settings)
    deny(refused._for(s3.uri)._client, "DeleteObjects")  # type: ignore[attr-defined]
    sweep = FolderSweep(queue, refused)
    sweep.run(_fence(queue))
    assert sweep.wait(30)
    assert not segment.exists()
    assert len(_keys(s3)) == 1
    assert 0 < _pauses_s(queue)["a"] <= 61
    end_folder_pauses(queue)
    allowed = FolderSweep(queue, UriStorage(settings))
    allowed.run(_fence(queue))
    assert allowed.wait(30)
    assert _keys(s3) == []


def test_while_a_bucket_does_not_answer_its_other_folders_are_put_off_untried(
    queue: SceneQueue, settings: DispatcherSettings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, s3: S3
) -> None:
    """One time-out for all of them, and the files of this machine do not wait for it."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        closed = f"http://127.0.0.1:{listener.getsockname()[1]}"
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", closed)
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    for job_id in ("a", "b", "c"):
        _leave(queue, job_id, f"{s3.uri}/films")
    segment = _local(tmp_path, "d")
    _leave(queue, "d", f"file://{tmp_path}")
    sweep = FolderSweep(queue, UriStorage(settings))
    sweep.run(_fence(queue))
    assert sweep.wait(60)
    assert not segment.exists()
    pauses = _pauses_s(queue)
    assert all(0 < pauses[job_id] <= 61 for job_id in ("a", "b", "c"))
    _leave(queue, "e", f"{s3.uri}/films")
    sweep.run(_fence(queue))
    assert sweep._running == {}
    assert 0 < _pauses_s(queue)["e"] <= 61


def test_a_dispatcher_that_is_killed_in_the_middle_leaves_the_folder_to_the_next(
    queue: SceneQueue, settings: DispatcherSettings, redis_url: str, namespace: str, tmp_path: Path, s3: S3
) -> None:
    """The program as it is, with kill -9 while the bucket has not answered yet."""
    _put(s3, "films/.sceneburst/a/0/plan.json")
    _leave(queue, "a", f"{s3.uri}/films")
    with socket.create_server(("127.0.0.1", 0)) as silent:
        environment = {
            **os.environ, "SCENEBURST_REDIS_URL": redis_url, "SCENEBURST_NAMESPACE": namespace, "SCENEBURST_TICK_S": "0.3",
            "SCENEBURST_STATE_DIR": str(tmp_path / "state"),
            "AWS_ENDPOINT_URL_S3": f"http://127.0.0.1:{silent.getsockname()[1]}",
        }  # fmt: skip
        program = subprocess.Popen([sys.executable, "-m", "dispatcher"], env=environment, stderr=subprocess.DEVNULL)
        try:
            silent.settimeout(60)
            connection, _ = silent.accept()
            # It ticks on, though the storage is silent.
            before = queue.inspect.plan()
            wait_until(lambda: queue.inspect.plan() != before, "it ticks on")
            connection.close()
        finally:
            program.kill()
            program.wait()
    queue._connection.client.delete(queue._connection.keys.of("dispatcher"))
    assert _pauses_s(queue)["a"] > 60
    end_folder_pauses(queue)
    sweep = FolderSweep(queue, UriStorage(settings))
    sweep.run(_fence(queue))
    assert sweep.wait(30)
    assert _keys(s3) == []


def test_a_dispatcher_that_leaves_gives_back_what_it_has_not_begun(
    queue: SceneQueue, settings: DispatcherSettings, tmp_path: Path
) -> None:
    """The next one takes it at once."""
    segment = _local(tmp_path, "a")
    _leave(queue, "a", f"file://{tmp_path}")
    sweep = FolderSweep(queue, UriStorage(settings))
    sweep.close()
    sweep.run(_fence(queue))
    assert sweep.wait(30)
    assert segment.exists()
    following = FolderSweep(queue, UriStorage(settings))
    wait_until(lambda: _pauses_s(queue)["a"] <= 0, "it is due again")
    following.run(_fence(queue))
    assert following.wait(30)
    assert not segment.exists()
