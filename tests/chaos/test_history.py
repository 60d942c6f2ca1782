"""The judge of histories: a kept contract passes, and each way of breaking it is seen."""

import pytest

from chaos.history import violations
from scenequeue.items import ItemId, JobEvent, JobState
from scenequeue.queue import SceneQueue
from tests.scenequeue.jobs import done, submit

Told = tuple[str, str]


def _history(*told: Told) -> list[JobEvent]:
    return [
        JobEvent(id=str(number), event=name, at_ms=number, item_id=ItemId("0-0"), fields={"token": token} if token else {})
        for number, (name, token) in enumerate(told)
    ]


@pytest.mark.parametrize(
    "told",
    [
        [("leased", "1"), ("done", "1")],
        [("leased", "1"), ("retry", "1"), ("leased", "2"), ("done", "2")],
        [("leased", "1"), ("reclaimed", "1"), ("leased", "2"), ("released", "2"), ("leased", "3"), ("dead", "")],
        [("leased", "1"), ("dead", ""), ("requeued", ""), ("leased", "2"), ("done", "2")],
    ],
)
def test_what_the_contract_allows_passes(told: list[Told]) -> None:
    """Retries, losses, hand-backs, a second chance."""
    assert violations("a", _history(*told)) == []


@pytest.mark.parametrize(
    ("told", "said"),
    [
        ([("leased", "1"), ("reclaimed", "1"), ("leased", "2"), ("done", "1")], "done with the stale token 1"),
        ([("leased", "1"), ("leased", "2")], "leased while leased"),
        ([("leased", "1"), ("done", "1"), ("done", "1")], "done after done"),
        ([("leased", "1"), ("done", "1"), ("leased", "2")], "leased after done"),
        ([("leased", "1"), ("released", "1"), ("leased", "1")], "token 1 was given twice"),
        ([("done", "1")], "done while ready"),
        ([("leased", "1"), ("retry", "1"), ("retry", "1")], "retry while delayed"),
        ([("leased", "1"), ("done", "1"), ("requeued", "")], "requeued after done"),
    ],
)
def test_each_breach_is_seen(told: list[Told], said: str) -> None:
    """In words that name it."""
    assert any(said in sentence for sentence in violations("a", _history(*told)))


def test_the_queues_own_events_are_judged(queue: SceneQueue) -> None:
    """A real history with a loss and a late result, which is refused and leaves no event."""
    submit(queue, "a", 2)
    first, second = queue.worker.lease("c1", 2)
    queue.dispatcher.forfeit("c1", "lost")
    assert queue.worker.ack("c1", [done(first)]) == [first]
    again = queue.worker.lease("c2", 2)
    queue.worker.ack("c2", [done(lease) for lease in again])
    assert queue.producer.status("a").state is JobState.DONE
    assert second.token not in {lease.token for lease in again}
    events = queue.producer.events("a", count=100)
    assert violations("a", events) == []
    # The refused ack, had it been accepted.
    late = events[-2].model_copy(update={"fields": {"token": str(first.token)}})
    assert violations("a", [*events[:-2], late])
