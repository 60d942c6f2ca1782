"""A container whose own surroundings are broken leaves, and harms no item."""

import errno
import resource
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import pytest

from container_worker import loop as loop_module, surroundings
from container_worker.exit_codes import Exit
from container_worker.failures import classify
from container_worker.kind import ItemContext
from container_worker.sandbox.child import error_for_exit
from container_worker.scratch import scratch_problem
from container_worker.surroundings import SurroundingsBroken, find_problem
from scenequeue.errors import BadInput, DiskFull, QueueUnavailable, SettingsError, ToolFailed
from scenequeue.jobs.item import Lease
from scenequeue.jobs.job import JobState
from scenequeue.queue import SceneQueue
from scenequeue.reasons import Code
from tests.container_worker.running import Running, attempts_of_the_ready, done
from tests.support.waiting import wait_until


def test_a_container_whose_scratch_folder_became_a_file_eats_no_item(
    queue: SceneQueue, tmp_path: Path, start_worker: Callable[..., subprocess.Popen[bytes]], submit_items: Any
) -> None:
    """Beside a healthy one: it hands its item back, with no attempt counted, and leaves with its own exit code."""
    (tmp_path / "go").touch()
    broken = start_worker("broken", scratch_dir=tmp_path / "other")
    wait_until(lambda: (tmp_path / "other").is_dir() and queue.inspect.containers(), "it is there")
    (tmp_path / "other").rmdir()
    (tmp_path / "other").write_text("a file")
    submit_items("a", *[("wait", {})] * 20, max_attempts=1)
    assert broken.wait(60) == Exit.BROKEN == 13
    counts = queue.producer.status("a").counts
    assert (counts.ready, counts.dead, counts.delayed) == (20, 0, 0)
    (record,) = queue.inspect.containers()
    assert record.code == Code.CONTAINER_BROKEN
    assert record.failed == 0
    start_worker("healthy", idle_timeout_s=0.5).wait(60)
    assert queue.producer.status("a").state is JobState.DONE


@pytest.mark.parametrize("more", [0, 8])
def test_a_container_that_can_open_nothing_more_eats_no_item(
    queue: SceneQueue, tmp_path: Path, start_worker: Callable[..., subprocess.Popen[bytes]], submit_items: Any, more: int
) -> None:
    """Also where a few descriptors are left: it hands back what it had, leaves, and no scratch folder stays."""
    (tmp_path / "go").touch()
    worker = start_worker("broken")
    (first,) = wait_until(queue.inspect.containers, "it is there")
    # Only then are its connections open: one waits for work, one beats.
    wait_until(lambda: queue._connection.client.info("clients")["blocked_clients"], "it waits for work")
    wait_until(lambda: queue.inspect.containers()[0].beat_ms > first.beat_ms, "it has beaten once more")
    process = psutil.Process(worker.pid)
    process.rlimit(psutil.RLIMIT_NOFILE, (process.num_fds() + more, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))
    submit_items("a", *[("use", {"descriptors": "24"})] * 20, max_attempts=1)
    assert worker.wait(60) == Exit.BROKEN
    counts = queue.producer.status("a").counts
    assert (counts.ready, counts.dead, counts.delayed) == (20, 0, 0)
    (record,) = queue.inspect.containers()
    assert record.code == Code.CONTAINER_BROKEN
    assert list((tmp_path / "scratch").iterdir()) == []


@pytest.mark.parametrize("error", [ToolFailed("code 1"), BadInput("not a picture"), OSError(errno.ENOENT, "gone")])
def test_a_scratch_folder_that_goes_while_an_item_is_in_it_is_not_the_items_fault(
    queue: SceneQueue, start: Callable[..., Running], submit_items: Any, error: Exception
) -> None:
    """Whatever the item then fails with, also where that could never pass."""

    def lose(work: ItemContext) -> None:
        work.scratch.rmdir()
        raise error

    submit_items("a", ("lose", {}))
    assert start({"lose": lose}, idle_timeout_s=30.0).wait() is Exit.BROKEN
    assert attempts_of_the_ready(queue, 1) == [1]


@pytest.mark.parametrize("broken", ["missing", "not executable"])
def test_an_ffmpeg_that_cannot_be_run_any_more_is_not_the_items_fault(
    queue: SceneQueue,
    start: Callable[..., Running],
    submit_items: Any,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    broken: str,
) -> None:
    """Found when an item fails in a way that may pass."""
    program = tmp_path / "ffmpeg"
    if broken == "not executable":
        program.touch()
    monkeypatch.setattr(surroundings, "find_ffmpeg", lambda: type("Found", (), {"path": program}))

    def fail(work: ItemContext) -> None:
        raise ToolFailed("the renderer ended with code 1")

    submit_items("a", ("fail", {}))
    assert start({"fail": fail}, idle_timeout_s=30.0).wait() is Exit.BROKEN
    assert attempts_of_the_ready(queue, 1) == [1]


def test_a_missing_tool_is_the_containers_fault(queue: SceneQueue, start: Callable[..., Running], submit_items: Any) -> None:
    """It leaves as misconfigured, and the item is handed back."""

    def fail(work: ItemContext) -> None:
        raise SettingsError("no ffmpeg")

    submit_items("a", ("fail", {}))
    assert start({"fail": fail}, idle_timeout_s=30.0).wait() is Exit.MISCONFIGURED
    assert attempts_of_the_ready(queue, 1) == [1]


def test_an_item_that_no_container_is_set_up_for_ends_as_a_dead_letter_with_its_reason(
    queue: SceneQueue, start: Callable[..., Running], submit_items: Any
) -> None:
    """Or one address that no container has credentials for would end one container after the other, for ever."""

    def fail(work: ItemContext) -> None:
        with work.slot():
            raise SettingsError("s3://bucket/a.jpg: no AWS credentials")

    submit_items("a", ("fail", {}), max_attempts=1)
    for _ in range(11):
        assert queue.producer.status("a").state is JobState.ACTIVE
        assert start({"fail": fail}, idle_timeout_s=30.0).wait() is Exit.MISCONFIGURED
    (letter,) = queue.inspect.dead("a")
    assert (letter.errors[-1].error, "no AWS credentials" in letter.errors[-1].message) == ("NotSetUp", True)
    assert queue.producer.status("a").state is JobState.FAILED


def test_an_item_that_fails_in_good_surroundings_is_at_fault(
    queue: SceneQueue, start: Callable[..., Running], submit_items: Any
) -> None:
    """Or one that breaks something of its own would go from container to container for ever."""

    def fail(work: ItemContext) -> None:
        raise OSError(errno.EMFILE, "too many open files")

    submit_items("a", ("fail", {}), max_attempts=1)
    start({"fail": fail, "done": done})
    wait_until(lambda: queue.producer.status("a").state is JobState.FAILED, "it is a dead letter")
    (letter,) = queue.inspect.dead("a")
    assert letter.errors[-1].error == "OSError"


def test_a_machine_without_threads_keeps_no_item(
    queue: SceneQueue, start: Callable[..., Running], submit_items: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its lease would be prolonged for ever, by nobody's work."""

    class NoThread:
        def __init__(self, **_: Any) -> None:
            pass

        def start(self) -> None:
            raise RuntimeError("can't start new thread")

    real = loop_module.threading.Thread
    monkeypatch.setattr(
        loop_module.threading, "Thread", lambda **named: NoThread() if "/" in named.get("name", "") else real(**named)
    )
    submit_items("a", ("done", {}))
    assert start({"done": done}, idle_timeout_s=30.0).wait() is Exit.BROKEN
    monkeypatch.undo()
    assert attempts_of_the_ready(queue, 1) == [1]


def test_what_is_wrong_is_found_and_named(tmp_path: Path) -> None:
    """A file, or something under a file, in the folder's place; a folder that is gone is made again."""
    (tmp_path / "file").touch()
    assert scratch_problem(tmp_path / "new") is None
    for place in (tmp_path / "file", tmp_path / "file" / "below"):
        problem = scratch_problem(place)
        assert problem is not None
        assert problem.text.startswith(f"{place} cannot be written to")
    assert find_problem(tmp_path, thoroughly=True) is None


def test_a_process_without_file_descriptors_is_broken(tmp_path: Path) -> None:
    """No scratch file can be opened, so no item could be done."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (3, hard))
        problem = find_problem(tmp_path, thoroughly=True)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert problem is not None
    assert "Too many open files" in problem.text


def test_too_few_file_descriptors_for_an_item_are_found(tmp_path: Path) -> None:
    """One more file can be opened, but not all that an item opens at once."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (psutil.Process().num_fds() + 10, hard))
        problem = find_problem(tmp_path, thoroughly=False)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert problem is not None
    assert "more files can be opened" in problem.text
    assert find_problem(tmp_path, thoroughly=False) is None


def test_a_lease_that_cannot_be_asked_for_here_ends_the_container(
    queue: SceneQueue, start: Callable[..., Running], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a descriptor for its connection it would ask for ever."""

    def refuse(*_: Any, **__: Any) -> list[Lease]:
        raise QueueUnavailable("too many open files")

    monkeypatch.setattr(queue.worker, "lease", refuse)
    (tmp_path / "scratch").touch()
    assert start({"done": done}, idle_timeout_s=30.0).wait() is Exit.BROKEN


def test_broken_surroundings_are_told_from_a_full_disk() -> None:
    """Each has its own exit code; a quota that is used up is a full disk too, also where a child says so."""
    assert classify(SurroundingsBroken("gone")).is_broken
    assert not classify(DiskFull("full")).is_broken
    for said in ("x: No space left on device", "x: Disk quota exceeded"):
        assert isinstance(error_for_exit(1, said, "ffmpeg"), DiskFull)
