"""An operator's word that a container is to stop."""

import pytest

from scenequeue.jobs.container import ContainerRecord
from scenequeue.jobs.ids import ContainerId
from scenequeue.ports.item_listing import HeldItem
from scenequeue.queue import SceneQueue
from tests.scenequeue.jobs import submit
from tests.support.reasons import said


def _running(queue: SceneQueue, name: str = "c1") -> None:
    queue.worker.beat(ContainerRecord(container_id=ContainerId(name), slots=2))


def test_a_container_that_is_to_stop_gets_no_more_work_and_says_who_asked(any_queue: SceneQueue) -> None:
    """Once in the audit log, however often it is asked; the first who asked stays named."""
    _running(any_queue)
    submit(any_queue, "a", 2)
    assert any_queue.operator.stop("c1", by="ann", why="it hangs")
    assert any_queue.operator.stop("c1", by="bob", why="so does mine")
    assert any_queue.worker.lease("c1", 1) == []
    record = any_queue.inspect.container("c1")
    assert record is not None
    assert (record.stop_by, record.stop_why, record.stop_ms > 0) == ("ann", "it hangs", True)
    assert [(act.by, act.act, act.about) for act in any_queue.inspect.acts()] == [("ann", "stop", "container=c1")]
    (shown,) = any_queue.inspect.containers_with_marks(10)
    assert shown.state == "draining"
    assert shown.remark is not None
    assert shown.remark.code == "stop_asked_by_because"


def test_a_stopped_container_ends_with_the_operators_reason(any_queue: SceneQueue) -> None:
    """Whatever it says itself, which is only that it was told to stop."""
    for name in ("c1", "c2"):
        _running(any_queue, name)
        any_queue.dispatcher.record_ended(name, "gone", said("stopped by ann"))
        if name == "c1":
            any_queue.operator.stop(name, by="ann")
            _running(any_queue, name)
            any_queue.operator.stop(name, by="ann")
        any_queue.worker.goodbye(ContainerRecord(container_id=ContainerId(name)).ended(said("SIGTERM")))
    reasons = {record.container_id: record.exit_reason for record in any_queue.inspect.containers()}
    assert reasons == {"c1": "stopped by ann", "c2": "SIGTERM"}


def test_a_container_keeps_who_drained_it_and_why(any_queue: SceneQueue) -> None:
    """Of the first; a mark for a container without a record makes none."""
    _running(any_queue)
    any_queue.operator.drain("c1", by="ann", why="new image")
    any_queue.operator.drain("c1", by="bob", why="me too")
    any_queue.operator.drain("c2", by="ann")
    record = any_queue.inspect.container("c1")
    assert record is not None
    assert (record.drain_by, record.drain_why, record.drain_ms > 0) == ("ann", "new image", True)
    assert any_queue.inspect.container("c2") is None


@pytest.mark.parametrize("is_known", [False, True])
def test_a_container_that_is_gone_is_not_marked(any_queue: SceneQueue, *, is_known: bool) -> None:
    """It may leave by itself meanwhile."""
    if is_known:
        record = ContainerRecord(container_id=ContainerId("c1"))
        any_queue.worker.beat(record)
        any_queue.worker.goodbye(record.ended(said("idle")))
    assert not any_queue.operator.stop("c1", by="ann", why="it hangs")
    assert any_queue.inspect.acts() == []


def test_an_operators_stop_is_no_attempt_of_its_items(any_queue: SceneQueue) -> None:
    """Although their work had begun; an item that meets ten such losses may be their cause after all."""
    submit(any_queue, "a", 1, max_attempts=1)
    for turn in range(11):
        container = f"c{turn}"
        assert len(any_queue.worker.lease(container, 1)) == 1
        assert any_queue.dispatcher.forfeit(container, said("stopped by ann"), is_blameless=True) == 1
        assert any_queue.producer.status("a").counts.dead == (turn == 10)


def test_the_items_that_a_container_holds_are_listed(any_queue: SceneQueue) -> None:
    """The one in work first, with the time of its begin."""
    submit(any_queue, "a", 3)
    first, second = any_queue.worker.lease("c1", 2, begins_now=False)
    any_queue.worker.lease("c2", 1)
    any_queue.worker.begin("c1", second)
    held = any_queue.inspect.held_by("c1")
    assert [(item.item_id, item.attempt, item.begun_ms > 0) for item in held] == [
        (second.item_id, 1, True),
        (first.item_id, 1, False),
    ]
    assert isinstance(held[0], HeldItem)
    assert any_queue.inspect.held_by("nobody") == []
