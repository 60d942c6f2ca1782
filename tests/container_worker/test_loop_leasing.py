"""The work loop leases what it can do, hands back what it cannot, and forgets no lease."""

import threading
from collections.abc import Callable
from typing import Any

import pytest

from container_worker import loop as loop_module
from container_worker.exit_codes import Exit
from container_worker.kind import ItemContext
from scenequeue.errors import QueueUnavailable
from scenequeue.jobs.ids import check_job_id
from scenequeue.jobs.item import WorkItem
from scenequeue.jobs.job import JobSpec
from scenequeue.queue import SceneQueue
from tests.container_worker.running import Running, attempts_of_the_ready, done, is_done
from tests.scenequeue.jobs import waiting_needs
from tests.support.waiting import wait_until


def test_a_busy_worker_puts_back_what_a_dead_one_held(
    queue: SceneQueue, start: Callable[..., Running], submit_items: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Promise 2 without a dispatcher: also under a backlog that never ends, and with every slot taken."""
    monkeypatch.setattr(loop_module, "_RECLAIM_EVERY_S", 0.5)
    submit_items("lost", ("done", {}))
    assert len(queue.worker.lease("dead", 1, lease_s=0, serves=waiting_needs(queue))) == 1
    submit_items("a", *[("wait", {})] * 50)
    may_end, seen = threading.Event(), threading.Event()

    def wait(work: ItemContext) -> None:
        seen.set()
        with work.slot():
            assert may_end.wait(60)

    running = start({"wait": wait, "done": done})
    assert seen.wait(60)
    wait_until(lambda: "reclaimed" in [event.event for event in queue.producer.events("lost")], "it was put back")
    assert queue.producer.status("a").counts.ready > 40
    may_end.set()
    wait_until(lambda: is_done(queue, "lost"), "it is done before the backlog is")
    running.drain.ask("enough", Exit.DRAINED)
    running.wait()
    queue.producer.cancel("a")


def test_a_lease_whose_answer_was_lost_is_not_forgotten(
    queue: SceneQueue, start: Callable[..., Running], submit_items: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Redis has given the items out, the worker has heard nothing: it asks again, and gets the same ones."""
    lease = queue.worker.lease
    left = [2]

    def answer_lost(*arguments: Any, **options: Any) -> Any:
        answer = lease(*arguments, **options)
        if left[0]:
            left[0] -= 1
            raise QueueUnavailable("the connection broke")
        return answer

    monkeypatch.setattr(queue.worker, "lease", answer_lost)
    submit_items("a", *[("done", {})] * 3)
    assert start({"done": done}).wait() is Exit.IDLE
    assert is_done(queue)
    told = [event.event for event in queue.producer.events("a")]
    assert (told.count("leased"), told.count("reclaimed")) == (3, 0)


def test_a_bell_that_rings_for_others_makes_nobody_spin(
    queue: SceneQueue, start: Callable[..., Running], submit_items: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Marked for drain, with work for others on the queue, until the next beat: a few looks, not thousands."""
    calls: list[int] = []
    lease = queue.worker.lease

    def counted(*arguments: Any, **options: Any) -> Any:
        calls.append(1)
        return lease(*arguments, **options)

    monkeypatch.setattr(queue.worker, "lease", counted)
    running = start({"done": done}, lease_s=30.0, idle_timeout_s=30.0)
    wait_until(queue.inspect.containers, "hello")
    wait_until(lambda: calls, "it is at the bell")
    queue.dispatcher.drain("c1")
    submit_items("a", ("done", {}))
    assert running.wait() is Exit.DRAINED
    assert len(calls) < 30
    assert attempts_of_the_ready(queue, 1) == [1]


def test_strange_items_are_left_to_others_while_known_ones_are_done(
    queue: SceneQueue, start: Callable[..., Running], submit_items: Any
) -> None:
    """Of another kind, or of a newer version; they keep nobody from leaving when idle."""
    newer = WorkItem(v=99, kind="done", name="newer")
    odd = WorkItem(kind="teleport", name="odd")
    queue.producer.submit(JobSpec(job_id=check_job_id("a")), [[newer, odd]])
    submit_items("b", *[("done", {})] * 2)
    assert start({"done": done}).wait() is Exit.IDLE
    assert is_done(queue, "b")
    (record,) = queue.inspect.containers()
    assert record.serves == "done/1"
    assert attempts_of_the_ready(queue, 2) == [1, 1]


def test_an_item_among_those_of_another_need_is_refused_and_its_neighbours_are_done(
    queue: SceneQueue, start: Callable[..., Running], submit_items: Any
) -> None:
    """A foreign writer has put it there; nobody would ever get it elsewhere, so it is a dead letter."""
    submit_items("a", *[("done", {})] * 2)
    connection = queue._connection
    strange = WorkItem(kind="teleport", name="odd").model_dump_json()
    connection.client.lset(connection.keys.ready("a", "done/1"), 0, f"0-0 1000 {strange}")
    assert start({"done": done}).wait() is Exit.IDLE
    (letter,) = queue.inspect.dead("a")
    assert (letter.item_id, letter.errors[0].error) == ("0-0", "BadInput")
    assert "'teleport' v1 stood among those of another need" in letter.errors[0].message
    assert queue.producer.status("a").counts.done == 1


def test_a_message_that_cannot_be_read_does_not_end_the_worker(
    queue: SceneQueue, start: Callable[..., Running], submit_items: Any
) -> None:
    """A foreign producer may have written it; it becomes a dead letter, and the worker does what it can read."""
    unreadable = WorkItem.model_construct(v=1, kind="done", name="a/b", weight=1.0, payload={})
    queue.producer.submit(JobSpec(job_id=check_job_id("a")), [[unreadable]])
    running = start({"done": done}, idle_timeout_s=30.0)
    wait_until(lambda: queue.inspect.dead("a"), "it is buried")
    submit_items("b", ("done", {}))
    wait_until(lambda: is_done(queue, "b"), "the readable one is done")
    running.drain.ask("enough", Exit.DRAINED)
    assert running.wait() is Exit.DRAINED
