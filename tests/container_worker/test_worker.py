"""The worker program, run for real and really killed."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from container_worker.exit_codes import Exit
from container_worker.media.ffmpeg import find_ffmpeg
from container_worker.sandbox.probe import probe
from sceneburst.local.embedded_redis import EmbeddedRedis
from scenequeue.errors import QueueUnavailable
from scenequeue.jobs.ids import check_job_id
from scenequeue.jobs.item import WorkItem
from scenequeue.jobs.job import JobSpec, JobState
from scenequeue.queue import SceneQueue
from scenequeue.settings import SceneburstSettings
from tests.scenequeue.jobs import end_leases, waiting_needs
from tests.support.waiting import wait_until

Start = Callable[..., subprocess.Popen[bytes]]
SubmitItems = Callable[..., None]


def _log(folder: Path) -> list[list[str]]:
    file = folder / "log"
    return [line.split() for line in file.read_text().splitlines()] if file.exists() else []


def _started(folder: Path, count: int = 1) -> bool:
    return sum(line[0] == "start" for line in _log(folder)) >= count


def _state(queue: SceneQueue, job_id: str = "a") -> JobState:
    return queue.producer.status(job_id).state


def test_a_worker_finishes_what_there_is_and_leaves_when_idle(
    queue: SceneQueue, start_worker: Start, submit_items: SubmitItems, tmp_path: Path
) -> None:
    """Exit code 0, a goodbye with the reason, and no scratch folder left."""
    (tmp_path / "go").touch()
    submit_items("a", *[("wait", {})] * 3)
    worker = start_worker("c1", idle_timeout_s=0.5)
    assert worker.wait(60) == Exit.IDLE
    assert _state(queue) is JobState.DONE
    (record,) = queue.inspect.containers()
    assert (record.state, record.exit_reason, record.done) == ("gone", "idle", 3)
    assert list((tmp_path / "scratch").iterdir()) == []


def test_a_frozen_worker_that_wakes_has_its_result_refused(
    queue: SceneQueue, start_worker: Start, submit_items: SubmitItems, tmp_path: Path
) -> None:
    """SIGSTOP past the lease, then SIGCONT: the late result changes nothing."""
    submit_items("a", ("wait", {}))
    frozen = start_worker("c1")
    wait_until(lambda: _started(tmp_path), "the item runs")
    os.kill(frozen.pid, signal.SIGSTOP)
    wait_until(lambda: end_leases(queue) == 1, "the lease ends")
    (tmp_path / "go").touch()
    start_worker("c2")
    wait_until(lambda: _state(queue) is JobState.DONE, "another worker has done it")
    os.kill(frozen.pid, signal.SIGCONT)
    wait_until(
        lambda: b"refused" in (tmp_path / "c1.log").read_bytes() or b"lease lost" in (tmp_path / "c1.log").read_bytes(),
        "it learns",
    )
    assert queue.producer.status("a").counts.done == 1
    assert [result.container for result in queue.producer.results("a")] == ["c2"]


def test_an_item_of_a_frozen_worker_is_done_by_another_before_its_lease_ends(
    queue: SceneQueue, start_worker: Start, tmp_path: Path
) -> None:
    """By a spare lease, once no more than it is left of its stage; when the worker wakes, its child is stopped."""
    folder = {"folder": str(tmp_path)}
    slow = WorkItem(kind="wait", name="slow", weight=50, payload={**folder, "until": "never"})
    queue.producer.submit(
        JobSpec(job_id=check_job_id("a")), [[slow, WorkItem(kind="wait", name="rest", weight=950, payload=folder)]]
    )
    frozen = start_worker("c1")
    wait_until(lambda: _started(tmp_path), "the item runs")
    os.kill(frozen.pid, signal.SIGSTOP)
    (tmp_path / "go").touch()
    start_worker("c2")
    wait_until(lambda: _started(tmp_path, 3), "the other worker has begun it too")
    (tmp_path / "never").touch()
    wait_until(lambda: _state(queue) is JobState.DONE, "the other worker has done it")
    (tmp_path / "never").unlink()
    os.kill(frozen.pid, signal.SIGCONT)
    wait_until(lambda: any(line[0] == "stopped" for line in _log(tmp_path)), "it is stopped")
    assert {result.container: result.attempts for result in queue.producer.results("a")} == {"c2": 1}
    counts = queue.producer.status("a").counts
    assert (counts.done, counts.dead, counts.total) == (2, 0, 2)


def test_a_draining_worker_finishes_what_runs_and_hands_the_rest_back(
    queue: SceneQueue, start_worker: Start, submit_items: SubmitItems, tmp_path: Path
) -> None:
    """SIGTERM: the running item ends well, the prefetched one comes back with its attempt not counted."""
    submit_items("a", *[("wait", {})] * 3)
    worker = start_worker("c1")
    wait_until(lambda: _started(tmp_path) and queue.inspect.depth().counts.leased == 2, "one runs, one is prefetched")
    worker.terminate()
    wait_until(lambda: queue.inspect.depth().counts.leased == 1, "the prefetched one is handed back")
    (tmp_path / "go").touch()
    assert worker.wait(60) == Exit.DRAINED
    counts = queue.producer.status("a").counts
    assert (counts.done, counts.ready) == (1, 2)
    assert [lease.attempt for lease in queue.worker.lease("x", 2, serves=waiting_needs(queue))] == [1, 1]


def test_after_the_grace_a_draining_worker_hands_back_even_what_runs(
    queue: SceneQueue, start_worker: Start, submit_items: SubmitItems, tmp_path: Path
) -> None:
    """A Spot reclaim does not wait for long scenes."""
    submit_items("a", ("wait", {}))
    worker = start_worker("c1", drain_grace_s=0.3)
    wait_until(lambda: _started(tmp_path), "the item runs")
    worker.terminate()
    assert worker.wait(60) == Exit.DRAINED
    assert [lease.attempt for lease in queue.worker.lease("x", 1, serves=waiting_needs(queue))] == [1]


def test_the_dispatchers_drain_mark_makes_a_worker_leave(queue: SceneQueue, start_worker: Start) -> None:
    """The mark is seen with the next beat."""
    worker = start_worker("c1")
    wait_until(queue.inspect.containers, "the worker has said hello")
    queue.dispatcher.drain("c1")
    assert worker.wait(60) == Exit.DRAINED


def test_a_cancelled_job_stops_what_runs_within_a_beat(
    queue: SceneQueue, start_worker: Start, submit_items: SubmitItems, tmp_path: Path
) -> None:
    """The running item is stopped, the worker goes on with other work."""
    submit_items("a", ("wait", {}))
    start_worker("c1")
    wait_until(lambda: _started(tmp_path), "the item runs")
    queue.producer.cancel("a")
    wait_until(lambda: any(line[0] == "stopped" for line in _log(tmp_path)), "the item is stopped")
    wait_until(lambda: queue.producer.status("a").counts.dropped == 1, "it counts as dropped")


def test_bad_items_die_while_their_neighbours_finish(
    queue: SceneQueue, start_worker: Start, submit_items: SubmitItems, tmp_path: Path
) -> None:
    """Permanent errors at once, bugs and tools' errors after their attempts; the worker lives on."""
    (tmp_path / "go").touch()
    submit_items("a", ("misbehave", {"how": "bad"}), ("wait", {}), ("misbehave", {"how": "bug"}), ("wait", {}), max_attempts=1)
    start_worker("c1")
    wait_until(lambda: _state(queue) is JobState.FAILED, "the job has ended")
    assert queue.producer.status("a").counts.done == 2
    errors = {letter.errors[-1].error: letter.errors[-1].message for letter in queue.inspect.dead()}
    assert errors == {"BadInput": "image: not a picture", "ValueError": "unexpected: a bug: bug"}


def test_an_item_that_kills_its_worker_ends_as_a_dead_letter(
    queue: SceneQueue, start_worker: Start, submit_items: SubmitItems, tmp_path: Path
) -> None:
    """Poison: two workers die of it, and its neighbour is done all the same."""
    (tmp_path / "go").touch()
    submit_items("a", ("misbehave", {"how": "kill"}), max_attempts=2)
    # Each death may cost it an attempt: the same workers may have begun it.
    submit_items("b", ("wait", {}), max_attempts=3)
    for number in range(2):
        assert start_worker(f"c{number}").wait(60) == -signal.SIGKILL
        assert end_leases(queue) >= 1
    start_worker("c9")
    wait_until(lambda: _state(queue) is JobState.FAILED, "the job has ended")
    wait_until(lambda: _state(queue, "b") is JobState.DONE, "its neighbour is done")
    (letter,) = queue.inspect.dead()
    assert letter.item_id == "0-0"


def test_work_of_an_unknown_kind_is_left_to_others_without_spinning(
    queue: SceneQueue, start_worker: Start, submit_items: SubmitItems, tmp_path: Path
) -> None:
    """It is never leased, the beat says what is served, and the attempts stay."""
    submit_items("a", ("teleport", {}), ("wait", {}))
    (tmp_path / "go").touch()
    start_worker("c1", idle_timeout_s=0.5).wait(60)
    (record,) = queue.inspect.containers()
    assert "wait/1" in record.serves.split()
    assert "teleport" not in record.serves
    leased = [str(event.item_id) for event in queue.producer.events("a", count=1000) if event.event == "leased"]
    assert leased == ["0-1"]
    (lease,) = queue.worker.lease("x", 1, serves=waiting_needs(queue))
    assert lease.attempt == 1
    queue.worker.release("x", [lease])
    queue.producer.cancel("a")


def test_a_result_finished_while_redis_is_gone_is_handed_in_once_it_is_back(
    start_worker: Start, namespace: str, tmp_path: Path
) -> None:
    """Promise 3: kill -9 of Redis, the item ends, Redis comes back from its append-only file, one result."""
    server = EmbeddedRedis(tmp_path, is_durable=True)
    server.start()
    queue = SceneQueue(SceneburstSettings.load(redis_url=server.url, namespace=namespace))
    try:
        work = WorkItem(kind="wait", name="one", payload={"folder": str(tmp_path)})
        queue.producer.submit(JobSpec(job_id=check_job_id("a")), [[work, work.model_copy(update={"name": "two"})]])
        start_worker("c1", url=server.url, lease_s=30)
        wait_until(lambda: _started(tmp_path), "the item runs")
        server.kill()
        (tmp_path / "go").touch()
        wait_until(lambda: any(line[0] == "end" for line in _log(tmp_path)), "the item ends without Redis")
        server.start()

        def is_done() -> bool:
            try:
                return queue.producer.status("a").counts.done == 2
            except QueueUnavailable:
                return False

        wait_until(is_done, "both results are in")
        assert [line[1] for line in _log(tmp_path) if line[0] == "start"] == ["0-0", "0-1"]
    finally:
        queue.close()
        server.stop()


def test_a_worker_without_redis_waits_with_little_cpu_then_gives_up(start_worker: Start, tmp_path: Path) -> None:
    """No spinning, and an exit code of its own."""
    worker = start_worker("c1", url="redis://127.0.0.1:1/0", redis_patience_s=0.5)
    assert worker.wait(60) == Exit.REDIS_LOST


def test_a_wrong_setting_is_one_clear_line(tmp_path: Path) -> None:
    """Exit code 2, the variable's name, and not its value."""
    environment = {**os.environ, "SCENEBURST_SLOTS": "many"}
    done = subprocess.run(
        [sys.executable, "-m", "container_worker"], env=environment, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == Exit.MISCONFIGURED
    assert "SCENEBURST_SLOTS" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_worker_says_at_which_level_its_children_are_kept_apart(
    queue: SceneQueue, redis_url: str, namespace: str, tmp_path: Path
) -> None:
    """In its record, from the first beat on."""
    environment = {
        "SCENEBURST_REDIS_URL": redis_url, "SCENEBURST_NAMESPACE": namespace, "SCENEBURST_CONTAINER_ID": "c1",
        "SCENEBURST_IDLE_TIMEOUT_S": "0.1", "SCENEBURST_SCRATCH_DIR": str(tmp_path),
    }  # fmt: skip
    subprocess.run([sys.executable, "-m", "container_worker"], env={**os.environ, **environment}, timeout=60, check=True)
    [record] = queue.inspect.containers()
    assert record.isolation == probe(find_ffmpeg().path).level
