"""Following a job yields the names of all its items, and reasons in its events; on fakeredis and real servers."""

from collections.abc import Callable
from typing import Any

import pytest

from scenequeue.errors import JobNotFound
from scenequeue.jobs.ids import check_job_id
from scenequeue.jobs.item import WorkItem
from scenequeue.jobs.job import JobSpec
from scenequeue.queue import SceneQueue
from scenequeue.reasons import Code, Reason
from scenequeue.structure.connection import Connection
from tests.scenequeue.jobs import done, items, submit
from tests.support.reasons import said


def test_every_item_has_its_name_whatever_its_state(any_queue: SceneQueue) -> None:
    """Ready, leased, delayed, done, dead, and of a stage that waits; in the caller's order."""
    film = [WorkItem(name="film", payload={})]
    scenes = [WorkItem(name=name, payload={}) for name in ("e", "d", "c", "b", "a")]
    any_queue.producer.submit(JobSpec(job_id=check_job_id("a")), [scenes, film])
    _, delayed, finished, dead = any_queue.worker.lease("c1", 4)
    any_queue.worker.fail("c1", delayed, "ToolFailed", said("no"), transient=True, retry_in_s=60)
    any_queue.worker.ack("c1", [done(finished)])
    any_queue.worker.fail("c1", dead, "BadInput", said("no"), transient=False)
    assert list(any_queue.producer.names("a").items()) == [
        *(("0-0", "e"), ("0-1", "d"), ("0-2", "c"), ("0-3", "b"), ("0-4", "a"), ("1-0", "film"))
    ]
    with pytest.raises(JobNotFound):
        any_queue.producer.names("nobody")


def test_names_of_more_items_than_are_read_at_once(any_queue: SceneQueue) -> None:
    """None is left out between two pages."""
    submit(any_queue, "a", 1203)
    any_queue.worker.lease("c1", 3)
    assert list(any_queue.producer.names("a").values()) == [f"scene{index}" for index in range(1203)]


def _open_a_stage(queue: SceneQueue) -> None:
    (last,) = queue.worker.lease("c1", 1)
    queue.worker.ack("c1", [done(last)])


def _open_a_stage_and_lease_of_it(queue: SceneQueue) -> None:
    _open_a_stage(queue)
    queue.worker.lease("c1", 2)


def _give_back(queue: SceneQueue) -> None:
    queue.dispatcher.forfeit("c0", Reason(Code.LEASE_EXPIRED))


def _bring(queue: SceneQueue, count: int = 1001) -> None:
    """So many become a list of their own; few would be appended to the one that is there."""
    (lease,) = queue.worker.lease("c1", 1)
    queue.worker.ack("c1", [done(lease)], {lease.token: queue.worker.grow("c1", lease, items(count, "brought"))})


def _submit_leased(queue: SceneQueue, job_id: str) -> None:
    submit(queue, job_id, 3)
    queue.worker.lease("c0", 2)


def _submit_growing(queue: SceneQueue, job_id: str) -> None:
    queue.producer.submit(JobSpec(job_id=check_job_id(job_id)), [items(2), None])
    _bring(queue, 3)


@pytest.mark.parametrize(
    ("prepare", "change"),
    [
        (lambda queue, job_id: submit(queue, job_id, 1, 3, 2), _open_a_stage),
        (lambda queue, job_id: submit(queue, job_id, 1, 3, 2), _open_a_stage_and_lease_of_it),
        (_submit_leased, _give_back),
        (_submit_growing, _bring),
    ],
    ids=["a stage opens", "a stage opens and is leased", "leases are given back", "a stage grows and opens"],
)
def test_no_name_is_missed_of_an_item_that_moves_meanwhile(
    queue: SceneQueue,
    monkeypatch: pytest.MonkeyPatch,
    prepare: Callable[[SceneQueue, str], Any],
    change: Callable[[SceneQueue], None],
) -> None:
    """The change happens before each of the reads in turn."""
    reads, moment = 0, 0

    def counted(read: Callable[..., Any]) -> Callable[..., Any]:
        def counting(*arguments: Any, **options: Any) -> Any:
            nonlocal reads
            reads += 1
            if reads == moment:
                change(queue)
            return read(*arguments, **options)

        return counting

    while reads >= moment:
        moment, reads, job_id = moment + 1, 0, f"job{moment}"
        prepare(queue, job_id)
        before = queue.producer.names(job_id)
        with monkeypatch.context() as patched:
            patched.setattr(Connection, "answer", counted(Connection.answer))
            patched.setattr(Connection, "answers", staticmethod(counted(Connection.answers)))
            found = queue.producer.names(job_id)
        queue.producer.cancel(job_id)
        assert before.items() <= found.items(), moment


@pytest.mark.parametrize(
    ("message", "told"),
    [
        ("image: no picture", "image: no picture"),
        ("the first line\r\nand the rest", "the first line"),
        ("", ""),
        ("x" * 300, "x" * 300),
        ("x" * 301, "x" * 300 + "…"),
        ("x" + "ü" * 200, "x" + "ü" * 149 + "…"),
        ("x" * 299 + "語" * 9, "x" * 299 + "…"),
    ],
)
def test_an_event_tells_why_in_one_line(any_queue: SceneQueue, message: str, told: str) -> None:
    """Of an attempt and of the end; cut where a character ends."""
    submit(any_queue, "a", 2)
    retried, dead = any_queue.worker.lease("c1", 2)
    any_queue.worker.fail("c1", retried, "ToolFailed", said(message), transient=True, retry_in_s=60)
    any_queue.worker.fail("c1", dead, "BadInput", said(message), transient=False)
    events = {event.event: event.fields for event in any_queue.producer.events("a")}
    assert [(events[name]["error"], events[name]["message"]) for name in ("retry", "dead")] == [
        ("ToolFailed", told),
        ("BadInput", told),
    ]


def test_the_event_of_a_lost_lease_tells_why(any_queue: SceneQueue) -> None:
    """As that of a failure does."""
    submit(any_queue, "a", 1)
    any_queue.worker.lease("c1", 1, lease_s=0)
    any_queue.dispatcher.reclaim()
    (lost,) = (event for event in any_queue.producer.events("a") if event.event == "reclaimed")
    assert lost.fields["error"] == "LeaseExpired"
    assert lost.fields["message"]
