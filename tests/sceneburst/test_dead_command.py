"""`sceneburst dead`: letters by reason, and all of a filter at once."""

import json

import pytest

from sceneburst.exit_codes import Exit
from scenequeue.jobs.job import Lane
from scenequeue.queue import SceneQueue
from tests.sceneburst.conftest import Console
from tests.scenequeue.jobs import submit
from tests.support.reasons import said


@pytest.fixture
def letters(queue: SceneQueue) -> None:
    """Three letters of two reasons in two jobs."""
    for job, lane, reasons in (("a", Lane.NORMAL, ("BadInput", "ToolFailed")), ("b", Lane.BULK, ("BadInput",))):
        submit(queue, job, len(reasons), lane=lane)
        for lease, reason in zip(queue.worker.lease("c1", len(reasons)), reasons, strict=True):
            queue.worker.fail("c1", lease, reason, said("no"), transient=False)


def _listed(console: Console, *words: str) -> list[str]:
    found = json.loads(console("dead", "list", "--json", *words).out)
    return sorted(f"{letter['job_id']}/{letter['item_id']}" for letter in found)


@pytest.mark.usefixtures("letters")
def test_reasons_and_letters_by_filter(console: Console) -> None:
    """Counted in order, in JSON and as a table; listed by one filter or two."""
    assert json.loads(console("dead", "reasons", "--json").out) == [
        {"reason": "BadInput", "count": 2},
        {"reason": "ToolFailed", "count": 1},
    ]
    assert "ToolFailed" in console("dead", "reasons").out
    assert _listed(console, "--reason", "BadInput") == ["a/0-0", "b/0-0"]
    assert _listed(console, "--reason", "BadInput", "--lane", "bulk") == ["b/0-0"]
    assert _listed(console, "--reason", "BadInput", "--job", "a") == ["a/0-0"]


@pytest.mark.usefixtures("letters")
def test_all_of_a_filter_are_requeued_and_discarded(console: Console, queue: SceneQueue) -> None:
    """And only those; the audit log has the filter and the number."""
    ended = console("dead", "requeue", "--all", "--reason", "BadInput", "--lane", "bulk")
    assert (ended.code, ended.out) == (Exit.OK, "1 requeued\n")
    ended = console("dead", "discard", "--all", "--reason", "BadInput", "--yes")
    assert (ended.code, ended.out) == (Exit.OK, "1 discarded\n")
    assert queue.inspect.reasons() == {"ToolFailed": 1}
    acts = [(act.act, act.about, act.amount) for act in queue.inspect.acts()]
    assert acts == [("discard", "reason=BadInput", 1), ("requeue", "reason=BadInput lane=bulk", 1)]
    queue.producer.cancel("b")


@pytest.mark.usefixtures("letters")
@pytest.mark.parametrize("act", ["requeue", "discard"])
def test_all_letters_of_a_job_are_one_entry_of_the_audit_log(console: Console, queue: SceneQueue, act: str) -> None:
    """Letters of other jobs stay."""
    ended = console("dead", act, "a", *(["--yes"] if act == "discard" else []))
    assert (ended.code, ended.out) == (Exit.OK, f"2 {act}ed\n".replace("eed", "ed"))
    assert [(each.act, each.about, each.amount) for each in queue.inspect.acts()] == [(act, "job=a", 2)]
    assert queue.inspect.reasons() == {"BadInput": 1}
    queue.producer.cancel("a")


@pytest.mark.usefixtures("letters")
def test_requeueing_all_letters_of_a_cancelled_job_is_refused(console: Console, queue: SceneQueue) -> None:
    """The reason is the one for a single letter."""
    submit(queue, "c", 2)
    for lease in queue.worker.lease("c1", 1):
        queue.worker.fail("c1", lease, "BadInput", said("no"), transient=False)
    queue.producer.cancel("c")
    ended = console("dead", "requeue", "c")
    assert ended.code == Exit.FAILED
    assert "was cancelled" in ended.err


@pytest.mark.usefixtures("letters")
@pytest.mark.parametrize(
    "words",
    [
        ("requeue",),
        ("requeue", "--reason", "BadInput"),
        ("requeue", "a", "--all"),
        ("discard", "a", "--yes", "--reason", "BadInput"),
    ],
)
def test_a_choice_that_could_mean_more_than_was_meant_is_refused(
    console: Console, queue: SceneQueue, words: tuple[str, ...]
) -> None:
    """Nothing is requeued."""
    assert console("dead", *words).code == Exit.USAGE
    assert queue.inspect.reasons() == {"BadInput": 2, "ToolFailed": 1}
