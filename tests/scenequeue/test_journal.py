"""The journal: notes of an item outlive its attempts and come with its next lease."""

import pytest

from scenequeue.errors import BadInput, LeaseLost
from scenequeue.jobs.job import JobState
from scenequeue.queue import SceneQueue
from scenequeue.structure.lease_steps import MAX_JOURNAL_BYTES, MAX_NOTES
from tests.scenequeue.jobs import done, submit
from tests.support.reasons import said


def test_notes_come_with_every_later_lease_until_the_item_is_done(any_queue: SceneQueue) -> None:
    """Released, failed, lost, forfeited, dead and requeued; the last note of a name counts."""
    submit(any_queue, "a", 2, max_attempts=5)
    lease, other = any_queue.worker.lease("c1", 2)
    assert lease.notes == other.notes == {}
    any_queue.worker.note("c1", lease, {"split": "s3://b/1", "größe": "7"})
    any_queue.worker.note("c1", lease, {"split": "s3://b/2"})
    expected = {"split": "s3://b/2", "größe": "7"}
    any_queue.worker.release("c1", [lease])
    (lease,) = any_queue.worker.lease("c1", 1)
    assert lease.notes == expected
    any_queue.worker.fail("c1", lease, "ToolFailed", said("once"), transient=True, retry_in_s=0)
    (lease,) = any_queue.worker.lease("c1", 1, lease_s=0)
    assert lease.notes == expected
    any_queue.dispatcher.reclaim()
    (lease,) = any_queue.worker.lease("c2", 1)
    assert lease.notes == expected
    any_queue.worker.note("c2", lease, {"joined": "1"})
    any_queue.dispatcher.forfeit("c2", said("lost"))
    (lease,) = any_queue.worker.lease("c3", 1)
    any_queue.worker.fail("c3", lease, "BadInput", said("no"), transient=False)
    any_queue.operator.requeue("a", lease.item_id)
    (lease,) = any_queue.worker.lease("c3", 1)
    assert lease.notes == {**expected, "joined": "1"}
    assert any_queue.worker.ack("c3", [done(lease)]) == []
    assert any_queue.worker.ack("c1", [done(other)]) == []
    assert any_queue.producer.status("a").state is JobState.DONE
    client, keys = any_queue._connection.client, any_queue._connection.keys
    assert not client.exists(keys.of(f"journal:a/{lease.item_id}"))
    assert not client.exists(keys.job("a", "history"))


def test_the_same_lease_asked_for_again_brings_its_notes(any_queue: SceneQueue) -> None:
    """Its answer was lost on the way."""
    submit(any_queue, "a", 1)
    (lease,) = any_queue.worker.lease("c1", 1)
    any_queue.worker.note("c1", lease, {"step": "1"})
    any_queue.worker.release("c1", [lease])
    for _ in range(2):
        (lease,) = any_queue.worker.lease("c1", 1, call="word")
        assert lease.notes == {"step": "1"}


def test_a_late_container_notes_nothing(any_queue: SceneQueue) -> None:
    """Nor does anybody for a cancelled job; its journal goes with the item."""
    submit(any_queue, "a", 1)
    (late,) = any_queue.worker.lease("c1", 1, lease_s=0)
    any_queue.dispatcher.reclaim()
    (lease,) = any_queue.worker.lease("c2", 1)
    with pytest.raises(LeaseLost):
        any_queue.worker.note("c1", late, {"step": "late"})
    any_queue.worker.note("c2", lease, {"step": "mine"})
    any_queue.producer.cancel("a")
    with pytest.raises(LeaseLost):
        any_queue.worker.note("c2", lease, {"step": "more"})
    assert any_queue.worker.extend("c2", [lease]) == [lease]
    client, keys = any_queue._connection.client, any_queue._connection.keys
    assert not client.exists(keys.of("journal:a/0-0"))


def test_a_journal_has_a_bound_and_an_end(any_queue: SceneQueue) -> None:
    """A note that would exceed it changes nothing; without its item it expires."""
    submit(any_queue, "a", 1)
    (lease,) = any_queue.worker.lease("c1", 1)
    any_queue.worker.note("c1", lease, {"a": "x" * (MAX_JOURNAL_BYTES - 1)})
    with pytest.raises(BadInput, match="journal of a/0-0 would exceed 65536 bytes"):
        any_queue.worker.note("c1", lease, {"b": "y"})
    any_queue.worker.note("c1", lease, {"a": "shorter"})
    client, keys = any_queue._connection.client, any_queue._connection.keys
    assert client.ttl(keys.of("journal:a/0-0")) > 0
    any_queue.worker.fail("c1", lease, "BadInput", said("no"), transient=False)
    any_queue.operator.discard("a", "0-0")
    assert not client.exists(keys.of("journal:a/0-0"))


def test_a_journal_has_a_bounded_number_of_notes(any_queue: SceneQueue) -> None:
    """As many as there may be are written by one call; one more is refused, at once or later."""
    submit(any_queue, "a", 1)
    (lease,) = any_queue.worker.lease("c1", 1)
    for count in (5_000, MAX_NOTES + 1):
        with pytest.raises(BadInput, match="more than 1000 notes"):
            any_queue.worker.note("c1", lease, {str(number): "" for number in range(count)})
    any_queue.worker.note("c1", lease, {str(number): "x" for number in range(MAX_NOTES)})
    any_queue.worker.note("c1", lease, {"0": "y"})
    with pytest.raises(BadInput, match="more than 1000 notes"):
        any_queue.worker.note("c1", lease, {"one more": ""})
    any_queue.worker.release("c1", [lease])
    (lease,) = any_queue.worker.lease("c1", 1)
    assert lease.notes == {"0": "y", **{str(number): "x" for number in range(1, MAX_NOTES)}}


@pytest.mark.parametrize("notes", [{"a": 1}, {"a": None}, {1: "a"}, {"a": b"b"}, {"a": "\ud800"}, {"\ud800": "a"}])
def test_a_note_that_is_no_text_is_refused(queue: SceneQueue, notes: dict[str, str]) -> None:
    """With a code, and for good; nothing is noted."""
    submit(queue, "a", 1)
    (lease,) = queue.worker.lease("c1", 1)
    with pytest.raises(BadInput, match="takes only text") as refused:
        queue.worker.note("c1", lease, {"first": "x", **notes})
    assert not refused.value.transient
    queue.worker.release("c1", [lease])
    assert queue.worker.lease("c1", 1)[0].notes == {}
