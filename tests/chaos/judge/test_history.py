"""The judge of histories: a kept contract passes, and each way of breaking it is seen."""

import pytest

from chaos.judge.history import violations
from scenequeue.jobs.ids import ItemId
from scenequeue.jobs.job import JobEvent, JobState
from scenequeue.jobs.result import ItemResult
from scenequeue.queue import SceneQueue
from tests.scenequeue.jobs import done, submit
from tests.support.reasons import said

#: event, token, and for a lease its attempt, which else is the first.
Told = tuple[str, str] | tuple[str, str, int]


def _history(*told: Told) -> list[JobEvent]:
    events = [JobEvent(id="0", event="submitted", at_ms=0)]
    for number, (name, token, *attempt) in enumerate(told, 1):
        fields = {"token": token} if token else {}
        if name in {"leased", "spare"}:
            fields |= {"attempt": str((attempt or [1])[0]), "container": f"c{token}"}
        events.append(JobEvent(id=str(number), event=name, at_ms=number, item_id=ItemId("0-0"), fields=fields))
    return events


def _result(state: str, container: str = "c1") -> ItemResult:
    return ItemResult.model_validate({"item_id": "0-0", "name": "s", "state": state, "container": container})


@pytest.mark.parametrize(
    "told",
    [
        [("leased", "1"), ("done", "1")],
        [("leased", "1"), ("retry", "1"), ("leased", "2", 2), ("done", "2")],
        [("leased", "1"), ("reclaimed", "1"), ("leased", "2", 2), ("released", "2"), ("leased", "3", 2), ("dead", "3")],
        [("leased", "1"), ("reclaimed", "1"), ("leased", "2", 1), ("done", "2")],
        [("leased", "1"), ("dead", "1"), ("requeued", ""), ("leased", "2"), ("done", "2")],
        [("leased", "1"), ("spare", "2"), ("yielded", "1"), ("done", "2")],
        [("leased", "1"), ("spare", "2"), ("yielded", "2"), ("retry", "1"), ("leased", "3", 2), ("spare", "4", 2)],
    ],
)
def test_what_the_contract_allows_passes(told: list[Told]) -> None:
    """Retries, losses that count and losses that do not, hand-backs, a second chance."""
    assert violations("a", _history(*told)) == []


@pytest.mark.parametrize(
    ("told", "said"),
    [
        ([("leased", "1"), ("reclaimed", "1"), ("leased", "2"), ("done", "1")], "done with the stale token 1"),
        ([("leased", "1"), ("reclaimed", "1"), ("leased", "2"), ("dead", "1")], "dead with the stale token 1"),
        ([("leased", "1"), ("dead", "")], "dead without a token"),
        ([("leased", "1"), ("done", "")], "done without a token"),
        ([("leased", "")], "leased without a token"),
        ([("leased", "1"), ("leased", "2")], "leased while leased"),
        ([("leased", "1"), ("done", "1"), ("done", "1")], "done after done"),
        ([("leased", "1"), ("done", "1"), ("leased", "2")], "leased after done"),
        ([("leased", "1"), ("released", "1"), ("leased", "1")], "token 1 was given twice"),
        ([("done", "1")], "done while ready"),
        ([("leased", "1"), ("retry", "1"), ("retry", "1")], "retry while delayed"),
        ([("leased", "1"), ("done", "1"), ("requeued", "")], "requeued after done"),
        ([("leased", "1"), ("retry", "1"), ("requeued", "")], "requeued while delayed"),
        ([("spare", "1")], "a spare lease while ready"),
        ([("leased", "1"), ("spare", "1")], "a spare lease of c1, which holds it already"),
        ([("leased", "1"), ("spare", "2", 2)], "a spare lease with attempt 2 instead of 1"),
        ([("leased", "1"), ("spare", "2"), ("yielded", "2"), ("spare", "3")], "a second spare lease in one attempt"),
        ([("leased", "1"), ("spare", "2"), ("yielded", "1"), ("done", "1")], "done with the stale token 1"),
        ([("leased", "1"), ("spare", "2"), ("retry", "1")], "retry while c2 has a spare lease"),
        ([("leased", "1"), ("yielded", "1")], "yielded with the token 1, and there is no other lease"),
        ([("leased", "1", 2)], "attempt 2 instead of 1"),
        ([("leased", "1"), ("released", "1"), ("leased", "2", 2)], "attempt 2 instead of 1"),
        ([("leased", "1"), ("retry", "1"), ("leased", "2", 1)], "attempt 1 instead of 2"),
        ([("leased", "1"), ("reclaimed", "1"), ("leased", "2", 3)], "attempt 3 instead of 1 or 2"),
    ],
)
def test_each_breach_is_seen(told: list[Told], said: str) -> None:
    """In words that name it."""
    assert any(said in sentence for sentence in violations("a", _history(*told)))


def test_a_job_with_results_has_a_history() -> None:
    """One that was trimmed or lost proves nothing; one without results may be none yet."""
    assert violations("a", [], [_result("done")]) == ["a has 1 results, and no history"]
    assert violations("a", [], []) == []


def test_a_history_begins_with_the_one_submission() -> None:
    """Else its beginning is lost, or a repeated submission was taken for a new one."""
    events = _history(("leased", "1"), ("done", "1"))
    assert violations("a", events[1:]) == ["a begins with leased, not with its submission"]
    assert violations("a", [events[0], *events]) == ["a was submitted 2 times"]


@pytest.mark.parametrize(
    ("told", "result", "said"),
    [
        ([("leased", "1")], _result("done"), "its result is done, its history ends with leased"),
        ([("leased", "1"), ("retry", "1")], _result("done"), "a result, and 0 times done"),
        ([("leased", "1"), ("done", "1")], _result("dead"), "its result is dead, its history ends with done"),
        ([("leased", "1"), ("done", "1")], _result("done", "c9"), "the result is c9's, the last lease was c1's"),
        ([("leased", "1"), ("dead", "1")], _result("dead", "c9"), "the result is c9's, the last lease was c1's"),
        ([], _result("done"), "a result, and 0 times done"),
    ],
)
def test_every_result_has_its_end(told: list[Told], result: ItemResult, said: str) -> None:
    """Of its kind, once, by the container that had the lease."""
    assert any(said in sentence for sentence in violations("a", _history(*told), [result]))


def test_results_that_fit_their_history_pass() -> None:
    """Done and dead ones."""
    assert violations("a", _history(("leased", "1"), ("done", "1")), [_result("done")]) == []
    assert violations("a", _history(("leased", "1"), ("dead", "1")), [_result("dead")]) == []


def test_the_queues_own_events_are_judged(queue: SceneQueue) -> None:
    """A real history with a loss, a failure for good and a late result, which is refused and leaves no event."""
    submit(queue, "a", 3)
    first, second, third = queue.worker.lease("c1", 3)
    queue.worker.fail("c1", third, "BadInput", said("no picture"), transient=False)
    queue.dispatcher.forfeit("c1", said("lost"))
    assert queue.worker.ack("c1", [done(first)]) == [first]
    again = queue.worker.lease("c2", 2)
    queue.worker.ack("c2", [done(lease) for lease in again])
    assert queue.producer.status("a").state is JobState.FAILED
    assert second.token not in {lease.token for lease in again}
    events, results = queue.producer.events("a", count=100), list(queue.producer.results("a"))
    assert [result.state for result in results] == ["done", "done", "dead"]
    assert violations("a", events) == []
    # The refused ack, had it been accepted.
    late = events[-2].model_copy(update={"facts": {"token": str(first.token)}})
    assert violations("a", [*events[:-2], late])
