"""Worker programs that render for real, and what goes wrong around them."""

import itertools
import subprocess
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from container_worker.exit_codes import Exit
from sceneburst.local.embedded_redis import EmbeddedRedis
from scenequeue.errors import QueueUnavailable
from scenequeue.jobs.ids import check_job_id
from scenequeue.jobs.item import WorkItem
from scenequeue.jobs.job import JobSpec, JobState
from scenequeue.queue import SceneQueue
from scenequeue.settings import SceneburstSettings
from tests.scenequeue.jobs import end_leases
from tests.support.media import Media
from tests.support.processes import is_alive
from tests.support.waiting import wait_until

Start = Callable[..., subprocess.Popen[bytes]]


@pytest.fixture
def submit_scenes(queue: SceneQueue, media: Media, tmp_path: Path) -> Callable[..., None]:
    """Submits render items of one job with narrations of so many seconds, which they say unless told another weight."""

    def submit(job_id: str, *seconds: float, weight: float | None = None) -> None:
        items = [
            WorkItem(
                name=f"s{index}",
                weight=length if weight is None else weight,
                payload={
                    "image": media.image().as_uri(),
                    "audio": media.tone(f"{job_id}{index}.wav", length).as_uri(),
                    "output": f"file://{tmp_path}/out/{job_id}{index}.mp4",
                },
            )
            for index, length in enumerate(seconds)
        ]
        spec = JobSpec(job_id=check_job_id(job_id), options={"render": {"resolution": "360p", "motion": "zoom_in"}})
        queue.producer.submit(spec, [items])

    return submit


def _children(pid: int) -> list[psutil.Process]:
    try:
        return psutil.Process(pid).children(recursive=True)
    except psutil.NoSuchProcess:
        return []


def _is_encoder(process: psutil.Process, worker_pid: int) -> bool:
    """Started by the renderer; what the worker itself starts only asks for ffmpeg's version."""
    return "ffmpeg" in Path(process.exe()).name and process.ppid() != worker_pid


def _encoding(pid: int) -> list[psutil.Process]:
    """The worker's children, once an encoder is among them."""
    children = _children(pid)
    try:
        return children if any(_is_encoder(child, pid) for child in children) else []
    except psutil.Error:
        return []


def _frozen(pid: int) -> list[psutil.Process]:
    """The worker's children; its encoder stands still, so that no scene ends before its time comes."""
    children = wait_until(lambda: _encoding(pid), "it encodes")
    for child in children:
        if _is_encoder(child, pid):
            child.suspend()
    return children


def _alive(processes: list[psutil.Process]) -> list[psutil.Process]:
    return [process for process in processes if is_alive(process)]


def test_a_killed_worker_takes_its_children_along_and_another_renders_its_scene(
    queue: SceneQueue, start_worker: Start, submit_scenes: Callable[..., None], tmp_path: Path
) -> None:
    """Kill -9 in the middle of an encode: no process is left, each item is done once, and only the one at work has its attempt
    counted. The last lines of its log outlive it.
    """
    # It says that it is short: the next one is fetched as soon as it encodes, not in its last moments.
    submit_scenes("a", 20.0, weight=0.5)
    victim = start_worker("c1")
    children = _frozen(victim.pid)
    submit_scenes("b", 0.5)
    wait_until(lambda: queue.inspect.depth().counts.leased == 2, "it has fetched the next one")
    wait_until(lambda: queue.inspect.log("c1"), "its heartbeat has told its log")
    victim.kill()
    victim.wait()
    assert "container starts" in queue.inspect.log("c1")[0]
    wait_until(lambda: not _alive(children), "its children are gone")
    assert not (tmp_path / "out" / "a0.mp4").exists()
    assert end_leases(queue) == 2
    start_worker("c2", slots=2)

    def is_done() -> bool:
        return all(queue.producer.status(job_id).state is JobState.DONE for job_id in "ab")

    wait_until(is_done, "another has rendered all", 90)
    for job_id in "ab":
        assert [event.event for event in queue.producer.events(job_id, count=1000)].count("done") == 1
    (long,) = queue.producer.results("a")
    (short,) = queue.producer.results("b")
    assert (long.attempts, long.container) == (2, "c2")
    assert (short.attempts, short.container) == (1, "c2")
    assert long.duration_s == pytest.approx(20.0, abs=1 / 25)


def test_cancelling_kills_the_running_encoder_within_a_beat(
    queue: SceneQueue, start_worker: Start, submit_scenes: Callable[..., None], tmp_path: Path
) -> None:
    """No output appears, and the same worker does the next job."""
    submit_scenes("a", 20.0)
    worker = start_worker("c1")
    children = _frozen(worker.pid)
    queue.producer.cancel("a")
    wait_until(lambda: not _alive(children), "the children are gone")
    assert not (tmp_path / "out").exists()
    submit_scenes("b", 0.5)
    wait_until(lambda: queue.producer.status("b").state is JobState.DONE, "the next job is done")


def test_a_terminated_worker_ends_what_outlasts_its_grace(
    queue: SceneQueue, start_worker: Start, submit_scenes: Callable[..., None]
) -> None:
    """The encoder is killed, the scene handed back without its attempt counted."""
    submit_scenes("a", 20.0)
    worker = start_worker("c1", drain_grace_s=0.2)
    children = _frozen(worker.pid)
    worker.terminate()
    assert worker.wait(60) == Exit.DRAINED
    assert not _alive(children)
    (lease,) = queue.worker.lease("other", 1)
    assert lease.attempt == 1
    queue.worker.release("other", [lease])
    queue.producer.cancel("a")


def test_an_encoder_killed_from_outside_is_a_passing_error(
    queue: SceneQueue, start_worker: Start, submit_scenes: Callable[..., None]
) -> None:
    """As by the kernel when memory runs out: retried after a pause, and done by the second attempt."""
    submit_scenes("a", 20.0)
    worker = start_worker("c1")
    for child in _frozen(worker.pid):
        if _is_encoder(child, worker.pid):
            child.kill()
    wait_until(lambda: queue.producer.status("a").state is JobState.DONE, "it is done all the same")
    (result,) = queue.producer.results("a")
    assert result.attempts == 2


def test_an_outage_longer_than_the_idle_timeout_is_sat_out_by_an_idle_worker(
    start_worker: Start, namespace: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Redis is killed and comes back from its append-only file: the same worker goes on."""
    clock, counted_anew = tmp_path / "ahead", tmp_path / "counted-anew"
    monkeypatch.setenv("IDLE_CLOCK", str(clock))
    monkeypatch.setenv("IDLE_TIME_COUNTED_ANEW", str(counted_anew))
    server = EmbeddedRedis(tmp_path, is_durable=True)
    server.start()
    queue = SceneQueue(SceneburstSettings.load(redis_url=server.url, namespace=namespace))
    try:
        worker = start_worker("c1", url=server.url, idle_timeout_s=600, min_lifetime_s=0)
        wait_until(queue.inspect.containers, "hello")
        server.kill()
        clock.write_text("3600")
        wait_until(lambda: counted_anew.exists() and "3600" in counted_anew.read_text(), "it has asked in vain an hour later")
        assert worker.poll() is None
        server.start()

        def submit() -> bool:
            try:
                item = WorkItem(kind="wait", name="one", payload={"folder": str(tmp_path)})
                queue.producer.submit(JobSpec(job_id=check_job_id("a")), [[item]])
            except QueueUnavailable:
                return False
            return True

        (tmp_path / "go").touch()
        wait_until(submit, "Redis takes the job")
        wait_until(lambda: queue.producer.status("a").state is JobState.DONE, "the worker has done it")
        # An hour at a time: the worker may not yet have handed in the item.
        hours = itertools.count(2)
        wait_until(lambda: clock.write_text(str(3600 * next(hours))) and worker.poll() is not None, "it is idle")
        assert worker.poll() == Exit.IDLE
    finally:
        queue.close()
        server.stop()


def test_a_worker_told_to_leave_while_redis_is_gone_leaves_after_its_grace(
    start_worker: Start, namespace: str, tmp_path: Path
) -> None:
    """A finished result that nobody takes does not keep it beyond the time that Spot gives."""
    server = EmbeddedRedis(tmp_path, is_durable=True)
    server.start()
    queue = SceneQueue(SceneburstSettings.load(redis_url=server.url, namespace=namespace))
    try:
        item = WorkItem(kind="wait", name="one", payload={"folder": str(tmp_path)})
        queue.producer.submit(JobSpec(job_id=check_job_id("a")), [[item]])
        worker = start_worker("c1", url=server.url, lease_s=30, drain_grace_s=0.5)
        wait_until((tmp_path / "log").exists, "the item runs")
        server.kill()
        (tmp_path / "go").touch()
        wait_until(lambda: "end" in (tmp_path / "log").read_text(), "the item ends without Redis")
        worker.terminate()
        assert worker.wait(60) == Exit.DRAINED
        assert list((tmp_path / "scratch").iterdir()) == []
    finally:
        queue.close()
        server.stop()
