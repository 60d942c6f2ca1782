"""Texts in Redis that a step has to split: one of a foreign writer costs no more than its length."""

import pytest

from scenequeue.errors import JobConflict, LeaseLost
from scenequeue.jobs.item import Lease
from scenequeue.jobs.job import JobState
from scenequeue.ports.steering.dead_search import DeadFilter
from scenequeue.queue import SceneQueue
from tests.scenequeue.jobs import done, submit
from tests.support.reasons import said

#: A step that reads the whole text once for each of so many names would take hours.
_MANY = 200_000


def _bury(queue: SceneQueue, letter: str) -> Lease:
    """A job with one dead letter, which is this text; returns the lease that has failed."""
    submit(queue, "d", 1)
    (lease,) = queue.worker.lease("c1", 1)
    queue.worker.fail("c1", lease, "BadInput", said("no"), transient=False)
    queue._connection.client.hset(queue._connection.keys.job("d", "dead"), "0-0", letter)
    return lease


@pytest.mark.parametrize(
    "letter",
    [
        '{"a":{"b":1' + ',"item":1' * _MANY,
        '{"a":{"b":1' + ',"item":1' * _MANY + "}}",
        "," + '"item":' * _MANY,
        ',"item":"' * _MANY,
        '{"a":"' + ',\\"item\\":' * _MANY,
        "[" * _MANY + ',"item":1' * _MANY,
        ',"item":1' + "]" * _MANY + ',"item":1' * _MANY,
        '{"a":"' + "\\" * _MANY + '"' + ',"item":1' * _MANY,
    ],
    ids=range(8),
)
def test_a_letter_with_many_items_is_malformed(real: SceneQueue, letter: str) -> None:
    """For one and for all; a failure that is reported again reads it too. It stays as it is."""
    lease = _bury(real, letter)
    with pytest.raises(JobConflict, match="malformed"):
        real.operator.requeue("d", "0-0")
    assert [step.changed for step in real.operator.requeue_all(DeadFilter())] == [0]
    with pytest.raises(LeaseLost):
        real.worker.fail("c1", lease, "BadInput", said("no"), transient=False)
    assert real.inspect.depth().counts.dead == 1


def test_a_letters_own_item_is_found_behind_others_of_this_name(real: SceneQueue) -> None:
    """A parameter, a text and a field of the payload may be called so too."""
    body = '{"kind":"render","name":"x","payload":{"b":[1],"item":2},"weight":2}'
    errors = r'[{"code":"c","parameters":{"a":1,"item":"]}","c":"\\\",\"item\":{"}}]'
    _bury(real, '{"need":"render/1","errors":' + errors + ',"item":' + body + "}")
    real.operator.requeue("d", "0-0")
    (lease,) = real.worker.lease("c1", 1)
    assert (lease.item.name, lease.item.payload) == ("x", {"b": [1], "item": 2})
    assert real.worker.ack("c1", [done(lease)]) == []


@pytest.mark.parametrize("text", ["x" * _MANY, "1 " * _MANY, "x " + "1" * _MANY, "render/1 1 " * _MANY])
def test_a_description_of_a_stage_that_is_none_takes_no_longer(real: SceneQueue, text: str) -> None:
    """Of a job that is cancelled."""
    submit(real, "a", 1, 1)
    real._connection.client.hset(real._connection.keys.job("a"), "stage:1", text)
    assert real.producer.cancel("a").state is JobState.CANCELLED
