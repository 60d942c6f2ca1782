"""Dead letters are read by their structure, whatever texts and names are in them; lost items come back in order."""

import pytest

from scenequeue.jobs.ids import check_job_id
from scenequeue.jobs.item import ItemState, WorkItem
from scenequeue.jobs.job import JobSpec
from scenequeue.ports.steering.dead_search import DeadFilter
from scenequeue.queue import SceneQueue
from scenequeue.reasons import Code, Reason
from tests.scenequeue.jobs import end_leases, submit
from tests.support.reasons import said

_WHY = [
    Reason(Code.GROWTH_NOT_WHOLE, {"a": "x", "item": "b"}),
    Reason(Code.GROWTH_NOT_WHOLE, {"a": (Reason(Code.OTHER, {"b": 1, "item": "]}"}),), "item": 7}),
    Reason(Code.OTHER, {"text": ',"item":{}'}),
]
_PAYLOADS = [{"a": 1, "item": {"weight": 7}}, {"a": ',"item":{}', "item": "x"}, {"empty": [], "nothing": {}}]


@pytest.mark.parametrize("why", _WHY)
@pytest.mark.parametrize("payload", _PAYLOADS)
@pytest.mark.parametrize("is_bulk", [False, True])
def test_a_dead_letter_is_requeued_whatever_is_called_item_in_it(
    queue: SceneQueue, why: Reason, payload: dict[str, object], is_bulk: bool
) -> None:
    """In its reason's parameters, in its payload, and inside texts."""
    item = WorkItem(name="one", weight=2.5, payload=payload)
    queue.producer.submit(JobSpec(job_id=check_job_id("a")), [[item]])
    (lease,) = queue.worker.lease("c1", 1)
    for _ in range(2):
        assert queue.worker.fail("c1", lease, "BadInput", why, transient=False) is ItemState.DEAD
    if is_bulk:
        assert [*queue.operator.requeue_all(DeadFilter(job="a"))]
    else:
        queue.operator.requeue("a", lease.item_id)
    (again,) = queue.worker.lease("c1", 1)
    assert again.item == item
    assert queue.inspect.depth().ready_weight == 0


def test_a_lost_container_gives_its_items_back_in_the_order_they_were_leased(any_queue: SceneQueue) -> None:
    """Whatever they are called, and by however many calls they were taken."""
    submit(any_queue, "a", 25)
    taken = [lease.item_id for count in (3, 12, 10) for lease in any_queue.worker.lease("c1", count)]
    any_queue.dispatcher.forfeit("c1", said("lost"))
    assert [lease.item_id for lease in any_queue.worker.lease("c2", 25)] == taken == [f"0-{number}" for number in range(25)]


def test_a_container_whose_name_is_no_text_hides_no_letter(any_queue: SceneQueue) -> None:
    """A foreign writer's, in a leased item: the letter and the result can be read."""
    submit(any_queue, "a", 1, max_attempts=1)
    (lease,) = any_queue.worker.lease("c1", 1)
    client, keys = any_queue._connection.client, any_queue._connection.keys
    client.hset(keys.item("a", lease.item_id), "container", b"c\xff")
    end_leases(any_queue)
    (letter,) = any_queue.inspect.dead("a")
    assert (letter.item.kind, letter.errors[0].error, letter.errors[0].container) == ("render", "LeaseExpired", "c\\xff")
    (result,) = any_queue.producer.results("a")
    assert (result.error_class, result.container) == ("LeaseExpired", "c\\xff")
    client.delete(keys.held("c1"))
