"""Following a job yields the names of all its items, and reasons in its events; on fakeredis and real servers."""

import pytest

from scenequeue.errors import JobNotFound
from scenequeue.jobs.ids import check_job_id
from scenequeue.jobs.item import WorkItem
from scenequeue.jobs.job import JobSpec
from scenequeue.queue import SceneQueue
from tests.scenequeue.jobs import done, submit


def test_every_item_has_its_name_whatever_its_state(any_queue: SceneQueue) -> None:
    """Ready, leased, delayed, done, dead, and of a stage that waits; in the caller's order."""
    film = [WorkItem(name="film", payload={})]
    scenes = [WorkItem(name=name, payload={}) for name in ("e", "d", "c", "b", "a")]
    any_queue.producer.submit(JobSpec(job_id=check_job_id("a")), [scenes, film])
    _, delayed, finished, dead = any_queue.worker.lease("c1", 4)
    any_queue.worker.fail("c1", delayed, "ToolFailed", "no", transient=True, retry_in_s=60)
    any_queue.worker.ack("c1", [done(finished)])
    any_queue.worker.fail("c1", dead, "BadInput", "no", transient=False)
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
    any_queue.worker.fail("c1", retried, "ToolFailed", message, transient=True, retry_in_s=60)
    any_queue.worker.fail("c1", dead, "BadInput", message, transient=False)
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
