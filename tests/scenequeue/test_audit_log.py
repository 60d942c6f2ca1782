"""The audit log: each act of an operator is written down by the step that carries it out."""

import pytest

from scenequeue.jobs.container import ContainerRecord
from scenequeue.jobs.ids import ContainerId
from scenequeue.jobs.job import Lane
from scenequeue.ports.steering.dead_search import DeadFilter
from scenequeue.queue import SceneQueue
from tests.scenequeue.jobs import submit
from tests.support.reasons import said


def _acts(queue: SceneQueue) -> list[tuple[str, str, str, int]]:
    return [(act.by, act.act, act.about, act.amount) for act in queue.inspect.acts()]


def _two_dead(queue: SceneQueue) -> None:
    submit(queue, "a", 5)
    for lease in queue.worker.lease("c1", 2):
        queue.worker.fail("c1", lease, "BadInput", said("no"), transient=False)


def test_acts_are_told_newest_first_with_who_and_how_many(any_queue: SceneQueue) -> None:
    """Pause, resume, requeue, discard, cancel with all that it dropped, and the stop of a container."""
    queue = any_queue
    before_ms = queue.inspect.now_ms()
    _two_dead(queue)
    queue.operator.pause("ann@films")
    queue.operator.resume("ann@films")
    queue.operator.requeue("a", "0-0", "bob@films")
    queue.operator.discard("a", "0-1", "bob@films")
    queue.operator.drain("c1", by="ann@films")
    queue.producer.cancel("a", "shop")
    assert _acts(queue) == [
        ("shop", "cancel", "job=a", 4),
        ("ann@films", "drain", "container=c1", 1),
        ("bob@films", "discard", "job=a item=0-1", 1),
        ("bob@films", "requeue", "job=a item=0-0", 1),
        ("ann@films", "resume", "", 0),
        ("ann@films", "pause", "", 0),
    ]
    assert all(before_ms <= act.at_ms <= queue.inspect.now_ms() for act in queue.inspect.acts())
    assert [act.act for act in queue.inspect.acts(2)] == ["cancel", "drain"]


def test_each_act_has_the_reason_that_its_operator_gave(any_queue: SceneQueue) -> None:
    """Every step takes one; an act of several steps keeps it."""
    queue = any_queue
    submit(queue, "a", 5)
    for lease in queue.worker.lease("c1", 4):
        queue.worker.fail("c1", lease, "BadInput", said("no"), transient=False)
    queue.operator.pause("ann", "disk full")
    queue.operator.resume("ann", "disk is new")
    queue.operator.requeue("a", "0-0", "ann", "input is there")
    queue.operator.discard("a", "0-1", "ann", "too old")
    [*queue.operator.requeue_all(DeadFilter(job="a"), "ann", "all inputs are there")]
    for lease in queue.worker.lease("c1", 4):
        queue.worker.fail("c1", lease, "BadInput", said("no"), transient=False)
    [*queue.operator.discard_all(DeadFilter(job="a"), "ann", "nobody wants them")]
    queue.operator.set_limits({"max_containers": "4"}, "ann", "month's end")
    queue.operator.reset_limits(["max_containers"], "ann", "it is over")
    queue.operator.drain("c1", by="ann", why="old image")
    submit(queue, "b", 1)
    queue.producer.cancel("b", "ann", "wrong voice")
    assert [(act.act, act.why) for act in queue.inspect.acts()] == [
        ("cancel", "wrong voice"),
        ("drain", "old image"),
        ("limit", "it is over"),
        ("limit", "month's end"),
        ("discard", "nobody wants them"),
        ("requeue", "all inputs are there"),
        ("discard", "too old"),
        ("requeue", "input is there"),
        ("resume", "disk is new"),
        ("pause", "disk full"),
    ]


def test_a_limit_has_the_reason_of_its_change(queue: SceneQueue) -> None:
    """One that an older version has written has none."""
    queue.operator.set_limits({"max_containers": "4"}, "ann", "month's end")
    assert [limit.why for limit in queue.inspect.limits()] == ["month's end"]
    queue._connection.client.hset(queue._connection.keys.limits, "max_containers", '{"value":3,"by":"bob","at_ms":5}')
    assert [(limit.value, limit.why) for limit in queue.inspect.limits()] == [(3, "")]


def test_a_reason_is_one_bounded_line_without_secrets(queue: SceneQueue) -> None:
    """As a name is: nothing in it can forge a line of a terminal, or keep a password."""
    queue.operator.pause("ann\x1b[2J", "first\nsecond redis://:hunter22@host/0 " + "x" * 500)
    (act,) = queue.inspect.acts()
    assert act.by == "ann\\x1b[2J"
    assert act.why.startswith("first\\nsecond redis://:***@host/0 xxx")
    assert len(act.why) == 200


def test_what_changes_nothing_is_no_act(any_queue: SceneQueue) -> None:
    """A pause of what is paused, and every step again after an answer that was lost."""
    queue = any_queue
    _two_dead(queue)
    queue.operator.resume("ann")
    for _ in range(2):
        queue.operator.pause("ann")
        queue.operator.drain("c1", by="ann")
        queue.producer.cancel("a", "ann")
    assert [act for _, act, *_ in _acts(queue)] == ["cancel", "drain", "pause"]


def test_an_act_on_letters_of_which_there_are_none_ends_at_once(any_queue: SceneQueue) -> None:
    """And is no act."""
    assert [*any_queue.operator.requeue_all(DeadFilter(), "ann"), *any_queue.operator.discard_all(DeadFilter(), "ann")] == []
    assert _acts(any_queue) == []


def test_acts_of_programs_are_not_written_down(any_queue: SceneQueue) -> None:
    """Nor does a dispatcher's reaper fill the log of people."""
    queue = any_queue
    _two_dead(queue)
    queue.worker.beat(ContainerRecord(container_id=ContainerId("c1")))
    queue.operator.pause()
    queue.operator.resume()
    queue.operator.requeue("a", "0-0")
    queue.operator.discard("a", "0-1")
    queue.dispatcher.drain("c1")
    queue.producer.cancel("a")
    assert _acts(queue) == []


def test_the_log_is_bounded_and_ends_with_its_use(any_queue: SceneQueue) -> None:
    """About 10,000 entries, for a year after the last one; an endless name is cut."""
    queue = any_queue
    client, key = queue._connection.client, queue._connection.keys.audit
    pipeline = client.pipeline(transaction=False)
    for _ in range(10_300):
        pipeline.xadd(key, {"by": "x", "act": "pause"})
    pipeline.execute()
    queue.operator.pause("é" * 5000)
    assert 10_000 <= client.xlen(key) <= 10_200
    assert client.ttl(key) > 364 * 86_400
    assert queue.inspect.acts(1)[0].by == "é" * 200


def test_what_somebody_else_wrote_hides_no_act(any_queue: SceneQueue) -> None:
    """Whatever stands there is read; a key of another type is begun anew."""
    queue = any_queue
    client, key = queue._connection.client, queue._connection.keys.audit
    client.set(key, "x")
    assert queue.inspect.acts() == []
    queue.operator.pause("ann")
    client.xadd(key, {"foo": "bar", "amount": "many"})
    assert _acts(queue) == [("?", "?", "", 0), ("ann", "pause", "", 0)]


@pytest.mark.parametrize(
    ("wanted", "text"),
    [
        (DeadFilter(), ""),
        (DeadFilter(job="a", lane=Lane.BULK), "job=a lane=bulk"),
        (DeadFilter(labels={"job": "b", "shop": "the north"}), "label=job=b label='shop=the north'"),
    ],
)
def test_a_filter_is_text_that_names_its_properties(wanted: DeadFilter, text: str) -> None:
    """A label is never taken for another property, nor a part of its value."""
    assert wanted.text == text
