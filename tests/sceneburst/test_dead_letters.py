"""Dead letters on the command line: shown, requeued and discarded, by id or name."""

import json

import pytest

from sceneburst.exit_codes import Exit
from scenequeue.queue import SceneQueue
from tests.sceneburst.conftest import Console
from tests.scenequeue.jobs import submit
from tests.support.reasons import said


def _bury(queue: SceneQueue, job: str, count: int) -> None:
    submit(queue, job, count)
    for lease in queue.worker.lease("c1", count):
        queue.worker.fail("c1", lease, "BadInput", said("image: [/] no picture"), transient=False)


def test_dead_letters_are_shown_requeued_and_discarded_by_name_or_all(console: Console, queue: SceneQueue) -> None:
    """A message with brackets is shown as it is."""
    _bury(queue, "a", 4)
    assert "image: [/] no picture" in console("dead", "list", "--job", "a").out
    assert "image: [/] no picture" in console("dead", "show", "a", "0-1").out
    assert json.loads(console("dead", "show", "a", "0-1", "--json").out)["item_id"] == "0-1"
    assert console("dead", "requeue", "a", "0-0").out == "1 requeued\n"
    assert console("dead", "discard", "a", "0-3", "--yes").out == "1 discarded\n"
    assert console("dead", "requeue", "a").out == "2 requeued\n"
    assert console("dead", "requeue", "a").out == "0 requeued\n"
    assert queue.inspect.depth().counts.ready == 3


def test_a_dead_letter_is_known_by_its_scenes_name_too(console: Console, queue: SceneQueue) -> None:
    """People know names; an id goes before a name that looks like one."""
    _bury(queue, "a", 3)
    names = {letter.item_id: letter.item.name for letter in queue.inspect.dead("a")}
    assert json.loads(console("dead", "show", "a", names["0-1"], "--json").out)["item_id"] == "0-1"
    assert console("dead", "requeue", "a", names["0-0"]).out == "1 requeued\n"
    assert console("dead", "discard", "a", names["0-2"], "--yes").out == "1 discarded\n"
    assert queue.inspect.dead_ids("a") == ["0-1"]
    missing = console("dead", "requeue", "a", names["0-0"])
    assert (missing.code, missing.out) == (Exit.FAILED, "")
    assert len(missing.err.splitlines()) == 1


def test_the_tables_of_queue_have_headings(console: Console, queue: SceneQueue) -> None:
    """Jobs and dead letters are told apart at a glance."""
    _bury(queue, "a", 1)
    submit(queue, "b", 1)
    lines = console("queue").out.splitlines()
    assert "the newest 2 jobs" in lines
    assert "the newest dead letter" in lines


def test_one_dead_letter_is_one_read_however_many_there_are(
    console: Console, queue: SceneQueue, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No command loads the whole hash."""
    _bury(queue, "a", 3)
    monkeypatch.setattr("redis.Redis.hvals", lambda *_: pytest.fail("all letters were read"))
    monkeypatch.setattr("redis.Redis.hgetall", lambda *_: pytest.fail("more than one letter was read"))
    assert "BadInput" in console("dead", "show", "a", "0-1").out
