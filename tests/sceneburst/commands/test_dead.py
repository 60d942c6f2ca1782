"""`sceneburst dead …`: dead letters one by one and of a job, and the question before they are forgotten."""

import json
from collections.abc import Callable

import pytest

from sceneburst.commands.operators.dead import last_reason
from sceneburst.exit_codes import Exit
from scenequeue.jobs.result import DeadLetter
from scenequeue.queue import SceneQueue
from tests.sceneburst.commands.conftest import JOB, REASON
from tests.sceneburst.conftest import Console
from tests.scenequeue.jobs import submit
from tests.support.reasons import said


def _bury(queue: SceneQueue, job: str, count: int) -> None:
    submit(queue, job, count)
    for lease in queue.worker.lease("c1", count):
        queue.worker.fail("c1", lease, "BadInput", said("no picture"), transient=False)


@pytest.mark.parametrize(("typed", "left"), [("n\n", 2), ("", 2), ("y\n", 0)])
def test_nothing_is_forgotten_without_a_yes(
    console: Console, queue: SceneQueue, answer: Callable[[str], None], typed: str, left: int
) -> None:
    """The question says how many; a no, or no answer, is exit 1."""
    _bury(queue, "a", 2)
    answer(typed)
    ended = console("dead", "discard", "a")
    assert "Forget 2 dead letters of job a for good?" in ended.out + ended.err
    assert ended.code == (0 if left == 0 else Exit.FAILED)
    assert len(queue.inspect.dead_ids("a")) == left


@pytest.mark.usefixtures("worked")
def test_one_letter_is_shown_with_its_history_and_payload(console: Console) -> None:
    """Every attempt with its container and its whole reason."""
    said = console("dead", "show", JOB, "scene1").out
    lines = said.splitlines()
    assert lines[0] == "scene1 (render), 1 attempt"
    assert lines[1].startswith("attempt 1 on c1795803472681-db7638f0: BadInput: ")
    assert lines[1].endswith(REASON)
    assert json.loads(said[said.index("{") :]) == {"n": 1}


def test_the_newest_come_first_and_as_many_as_asked_for(console: Console, queue: SceneQueue) -> None:
    """Of all jobs, or of one."""
    for name in ("a", "b"):
        _bury(queue, name, 2)
    assert {each["job_id"] for each in json.loads(console("dead", "--json").out)} == {"a", "b"}
    newest = json.loads(console("dead", "list", "--limit", "1", "--json").out)
    assert [each["job_id"] for each in newest] == ["b"]
    assert len(json.loads(console("dead", "list", "--job", "a", "--json").out)) == 2


def test_a_requeued_letter_has_all_its_attempts_again(console: Console, queue: SceneQueue) -> None:
    """It is ready, and no letter any more."""
    _bury(queue, "a", 1)
    assert console("dead", "requeue", "a", "scene0").out == "1 requeued\n"
    (lease,) = queue.worker.lease("c2", 1)
    assert lease.attempt == 1
    assert console("dead").out == "no dead letters\n"


def _letter(queue: SceneQueue, message: str) -> DeadLetter:
    submit(queue, "long", 1)
    (lease,) = queue.worker.lease("c1", 1)
    queue.worker.fail("c1", lease, "ToolFailed", said(message), transient=False)
    return queue.inspect.dead_letter("long", "0-0")


def test_a_reason_in_a_table_is_one_short_line(queue: SceneQueue) -> None:
    """Its first line, cut where it is very long; `dead show` has all of it."""
    reason = last_reason(_letter(queue, "x" * 1000 + "\nsecond line"))
    assert reason.startswith("ToolFailed: xxx")
    assert reason.endswith("…")
    assert "second" not in reason
    assert len(reason) < 320


def test_an_error_without_a_message_is_its_name(queue: SceneQueue) -> None:
    """Some have none."""
    assert last_reason(_letter(queue, "")).startswith("ToolFailed")


def test_a_letter_is_found_by_its_name_without_the_others(
    console: Console, queue: SceneQueue, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many there are; a name that was requeued has none any more."""
    _bury(queue, "a", 3)
    _bury(queue, "b", 3)
    with monkeypatch.context() as patched:
        for listing in ("hvals", "hgetall", "hkeys", "zrange", "zmscore", "hmget"):
            patched.setattr(f"redis.Redis.{listing}", lambda *_, **__: pytest.fail("others were read"))
        assert json.loads(console("dead", "show", "b", "scene1", "--json").out)["item_id"] == "0-1"
    assert console("dead", "requeue", "b", "scene1").out == "1 requeued\n"
    assert console("dead", "show", "b", "scene1").code == Exit.FAILED
    (lease,) = (lease for lease in queue.worker.lease("c1", 9) if lease.job_id == "b")
    queue.worker.fail("c1", lease, "BadInput", said("again"), transient=False)
    assert "again" in console("dead", "show", "b", "scene1").out


@pytest.mark.parametrize(
    ("options", "question"),
    [
        ((), "Forget all 3 dead letters for good?"),
        (("--reason", "BadInput"), "Forget all dead letters with reason=BadInput for good?"),
        (("--label", "shop=\x1b[31m north"), "Forget all dead letters with label='shop=\\x1b[31m north' for good?"),
    ],
)
def test_the_question_names_what_is_forgotten(
    console: Console, queue: SceneQueue, answer: Callable[[str], None], options: tuple[str, ...], question: str
) -> None:
    """All of them by their number, or the filter; a no is exit 1, and nothing was done."""
    _bury(queue, "a", 3)
    answer("n\n")
    ended = console("dead", "discard", "--all", *options)
    assert ended.err.splitlines()[0] == question
    assert (ended.code, ended.out) == (Exit.FAILED, "")
    assert ended.err.splitlines()[-1] == "nothing was done; with --yes no question is asked"
    assert len(queue.inspect.dead_ids("a")) == 3


def test_a_question_is_broken_between_words(
    console: Console, queue: SceneQueue, answer: Callable[[str], None], at_width: Callable[[int], None]
) -> None:
    """On a narrow terminal, however long its filter is."""
    _bury(queue, "a", 1)
    at_width(60)
    answer("y\n")
    labels = [word for name in ("shop", "customer", "campaign") for word in ("--label", f"{name}=the one in the north")]
    ended = console("dead", "discard", "--all", *labels)
    assert ended.code == 0
    assert all(len(line) <= 60 for line in ended.err.splitlines())
