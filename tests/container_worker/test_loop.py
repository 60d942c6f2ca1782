"""The worker's loop, inside the test's own process and on real Redis, so that items can be watched."""

import errno
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from container_worker import drain as drain_module
from container_worker.exit_codes import Exit
from container_worker.kind import ItemContext
from container_worker.loop import WorkLoop, look_s
from container_worker.sandbox.child import Stopped
from scenequeue.errors import DiskFull, QueueUnavailable, SettingsError, StorageUnavailable
from scenequeue.queue import SceneQueue
from tests.container_worker.running import Running, attempts_of_the_ready, done, is_done
from tests.scenequeue.jobs import submit_kinds, waiting_needs
from tests.support.reasons import said
from tests.support.waiting import wait_until


def test_a_used_up_budget_does_not_end_the_work(queue: SceneQueue, start: Callable[..., Running], submit_items: Any) -> None:
    """`batch` is what the planner counts with; what slow containers leave is taken too."""
    submit_items("a", *[("done", {})] * 5)
    assert start({"done": done}, batch=1).wait() is Exit.IDLE
    assert is_done(queue)


def test_the_next_item_is_prepared_while_one_works_and_another_is_delivered(
    queue: SceneQueue, start: Callable[..., Running], submit_items: Any
) -> None:
    """Three stages at once with one slot, and never two items in it."""
    go = {name: threading.Event() for name in ("a0", "a1", "a2")}
    first_works = threading.Event()
    seen: list[str] = []

    def staged(work: ItemContext) -> None:
        name = work.lease.item.name
        seen.append(f"prepare {name}")
        assert name == "a0" or first_works.wait(60)
        with work.slot():
            seen.append(f"work {name}")
            first_works.set()
            assert go[name].wait(60)
        seen.append(f"deliver {name}")
        assert name != "a0" or go["a1"].wait(60)

    submit_items("a", *[("staged", {})] * 3)
    start({"staged": staged})
    wait_until(lambda: {"work a0", "prepare a1"} <= set(seen), "a1 is prepared while a0 works")
    assert "prepare a2" not in seen
    go["a0"].set()
    wait_until(lambda: {"deliver a0", "work a1", "prepare a2"} <= set(seen), "all three stages are busy")
    assert "work a2" not in seen
    go["a1"].set()
    go["a2"].set()
    wait_until(lambda: is_done(queue), "all are done")


def test_a_redis_outage_is_not_idleness(
    queue: SceneQueue, start: Callable[..., Running], submit_items: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A worker outlives an outage far longer than its idle time-out, and then works on."""
    lease = queue.worker.lease
    left = [4]

    def lease_later(*arguments: Any, **options: Any) -> Any:
        if left[0]:
            left[0] -= 1
            raise QueueUnavailable("gone")
        return lease(*arguments, **options)

    monkeypatch.setattr(queue.worker, "lease", lease_later)
    submit_items("a", ("done", {}))
    assert start({"done": done}, idle_timeout_s=0.05).wait() is Exit.IDLE
    assert left == [0]
    assert is_done(queue)


@pytest.mark.parametrize(("idle_s", "wait_s"), [(0.0, 1.0), (19.0, 1.0), (19.5, 0.5), (19.999, 0.05), (20.0, 1.0), (60.0, 1.0)])
def test_nobody_waits_for_work_beyond_the_idle_limit(idle_s: float, wait_s: float) -> None:
    """Nor so shortly that Redis would take it for ever; past the limit, it stays for another reason."""
    assert look_s(20.0, idle_s) == wait_s


def test_an_idle_worker_leaves_at_its_first_look_after_the_idle_limit(
    start: Callable[..., Running], monkeypatch: pytest.MonkeyPatch
) -> None:
    """However long a look takes, there is no second one: nothing is paid for that has nothing to do."""
    looked: list[float] = []
    inner = WorkLoop._lease_or_wait

    def look(loop: WorkLoop, seen: int) -> bool:
        looked.append(loop._in_flight.idle_s())
        return inner(loop, seen)

    monkeypatch.setattr(WorkLoop, "_lease_or_wait", look)
    assert start({"done": done}, idle_timeout_s=1.2).wait() is Exit.IDLE
    assert len([idle_s for idle_s in looked if idle_s >= 1.2]) <= 1
    assert len(looked) <= 4


def test_what_hangs_after_the_grace_is_handed_back_and_left_behind(
    queue: SceneQueue, start: Callable[..., Running], submit_items: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An upload that hears no stop must not keep the container beyond Spot's 120 s; its late end changes nothing."""
    monkeypatch.setattr(drain_module, "LAST_CALL_S", 0.2)
    hangs, release = threading.Event(), threading.Event()

    def hang(work: ItemContext) -> None:
        with work.slot():
            pass
        hangs.set()
        release.wait(60)

    submit_items("a", ("hang", {}))
    running = start({"hang": hang}, drain_grace_s=0.1)
    assert hangs.wait(60)
    running.drain.ask("asked to stop", Exit.DRAINED)
    assert running.wait() is Exit.DRAINED
    release.set()
    assert attempts_of_the_ready(queue, 1) == [1]
    assert queue.producer.status("a").counts.done == 0


def test_an_error_that_a_stop_has_caused_does_not_count_as_an_attempt(
    queue: SceneQueue, start: Callable[..., Running], submit_items: Any
) -> None:
    """Fetching was cut off by the drain: the item is handed back, not failed."""
    begun = threading.Event()

    def cut_off(work: ItemContext) -> None:
        begun.set()
        work.should_stop.wait(60)
        raise StorageUnavailable("connection closed")

    submit_items("a", ("cut_off", {}))
    running = start({"cut_off": cut_off})
    assert begun.wait(60)
    running.drain.ask("asked to stop", Exit.DRAINED)
    assert running.wait() is Exit.DRAINED
    assert attempts_of_the_ready(queue, 1) == [1]


@pytest.mark.parametrize(
    "error", [DiskFull("scratch is full"), OSError(errno.ENOSPC, "no space"), OSError(errno.EDQUOT, "quota")], ids=str
)
def test_a_full_disk_fails_the_item_for_now_and_ends_the_container(
    queue: SceneQueue, start: Callable[..., Running], submit_items: Any, error: Exception
) -> None:
    """Or a used-up quota. With an exit code of its own; what runs beside it may finish, what has not begun goes back."""
    beside = threading.Event()

    def fill(work: ItemContext) -> None:
        if work.lease.item.name == "a0":
            assert beside.wait(60)
            raise error
        with work.slot():
            beside.set()
            wait_until(lambda: queue.producer.status("a").counts.delayed == 1, "the other has failed")

    submit_items("a", *[("fill", {})] * 2)
    assert start({"fill": fill}, slots=2, idle_timeout_s=30.0, drain_grace_s=60.0).wait() is Exit.DISK_FULL
    counts = queue.producer.status("a").counts
    assert (counts.delayed, counts.done) == (1, 1)
    queue.producer.cancel("a")


def test_a_lost_lease_ends_the_work_and_its_result_is_dropped(
    queue: SceneQueue, start: Callable[..., Running], submit_items: Any
) -> None:
    """Forfeited by the dispatcher while it works: another container has it now."""
    begun, stopped = threading.Event(), threading.Event()

    def work_on(work: ItemContext) -> None:
        with work.slot():
            begun.set()
            assert work.should_stop.wait(60)
        stopped.set()
        raise Stopped("told to")

    submit_items("a", ("work_on", {}))
    start({"work_on": work_on}, idle_timeout_s=30.0)
    assert begun.wait(60)
    assert queue.dispatcher.forfeit("c1", said("test")) == 1
    (lease,) = queue.worker.lease("other", 1, serves=waiting_needs(queue))
    assert stopped.wait(60)
    # The old holder hands nothing back: the lease is the other's, and stays.
    assert queue.worker.extend("other", [lease]) == []
    queue.worker.release("other", [lease])
    queue.producer.cancel("a")


def test_a_refused_redis_user_ends_the_worker(
    queue: SceneQueue, start: Callable[..., Running], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Trying again would not help; the program turns it into its own exit code."""

    def refuse(*_: Any, **__: Any) -> Any:
        raise SettingsError("no permission")

    monkeypatch.setattr(queue.worker, "lease", refuse)
    assert isinstance(start({"done": done}).wait(), SettingsError)


def test_a_container_counts_films_among_the_items_that_it_has_done(queue: SceneQueue, start: Callable[..., Running]) -> None:
    """And those that are neither films nor scenes, whatever their stage."""
    submit_kinds(queue, "a", ["render", "render"], ["stitch"])
    submit_kinds(queue, "b", ["probe"], ["encode", "encode", "audio"])
    assert start(dict.fromkeys(("render", "stitch", "probe", "encode", "audio"), done)).wait() is Exit.IDLE
    (record,) = queue.inspect.containers()
    assert (record.done, record.scenes_done, record.films, record.others) == (7, 2, 1, 4)


def test_counts_and_scratch_are_right_after_many_items_at_once(
    queue: SceneQueue, start: Callable[..., Running], submit_items: Any, tmp_path: Path
) -> None:
    """Eight slots, 100 items: each done once, each counted once, no folder left."""
    submit_items("a", *[("done", {})] * 100)
    assert start({"done": done}, slots=8).wait() is Exit.IDLE
    assert is_done(queue)
    (record,) = queue.inspect.containers()
    assert (record.state, record.done, record.failed, record.held) == ("gone", 100, 0, 0)
    assert list((tmp_path / "scratch").iterdir()) == []


@pytest.mark.parametrize(("by", "reason"), [("ann@desk", "drained by ann@desk"), ("", "drained by the dispatcher")])
def test_a_drained_container_says_who_asked_for_it(
    queue: SceneQueue, start: Callable[..., Running], submit_items: Any, by: str, reason: str
) -> None:
    """While it finishes its item, and when it has left."""
    begun, go = threading.Event(), threading.Event()

    def wait(work: ItemContext) -> None:
        with work.slot():
            begun.set()
            assert go.wait(60)

    submit_items("a", ("wait", {}))
    running = start({"wait": wait})
    assert begun.wait(60)
    queue.operator.drain("c1", by=by)

    def draining() -> str | None:
        record = queue.inspect.container("c1")
        return record.note if record and record.state == "draining" else None

    assert wait_until(draining, "it says that it drains") == reason
    go.set()
    assert running.wait() is Exit.DRAINED
    record = queue.inspect.container("c1")
    assert record is not None
    assert (record.state, record.exit_reason) == ("gone", reason)
    assert is_done(queue)
