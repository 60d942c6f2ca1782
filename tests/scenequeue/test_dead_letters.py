"""Dead letters by reason: counted and indexed by the steps, found by filters, requeued and discarded in bulk."""

import json
from collections.abc import Sequence
from itertools import zip_longest

import pytest

from scenequeue.jobs.ids import check_job_id
from scenequeue.jobs.job import JobSpec, JobState, Lane
from scenequeue.ports.steering.dead_search import DeadFilter
from scenequeue.queue import SceneQueue
from scenequeue.reasons import Reason
from scenequeue.reasons.stored import stored_reason
from tests.scenequeue.jobs import done, items, submit
from tests.support.reasons import said


def _bury(
    queue: SceneQueue,
    job: str,
    reasons: Sequence[str],
    lane: Lane = Lane.NORMAL,
    labels: dict[str, str] | None = None,
    more: int = 0,
) -> None:
    """A job whose first items are dead for these reasons; of a second stage, `more` items wait."""
    stages = [items(len(reasons)), items(more)] if more else [items(len(reasons))]
    queue.producer.submit(JobSpec(job_id=check_job_id(job), lane=lane, labels=labels or {}), stages)
    for lease, reason in zip(queue.worker.lease("c1", len(reasons)), reasons, strict=True):
        assert lease.job_id == job
        queue.worker.fail("c1", lease, reason, said("no"), transient=False)


def _found(queue: SceneQueue, limit: int = 100, **wanted: object) -> list[str]:
    return sorted(f"{letter.job_id}/{letter.item_id}" for letter in queue.inspect.find_dead(DeadFilter(**wanted), limit))  # type: ignore[arg-type]


def _agree(queue: SceneQueue) -> dict[str, int]:
    """The counts, after making sure that they, the indexes and the letters say the same."""
    counts = queue.inspect.reasons()
    client, keys = queue._connection.client, queue._connection.keys
    assert all(client.zcard(keys.of(f"dead:reason:{reason}")) == count > 0 for reason, count in counts.items())
    letters = client.zcard(keys.dead)
    assert letters == sum(counts.values()) == queue.inspect.depth().counts.dead == client.hlen(keys.of("dead:reason_of"))
    return counts


def test_reasons_are_counted_by_every_step_that_buries_requeues_or_discards(any_queue: SceneQueue) -> None:
    """One letter more or less at a time, and the most frequent first."""
    queue = any_queue
    _bury(queue, "a", ["BadInput", "BadInput", "ToolFailed"])
    _bury(queue, "b", ["BadInput"])
    assert list(_agree(queue).items()) == [("BadInput", 3), ("ToolFailed", 1)]
    queue.operator.requeue("a", "0-0")
    queue.operator.discard("a", "0-2")
    assert _agree(queue) == {"BadInput": 2}
    (lease,) = queue.worker.lease("c1", 1)
    queue.worker.fail("c1", lease, "ToolFailed", said("again"), transient=False)
    assert _agree(queue) == {"BadInput": 2, "ToolFailed": 1}


_UNREADABLE = Reason("image_unreadable", {"uri": "s3://b/a.png"})
_TOO_LARGE = Reason("image_too_large", {"pixels": 9})


def _bury_coded(queue: SceneQueue) -> None:
    """Two letters of one code, one of another and the same class, one of a class alone, and one that only shares its name."""
    submit(queue, "a", 5)
    why = (_UNREADABLE, _UNREADABLE, _TOO_LARGE, said("no"), Reason("BadInput"))
    for lease, each in zip(queue.worker.lease("c1", 5), why, strict=True):
        queue.worker.fail("c1", lease, "ToolFailed" if each == why[-1] else "BadInput", each, transient=False)


def test_dead_letters_are_counted_by_the_code_of_their_last_error(any_queue: SceneQueue) -> None:
    """Its class alone tells an operator little; it stands where the error has no code of ours."""
    _bury_coded(any_queue)
    assert _agree(any_queue) == {"BadInput": 2, "image_unreadable": 2, "image_too_large": 1}
    assert _found(any_queue, reason="image_unreadable") == ["a/0-0", "a/0-1"]
    any_queue.operator.discard("a", "0-0")
    any_queue.operator.requeue("a", "0-2")
    assert _agree(any_queue) == {"BadInput": 2, "image_unreadable": 1}


def test_dead_letters_are_found_by_an_error_class_too(any_queue: SceneQueue) -> None:
    """Whatever codes its errors have; alone and beside another filter."""
    _bury_coded(any_queue)
    submit(any_queue, "b", 1)
    (lease,) = any_queue.worker.lease("c1", 1)
    any_queue.worker.fail("c1", lease, "BadInput", _TOO_LARGE, transient=False)
    assert _found(any_queue, reason="BadInput") == ["a/0-0", "a/0-1", "a/0-2", "a/0-3", "b/0-0"]
    assert _found(any_queue, reason="BadInput", job="b") == ["b/0-0"]
    assert _found(any_queue, reason="ToolFailed") == ["a/0-4"]
    assert [step.changed for step in any_queue.operator.requeue_all(DeadFilter(reason="BadInput"))][-1] == 5
    assert _agree(any_queue) == {"BadInput": 1}


def test_letters_whose_reason_is_a_class_alone_are_found_and_counted_by_it(any_queue: SceneQueue) -> None:
    """As versions wrote it before errors had codes: beside others, and requeued with them."""
    _bury(any_queue, "a", ["BadInput", "BadInput", "ToolFailed"])
    client, key = any_queue._connection.client, any_queue._connection.keys.of("dead:reason_of")
    client.hset(key, "a/0-0", "BadInput")
    client.hset(key, "a/0-2", "ToolFailed")
    assert _agree(any_queue) == {"BadInput": 2, "ToolFailed": 1}
    assert _found(any_queue, reason="BadInput") == ["a/0-0", "a/0-1"]
    assert _found(any_queue, reason="ToolFailed", job="a") == ["a/0-2"]
    assert [step.changed for step in any_queue.operator.requeue_all(DeadFilter(reason="BadInput"))] == [2]
    assert _agree(any_queue) == {"ToolFailed": 1}


def test_an_error_is_kept_as_a_code_and_shown_in_words(any_queue: SceneQueue) -> None:
    """No sentence is in Redis; attempt, letter, result and event show the words, and beside them code and parameters."""
    submit(any_queue, "a", 1)
    why = Reason("cues_before_start", {"cues": 2})
    (lease,) = any_queue.worker.lease("c1", 1)
    any_queue.worker.fail("c1", lease, "ToolFailed", why, transient=True, retry_in_s=0)
    (lease,) = any_queue.worker.lease("c1", 1)
    any_queue.worker.fail("c1", lease, "BadInput", why, transient=False)
    (letter,), (result,) = any_queue.inspect.dead("a"), any_queue.producer.results("a")
    assert [(error.error, error.code, error.parameters, error.message) for error in letter.errors] == [
        ("ToolFailed", "cues_before_start", {"cues": 2}, why.text),
        ("BadInput", "cues_before_start", {"cues": 2}, why.text),
    ]
    assert (result.error, result.code, result.parameters) == (f"BadInput: {why.text}", why.code, {"cues": 2})
    told = {event.event: event for event in any_queue.producer.events("a")}
    for name in ("retry", "dead"):
        assert (told[name].fields["message"], told[name].code, told[name].parameters) == (why.text, why.code, {"cues": 2})
    client, keys = any_queue._connection.client, any_queue._connection.keys
    kept = [client.hvals(keys.job("a", part)) for part in ("dead", "results")]
    assert why.text not in str([kept, client.xrange(keys.job("a", "events"))])
    for model in (letter, result):
        assert type(model).model_validate_json(model.model_dump_json()) == model


@pytest.mark.parametrize("text", ["x" * 20_000, '"\\ü\n' * 20_000, "\ud800" * 20_000])
def test_a_kept_reason_is_bounded(any_queue: SceneQueue, text: str) -> None:
    """The longest texts in it are cut, however deep, and it stays a reason."""
    submit(any_queue, "a", 1)
    (lease,) = any_queue.worker.lease("c1", 1)
    inner = Reason("inner", {"text": text, "short": "kept"})
    any_queue.worker.fail("c1", lease, "BadInput", Reason("outer", {"inner": inner, "also": text, "n": 5}), transient=False)
    (kept,) = any_queue.inspect.dead("a")[0].errors
    assert kept.code == "outer"
    assert kept.parameters["n"] == 5
    assert kept.parameters["inner"]["parameters"]["short"] == "kept"
    assert kept.parameters["also"].endswith("…")
    assert 2_000 < len(json.dumps(kept.parameters, ensure_ascii=False)) < 8_100
    (dead,) = (event for event in any_queue.producer.events("a") if event.event == "dead")
    assert len(json.dumps(dead.parameters, ensure_ascii=False)) < 700
    any_queue.worker.fail("c1", lease, "BadInput", Reason("outer", {"inner": inner, "also": text, "n": 5}), transient=False)


def test_a_reason_of_many_texts_keeps_its_code() -> None:
    """Cutting the longest ones does not help there."""
    many = tuple(Reason(f"r{n}", {"text": "abc"}) for n in range(5_000))
    assert json.loads(stored_reason(Reason("code", {"many": many}))) == {"code": "code", "parameters": {}}


def test_reasons_that_nobody_knows_are_bounded(any_queue: SceneQueue) -> None:
    """Whatever a worker calls its error: what is no name of a class, and the two hundred and first, are `other`."""
    queue = any_queue
    _bury(queue, "a", ["", "a b", "x" * 65, "../..", *(f"Error{n}" for n in range(205))])
    counts = _agree(queue)
    assert len(counts) == 200
    assert counts["other"] == 4 + 205 - 199


def test_letters_are_found_by_two_filters(any_queue: SceneQueue) -> None:
    """By reason, job, lane and labels, each with each; the newest first, and no more than asked for."""
    queue = any_queue
    _bury(queue, "a", ["BadInput", "ToolFailed"], Lane.URGENT, {"shop": "north"})
    _bury(queue, "b", ["BadInput", "BadInput"], Lane.BULK, {"shop": "south"})
    _bury(queue, "c", ["BadInput"] * 4, Lane.BULK, {"shop": "north"})
    assert _found(queue, reason="BadInput", job="a") == ["a/0-0"]
    assert _found(queue, reason="BadInput", lane=Lane.BULK, job="b") == ["b/0-0", "b/0-1"]
    assert len(_found(queue, lane=Lane.BULK)) == 6
    assert len(_found(queue, reason="BadInput", labels={"shop": "north"})) == 5
    assert _found(queue, reason="ToolFailed", labels={"shop": "south"}) == []
    assert _found(queue, reason="Nothing") == []
    assert _found(queue, job="nobody") == []
    assert len(_found(queue, limit=3)) == 3
    newest = queue.inspect.find_dead(DeadFilter(reason="BadInput"), 7)
    assert [letter.buried_ms for letter in newest] == sorted((letter.buried_ms for letter in newest), reverse=True)


def test_a_page_costs_the_same_however_many_letters_there_are(any_queue: SceneQueue) -> None:
    """Also by two filters: round trips are counted, not time."""
    queue = any_queue
    for number in range(3):
        _bury(queue, f"a{number}", ["BadInput"] * 400, Lane.BULK)
    client = queue._connection.client
    sent: list[int] = []
    execute, zrange = client.pipeline, client.zrange
    client.pipeline = lambda **options: (sent.append(1), execute(**options))[1]
    client.zrange = lambda *words, **options: (sent.append(1), zrange(*words, **options))[1]
    try:
        assert len(queue.inspect.find_dead(DeadFilter(reason="BadInput", lane=Lane.BULK), 50)) == 50
    finally:
        del client.pipeline, client.zrange
    assert len(sent) <= 4


def test_all_letters_of_a_filter_start_anew(any_queue: SceneQueue) -> None:
    """In steps; the jobs are active again, all of them end, and nothing else was touched."""
    queue = any_queue
    for number in range(40):
        _bury(queue, f"a{number}", ["BadInput"] * 10 + ["ToolFailed"], Lane.BULK, more=1)
    _bury(queue, "urgent", ["BadInput"], Lane.URGENT)
    steps = list(queue.operator.requeue_all(DeadFilter(reason="BadInput", lane=Lane.BULK), "ann"))
    assert (steps[-1].changed, steps[-1].seen, steps[-1].total) == (400, 400, 400)
    assert len(steps) == 3
    assert _agree(queue) == {"ToolFailed": 40, "BadInput": 1}
    assert queue.producer.status("a7").state is JobState.ACTIVE
    told = [(act.by, act.act, act.about, act.amount) for act in queue.inspect.acts()]
    assert told == [("ann", "requeue", "reason=BadInput lane=bulk", 400)]
    assert sum(step.changed for step in queue.operator.requeue_all(DeadFilter(reason="ToolFailed"))) > 0
    while leases := queue.worker.lease("c1", 100):
        queue.worker.ack("c1", [done(lease) for lease in leases])
    assert all(queue.producer.status(f"a{n}").state is JobState.DONE for n in range(40))
    assert all(queue.producer.status(f"a{n}").counts.done == 12 for n in range(40))


def test_two_operators_at_once_requeue_each_letter_once(any_queue: SceneQueue) -> None:
    """Step by step in turns, over the same letters."""
    queue = any_queue
    for number in range(60):
        _bury(queue, f"a{number}", ["BadInput"] * 10)
    first, second = (queue.operator.requeue_all(DeadFilter(), by) for by in ("ann", "bob"))
    changed = {"ann": 0, "bob": 0}
    for one, other in zip_longest(first, second):
        changed |= {who: step.changed for who, step in (("ann", one), ("bob", other)) if step}
    assert sum(changed.values()) == 600
    assert _agree(queue) == {}
    assert queue.inspect.depth().counts.ready == 600
    assert len({(lease.job_id, lease.item_id) for lease in queue.worker.lease("c2", 1000)}) == 600
    assert sorted((act.by, act.amount) for act in queue.inspect.acts()) == sorted(changed.items())


def test_an_act_that_was_interrupted_is_one_entry_with_what_it_has_changed(any_queue: SceneQueue) -> None:
    """Its entry grows with each step, however many acts of others come between."""
    queue = any_queue
    for number in range(40):
        _bury(queue, f"a{number}", ["BadInput"] * 10)
    steps = queue.operator.requeue_all(DeadFilter(), "ann")
    queue.operator.pause("bob")
    first = next(steps)
    assert [(act.by, act.act, act.amount) for act in queue.inspect.acts()] == [
        ("ann", "requeue", first.changed),
        ("bob", "pause", 0),
    ]
    queue.operator.resume("bob")
    second = next(steps)
    assert first.changed < second.changed < 400
    told = [(act.by, act.act, act.amount) for act in queue.inspect.acts()]
    assert told == [("ann", "requeue", second.changed), ("bob", "resume", 0), ("bob", "pause", 0)]


def test_all_letters_of_a_filter_are_forgotten(any_queue: SceneQueue) -> None:
    """With the stages that they could still have opened."""
    queue = any_queue
    _bury(queue, "a", ["BadInput"] * 3, more=2)
    _bury(queue, "b", ["ToolFailed"])
    (step,) = queue.operator.discard_all(DeadFilter(reason="BadInput"), "ann")
    assert step.changed == 3
    status = queue.producer.status("a")
    assert (status.counts.dead, status.counts.dropped, status.counts.waiting) == (0, 5, 0)
    assert _agree(queue) == {"ToolFailed": 1}
    assert [(act.act, act.amount) for act in queue.inspect.acts()] == [("discard", 3)]


def test_what_cannot_be_requeued_stays_and_stops_nobody(any_queue: SceneQueue) -> None:
    """Letters of a cancelled job, without an item in them, and gone meanwhile."""
    queue = any_queue
    _bury(queue, "cancelled", ["BadInput"], more=1)
    queue.producer.cancel("cancelled")
    _bury(queue, "malformed", ["BadInput"] * 2)
    queue._connection.client.hset(queue._connection.keys.job("malformed", "dead"), "0-0", "[")
    _bury(queue, "good", ["BadInput"] * 2)
    (step,) = queue.operator.requeue_all(DeadFilter(reason="BadInput"))
    assert (step.changed, step.total) == (3, 5)
    assert _agree(queue) == {"BadInput": 2}
    assert [step.changed for step in queue.operator.discard_all(DeadFilter())] == [2]
    assert _agree(queue) == {}


def test_letters_of_expired_jobs_leave_the_counts(any_queue: SceneQueue) -> None:
    """With the reclaim that prunes them; and at once, where another job of the id buries the same item."""
    queue = any_queue
    _bury(queue, "a", ["BadInput"] * 2)
    _bury(queue, "b", ["BadInput"])
    client, keys = queue._connection.client, queue._connection.keys
    for job in ("a", "b"):
        client.delete(keys.job(job), keys.job(job, "dead"), keys.job(job, "results"), keys.job(job, "events"))
    client.zadd(keys.dead, {"a/0-0": 1, "a/0-1": 1})
    queue.dispatcher.reclaim()
    assert _agree(queue) == {"BadInput": 1}
    submit(queue, "b", 1)
    (lease,) = queue.worker.lease("c1", 1)
    queue.worker.fail("c1", lease, "ToolFailed", said("no"), transient=False)
    assert _agree(queue) == {"ToolFailed": 1}
