"""`sceneburst queue audit`: who did what at the command line."""

import getpass
import json
import socket

import pytest

from scenequeue.jobs.container import ContainerRecord
from scenequeue.jobs.ids import ContainerId
from scenequeue.queue import SceneQueue
from tests.sceneburst.conftest import Console
from tests.scenequeue.jobs import submit
from tests.support.reasons import said


def _two_dead(queue: SceneQueue) -> None:
    submit(queue, "a", 3)
    for lease in queue.worker.lease("c1", 2):
        queue.worker.fail("c1", lease, "BadInput", said("no"), transient=False)


def test_every_command_that_changes_something_is_in_the_audit_log(console: Console, queue: SceneQueue) -> None:
    """With the user and the machine; the newest first, as a table and in JSON."""
    _two_dead(queue)
    queue.worker.beat(ContainerRecord(container_id=ContainerId("c1")))
    for words in (
        ("queue", "pause"),
        ("queue", "resume"),
        ("dead", "requeue", "a", "0-0"),
        ("dead", "discard", "a", "0-1", "--yes"),
        ("containers", "drain", "c1"),
        ("cancel", "a"),
    ):
        assert console(*words, "--why", f"because of {words[0]}").code == 0
    told = json.loads(console("queue", "audit", "--json").out)
    assert [each["act"] for each in told] == ["cancel", "drain", "discard", "requeue", "resume", "pause"]
    assert {each["by"] for each in told} == {f"{getpass.getuser()}@{socket.gethostname()}"}
    assert told[0].keys() == {"at_ms", "by", "act", "about", "amount", "detail", "why", "entry", "word"}
    (newest,) = json.loads(console("queue", "audit", "--limit", "1", "--json").out)
    assert (newest["about"], newest["amount"]) == ("job=a", 2)
    assert [each["why"].removeprefix("because of ") for each in told] == [
        "cancel",
        "containers",
        "dead",
        "dead",
        "queue",
        "queue",
    ]
    shown = console("queue", "audit").out
    assert "because of containers" in shown
    assert f"{getpass.getuser()}@{socket.gethostname()}" in shown
    assert "requeue" in shown


def test_a_reason_that_would_be_cut_is_refused(console: Console, queue: SceneQueue) -> None:
    """Before anything is done; without one, the act has none."""
    ran = console("queue", "pause", "--why", "x" * 201)
    assert (ran.code, "201 characters" in ran.err) == (2, True)
    assert queue.inspect.acts() == []
    assert console("queue", "pause").code == 0
    (told,) = json.loads(console("queue", "audit", "--json").out)
    assert told["why"] is None


def test_a_user_without_a_name_is_a_number(console: Console, queue: SceneQueue, monkeypatch: pytest.MonkeyPatch) -> None:
    """As in many containers."""

    def fail() -> str:
        raise KeyError("getpwuid(): uid not found: 4711")

    monkeypatch.setattr("getpass.getuser", fail)
    monkeypatch.setattr("os.getuid", lambda: 4711)
    assert console("queue", "pause").code == 0
    assert queue.inspect.acts(1)[0].by == f"4711@{socket.gethostname()}"
