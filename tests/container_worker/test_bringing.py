"""A container that brings items: whatever a kind returns, its item ends with a reason, or is tried again."""

import math
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from container_worker.kind import Made
from scenequeue.errors import BadInput, GrowthRefused
from scenequeue.jobs.ids import check_job_id
from scenequeue.jobs.item import Lease, WorkItem
from scenequeue.jobs.job import JobSpec, JobState
from scenequeue.queue import SceneQueue
from scenequeue.reasons import Code
from tests.container_worker.function_kind import FunctionKind
from tests.container_worker.running import Running, done, is_done
from tests.support.waiting import wait_until

_ITEM = WorkItem(kind="done", name="brought")


def _submit(queue: SceneQueue, max_attempts: int = 2) -> None:
    spec = JobSpec(job_id=check_job_id("a"), max_attempts=max_attempts)
    queue.producer.submit(spec, [[WorkItem(kind="bring", name="one")], None])


def _generated() -> Iterator[WorkItem]:
    yield from (_ITEM, _ITEM)


@pytest.mark.parametrize(
    ("made", "code"),
    [
        (Made(brings=[_ITEM.model_copy(update={"kind": "foo bar"})]), "growth_unusable"),
        (Made(brings=[_ITEM.model_copy(update={"payload": {"a": object()}})]), "growth_unusable"),
        (Made(brings=["one"]), "growth_no_item"),  # type: ignore[list-item]
        (Made(brings=7), "brings_no_items"),  # type: ignore[arg-type]
        (Made(facts={"a": object()}), "facts_unusable"),
        (Made(facts={"a": "\ud800"}), "facts_unusable"),
        ("made", "nothing_made"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_the_queue_cannot_take_is_a_permanent_failure(
    queue: SceneQueue, start: Callable[..., Running], made: Any, code: str
) -> None:
    """After one attempt, with a code; nothing vanishes."""
    _submit(queue)
    start({"bring": lambda _context: made, "done": done})
    wait_until(lambda: queue.producer.status("a").state is JobState.FAILED, "the item is dead")
    (result,) = queue.producer.results("a")
    assert (result.code, result.attempts) == (code, 1)


@pytest.mark.parametrize("parameter", [b"\xff", object(), math.nan, "\ud800"])
def test_a_failure_with_any_parameter_is_reported(queue: SceneQueue, start: Callable[..., Running], parameter: Any) -> None:
    """A kind may give whatever it has at hand."""

    def fail(_context: Any) -> None:
        raise BadInput(Code.JOB_UNKNOWN, job_id=parameter)

    _submit(queue)
    start({"bring": fail, "done": done})
    wait_until(lambda: queue.producer.status("a").state is JobState.FAILED, "the item is dead")
    (result,) = queue.producer.results("a")
    assert (result.code, result.attempts) == ("job_unknown", 1)


def _losing(queue: SceneQueue, monkeypatch: pytest.MonkeyPatch, times: int) -> None:
    """Lose the totals of what was staged before so many acks."""
    ack, left = queue.worker.ack, [times]

    def after_a_loss(container_id: str, finished: Any, brought: Any = None) -> list[Lease]:
        if brought and left[0]:
            left[0] -= 1
            keys = queue._connection.keys
            for token in brought:
                queue._connection.client.delete(keys.of(f"growth:{token}"))
        return ack(container_id, finished, brought)

    monkeypatch.setattr(queue.worker, "ack", after_a_loss)


@pytest.mark.parametrize("brings", [[_ITEM, _ITEM], _generated], ids=["list", "generator"])
def test_lost_growth_is_staged_again(
    queue: SceneQueue, start: Callable[..., Running], monkeypatch: pytest.MonkeyPatch, brings: Any
) -> None:
    """Twice in one attempt; also what can be gone through only once."""
    _losing(queue, monkeypatch, 2)
    _submit(queue, max_attempts=1)
    start({"bring": lambda _context: Made(brings=brings() if callable(brings) else brings), "done": done})
    wait_until(lambda: is_done(queue), "all are done")
    assert queue.producer.status("a").counts.done == 3


def test_growth_that_is_lost_whenever_it_is_staged_ends_as_a_dead_letter(
    queue: SceneQueue, start: Callable[..., Running], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It says so, and the container works on."""
    _losing(queue, monkeypatch, 3)
    _submit(queue, max_attempts=1)
    running = start({"bring": lambda _context: Made(brings=[_ITEM]), "done": done})
    wait_until(lambda: queue.producer.status("a").state is JobState.FAILED, "the item is dead")
    (result,) = queue.producer.results("a")
    assert (result.code, (result.error or "").split(":")[0]) == ("growth_not_whole", GrowthRefused.__name__)
    running.wait()


class _Leaving(FunctionKind):
    """Leaves a note that is removed when its result is accepted; removing it may fail."""

    def __init__(self, queue: SceneQueue, *, fails: bool) -> None:
        super().__init__(lambda _context: None)
        self.queue, self.fails, self.states = queue, fails, list[JobState]()

    def clean_up(self, item: Any) -> None:
        self.states.append(self.queue.producer.status("a").state)
        if self.fails:
            raise OSError


@pytest.mark.parametrize("fails", [False, True])
def test_what_an_item_leaves_is_removed_once_its_result_is_accepted(
    queue: SceneQueue, start_kinds: Callable[..., Running], fails: bool
) -> None:
    """Not before: until then another attempt may need it. An error changes nothing about the result."""
    kind = _Leaving(queue, fails=fails)
    queue.producer.submit(JobSpec(job_id=check_job_id("a")), [[WorkItem(kind="leave", name="one")]])
    start_kinds({"leave": kind})
    wait_until(lambda: kind.states, "the item cleans up")
    assert kind.states == [JobState.DONE]
