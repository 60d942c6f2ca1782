"""`sceneburst containers …` and `plan`: what runs, what has left, and the order to leave."""

import json

import pytest
import redis

from sceneburst.exit_codes import Exit
from sceneburst.terminal.operator_name import operator_name
from scenequeue.jobs.container import ALL_CONTAINERS, ContainerRecord
from scenequeue.jobs.ids import ContainerId
from scenequeue.ports.inspector import QueueInspector
from scenequeue.ports.steering.drain_marks import with_drain_marks
from scenequeue.queue import SceneQueue
from tests.sceneburst.commands.conftest import CONTAINER, JOB
from tests.sceneburst.conftest import Console
from tests.scenequeue.jobs import submit


def _record(name: str, exit_reason: str = "") -> ContainerRecord:
    return ContainerRecord(container_id=ContainerId(name), vcpu=1, memory_mib=2048, slots=1, exit_reason=exit_reason)


def _running(queue: SceneQueue, *names: str) -> None:
    for name in names:
        queue.worker.beat(_record(name))


@pytest.mark.usefixtures("worked")
def test_the_list_says_what_each_works_on(console: Console) -> None:
    """With its share, and the numbers of what it has done."""
    said = console("containers").out
    assert CONTAINER in said
    assert f"{JOB}/0-3 50%" in said
    (told,) = json.loads(console("containers", "--json").out)
    assert (told["done"], told["failed"], told["progress"]) == (1, 2, {f"{JOB}/0-3": 0.5})


def test_one_that_has_left_is_listed_with_all(console: Console, queue: SceneQueue) -> None:
    """With the reason that it gave."""
    _running(queue, "c1", "c2")
    queue.worker.goodbye(_record("c1", "idle for 60 s"))
    assert [each["container_id"] for each in json.loads(console("containers", "--json").out)] == ["c2"]
    listed = json.loads(console("containers", "list", "--all", "--json").out)
    assert {each["container_id"] for each in listed} == {"c1", "c2"}
    assert "idle for 60 s" in console("containers", "list", "--all").out


def test_a_stopped_container_gets_no_more_work(console: Console, queue: SceneQueue) -> None:
    """The others go on."""
    _running(queue, "c1", "c2")
    submit(queue, "a", 2)
    assert console("containers", "drain", "c1").out == "1 draining\n"
    assert queue.worker.lease("c1", 1) == []
    assert len(queue.worker.lease("c2", 1)) == 1


def test_a_container_that_is_to_stop_is_shown_so_at_once(console: Console, queue: SceneQueue) -> None:
    """By whom, before its next beat tells; the ledger that the dispatcher reads goes by the beats."""
    _running(queue, "c1", "c2")
    queue.dispatcher.drain("c2")
    console("containers", "drain", "c1")
    told = {each["container_id"]: each for each in json.loads(console("containers", "--json").out)}
    assert [(told[name]["state"], told[name]["is_draining"]) for name in ("c1", "c2")] == [("draining", True)] * 2
    assert told["c1"]["note"] == f"is to drain, as {operator_name()} asked, and learns so at its next beat"
    assert told["c2"]["note"] == "is to drain, and learns so at its next beat"
    assert {record.state for record in queue.inspect.containers()} == {"running"}
    # Those who have left are shown as they left.
    queue.worker.goodbye(_record("c1", "idle"))
    listed = {each["container_id"]: each for each in json.loads(console("containers", "list", "--all", "--json").out)}
    assert listed["c1"]["state"] == "gone"


def test_who_may_not_read_the_marks_sees_the_containers(
    console: Console, queue: SceneQueue, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As a producer's user."""
    _running(queue, "c1")
    queue.dispatcher.drain("c1")

    def refuse(*_: object) -> None:
        raise redis.exceptions.NoPermissionError("no permissions to access a key")

    monkeypatch.setattr("scenequeue.structure.connection.Connection.answers", staticmethod(refuse))
    assert with_drain_marks(queue._connection, [_record("c1")]) == [_record("c1")]


def test_all_can_be_stopped_at_once(console: Console, queue: SceneQueue) -> None:
    """Also where there are none."""
    assert console("containers", "drain", "all").out == "0 draining\n"
    _running(queue, "c1", "c2")
    submit(queue, "a", 2)
    assert console("containers", "drain", "all").out == "2 draining\n"
    assert queue.worker.lease("c1", 1) == queue.worker.lease("c2", 1) == []


def test_one_that_has_left_cannot_be_stopped(console: Console, queue: SceneQueue) -> None:
    """Exit 1, and one line that names it."""
    _running(queue, "c1")
    queue.worker.goodbye(_record("c1", "idle"))
    ended = console("containers", "drain", "c1")
    assert (ended.code, ended.out) == (Exit.FAILED, "")
    assert "no container 'c1' is running" in ended.err


@pytest.mark.usefixtures("worked")
def test_the_plan_is_a_sentence_with_its_age_and_its_cost(console: Console) -> None:
    """As the dispatcher published it."""
    said = console("plan").out
    assert said.startswith("4 ready → 1 container × 4, because batches of about 10")
    assert said.rstrip().endswith("running; the same on Fargate: $0.1000/h)")


def test_no_plan_is_exit_1_and_asks_for_a_dispatcher(console: Console) -> None:
    """One line on standard error."""
    ended = console("plan")
    assert (ended.code, ended.out) == (Exit.FAILED, "")
    assert "start one with `sceneburst dispatcher`" in ended.err


def test_a_hostile_plan_is_shown(console: Console, queue: SceneQueue) -> None:
    """By `plan`, for people and for programs."""
    hostile = {"why": "x", "alarms": 5, "limits": 7, "at_ms": "now", "usd_per_hour": []}
    queue.dispatcher.publish_plan(json.dumps(hostile))
    assert console("plan").code == 0
    assert json.loads(console("plan", "--json").out)["alarms"] == []


def test_a_container_that_an_operator_stops_says_who_it_was(console: Console, queue: SceneQueue) -> None:
    """The first one; the dispatcher and a second operator change nothing about that."""
    _running(queue, "c1", "c2")
    assert console("containers", "drain", "c1").code == 0
    queue.dispatcher.drain("c1")
    queue.operator.drain("c1", by="another@host")
    assert queue.worker.drained_by("c1") == operator_name()
    queue.dispatcher.drain("c2")
    queue.operator.drain("c2", by="another@host")
    assert (queue.worker.drained_by("c2"), queue.worker.drained_by("c3")) == ("", "")


def test_one_container_is_found_without_the_others(console: Console, queue: SceneQueue, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many there are."""
    _running(queue, "c1", "c2")
    monkeypatch.setattr("scenequeue.ports.inspector.QueueInspector.containers", lambda *_: pytest.fail("all were read"))
    assert console("containers", "drain", "c1").out == "1 draining\n"
    assert console("containers", "logs", "c9").code == Exit.FAILED


def test_all_are_stopped_and_listed_however_many_were_launched_since(
    console: Console, queue: SceneQueue, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The oldest may be the only ones that still run."""
    asked: list[int] = []
    read = QueueInspector.containers

    def counted(inspector: QueueInspector, limit: int = 1000) -> list[ContainerRecord]:
        asked.append(limit)
        return read(inspector, limit)

    monkeypatch.setattr(QueueInspector, "containers", counted)
    _running(queue, "c1")
    assert "c1" in console("containers").out
    assert console("containers", "drain", "all").out == "1 draining\n"
    assert asked == [ALL_CONTAINERS] * 2


def test_a_container_is_stopped_with_a_reason(console: Console, queue: SceneQueue) -> None:
    """At once if a dispatcher acts; without one, the command says what happens instead."""
    _running(queue, "c1", "c2")
    told = console("containers", "stop", "c1", "--why", "it hangs", "--json")
    assert json.loads(told.out) == {"stopping": ["c1"], "has_dispatcher": False}
    assert "the container is marked, and drained until one does" in " ".join(told.err.split())
    assert queue.dispatcher.acquire("one", 60)
    again = console("containers", "stop", "all", "--why", "new image")
    assert (again.out, again.err) == ("2 stopping\n", "")
    reasons = {record.container_id: record.stop_why for record in queue.inspect.containers()}
    assert reasons == {"c1": "it hangs", "c2": "new image"}
    assert f"is to stop, as {operator_name()} asked (it hangs)" in " ".join(console("containers", "--json").out.split())
    assert console("containers", "stop", "c9").code == Exit.FAILED
