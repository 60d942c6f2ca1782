"""Ticks on a real queue with real processes."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from dispatcher.fleets.process import ProcessFleet
from dispatcher.tick import Dispatcher
from scenequeue.jobs.container import ContainerRecord
from scenequeue.jobs.ids import ContainerId, check_job_id
from scenequeue.jobs.item import WorkItem
from scenequeue.jobs.job import JobSpec, JobState, Lane
from scenequeue.jobs.rollup import Resolution
from scenequeue.queue import SceneQueue
from scenequeue.reasons import Reason
from scenequeue.settings import DispatcherSettings
from tests.dispatcher.no_fleet import NoFleet
from tests.scenequeue.jobs import submit
from tests.support.waiting import wait_until


def test_a_burst_becomes_containers_then_results_then_nothing(
    queue: SceneQueue, settings: DispatcherSettings, fleet: ProcessFleet, submit_items: Callable[..., None], tmp_path: Path
) -> None:
    """From 0 to 6 scenes and back to no container."""
    (tmp_path / "go").touch()
    dispatcher = Dispatcher(queue, fleet, settings)
    submit_items("a", *[("wait", {})] * 6)
    made = dispatcher.tick()
    assert made is not None
    assert made.launches == (3, 3)
    assert dispatcher.tick().launches == ()  # type: ignore[union-attr]
    wait_until(lambda: queue.producer.status("a").state is JobState.DONE, "all is done")

    def is_empty() -> bool:
        dispatcher.tick()
        return not any(container.is_running for container in fleet.list())

    wait_until(is_empty, "the containers have left")
    assert {record.state for record in queue.inspect.containers()} == {"gone"}
    dispatcher.close()


def test_what_a_killed_container_held_is_ready_within_one_tick(
    queue: SceneQueue, settings: DispatcherSettings, fleet: ProcessFleet, submit_items: Callable[..., None], tmp_path: Path
) -> None:
    """Kill -9: no waiting for the lease of 30 s."""
    dispatcher = Dispatcher(queue, fleet, settings)
    submit_items("a", ("wait", {}), ("wait", {}))
    dispatcher.tick()
    wait_until(lambda: (tmp_path / "log").exists() and queue.inspect.depth().counts.leased == 2, "it works")
    record = queue.inspect.containers()[0]
    # Its first heartbeat may come after its first lease.
    wait_until(lambda: (found := queue.inspect.container(record.container_id)) and found.started_ms, "it has said hello")
    os.kill(fleet._read(tmp_path / "fleet" / f"{record.container_id}.json")["pid"], signal.SIGKILL)
    wait_until(lambda: not any(container.is_running for container in fleet.list()), "the fleet sees it")
    (tmp_path / "go").touch()
    dispatcher.tick()
    assert [each.state for each in queue.inspect.containers() if each.container_id == record.container_id] == ["gone"]
    wait_until(lambda: queue.producer.status("a").state is JobState.DONE, "another container did it")
    dispatcher.close()


def test_a_container_stops_on_an_operators_word_and_its_work_is_ready_at_once(
    queue: SceneQueue, settings: DispatcherSettings, fleet: ProcessFleet, submit_items: Callable[..., None], tmp_path: Path
) -> None:
    """Even a frozen one, whose items have no other attempt; another container does them, and the thawed one ends."""
    dispatcher = Dispatcher(queue, fleet, settings)
    submit_items("a", ("wait", {}), ("wait", {}), max_attempts=1)
    dispatcher.tick()
    wait_until(lambda: (tmp_path / "log").exists() and queue.inspect.depth().counts.leased == 2, "it works")
    (record,) = queue.inspect.containers()
    wait_until(lambda: (found := queue.inspect.container(record.container_id)) and found.started_ms, "it has said hello")
    pid = fleet._read(tmp_path / "fleet" / f"{record.container_id}.json")["pid"]
    os.kill(pid, signal.SIGSTOP)
    assert queue.operator.stop(record.container_id, by="ann", why="it hangs")
    (tmp_path / "go").touch()
    dispatcher.tick()
    stopped = queue.inspect.container(record.container_id)
    assert stopped is not None
    assert (stopped.state, stopped.exit_reason) == ("gone", "stopped by ann: it hangs; it was at work on 2 items")
    wait_until(lambda: queue.producer.status("a").state is JobState.DONE, "another container did it")
    os.kill(pid, signal.SIGCONT)
    wait_until(lambda: not any(each.container_id == record.container_id and each.is_running for each in fleet.list()), "it ended")
    dispatcher.close()


def test_every_tick_adds_to_the_history(queue: SceneQueue, settings: DispatcherSettings) -> None:
    """Backlog, containers, and what they cost since the tick before."""
    submit(queue, "a", 5)
    clock = iter(range(0, 1000, 3))
    dispatcher = Dispatcher(queue, NoFleet(), settings, clock=lambda: float(next(clock)))
    for _ in range(3):
        dispatcher.tick()
    rows = queue.inspect.history(Resolution.HOUR)
    assert max(row.ready for row in rows) == 5
    assert max(row.containers for row in rows) == 2
    assert sum(row.usd for row in rows) > 0


def test_blind_to_its_fleet_it_neither_launches_nor_reaps(queue: SceneQueue, settings: DispatcherSettings) -> None:
    """A throttled list is no empty list."""
    fleet = NoFleet(is_blind=True)
    submit(queue, "a", 3)
    dispatcher = Dispatcher(queue, fleet, settings)
    assert dispatcher.tick() is None
    assert fleet.launched == []
    dispatcher.close()
    queue.producer.cancel("a")


def test_a_dispatcher_held_up_between_two_looks_takes_nobody_for_silent(
    queue: SceneQueue, settings: DispatcherSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two minutes between the ledger and the clock, in whatever order, are no silence of the containers'."""
    fleet = NoFleet()
    fleet.launched.append("c1")
    now_ms = queue.inspect.now_ms
    queue.worker.beat(ContainerRecord(container_id=ContainerId("c1"), started_ms=now_ms(), held=1))
    containers = queue.inspect.containers
    held_up_ms = [0]

    def containers_then_stall(limit: int = 1000) -> list[ContainerRecord]:
        found = containers(limit)
        held_up_ms[0] = 120_000
        return found

    monkeypatch.setattr(queue.inspect, "containers", containers_then_stall)
    monkeypatch.setattr(queue.inspect, "now_ms", lambda: now_ms() + held_up_ms[0])
    dispatcher = Dispatcher(queue, fleet, settings)
    assert dispatcher.tick() is not None
    assert [record.state for record in containers()] == ["running"]
    dispatcher.close()


def test_the_celery_program_ticks_by_itself_and_stops_cleanly(
    queue: SceneQueue, redis_url: str, namespace: str, tmp_path: Path, submit_items: Callable[..., None]
) -> None:
    """Beat, worker and tick for real: an unrenderable scene becomes a dead letter; SIGTERM gives the lock up."""
    environment = {
        "SCENEBURST_REDIS_URL": redis_url,
        "SCENEBURST_NAMESPACE": namespace,
        "SCENEBURST_STATE_DIR": str(tmp_path / "fleet"),
        "SCENEBURST_TICK_S": "0.3",
        "SCENEBURST_IDLE_TIMEOUT_S": "1",
        "SCENEBURST_FILE_ROOTS": f'["{tmp_path}"]',
    }
    program = subprocess.Popen([sys.executable, "-m", "dispatcher"], env={**os.environ, **environment}, stderr=subprocess.PIPE)
    try:
        submit_items("a", ("render", {"image": "file:///x", "audio": "file:///y", "output": f"file://{tmp_path}/z.mp4"}))
        wait_until(lambda: queue.producer.status("a").state is JobState.FAILED, "the scene is a dead letter")
        wait_until(lambda: queue.inspect.plan() is not None, "the plan is published")
        wait_until(queue.inspect.settings, "its settings are published")
        wait_until(lambda: {record.state for record in queue.inspect.containers()} == {"gone"}, "the container left")
    finally:
        program.terminate()
        _, said = program.communicate(timeout=60)
        ProcessFleet(tmp_path / "fleet").stop_all(Reason("the test is over"), grace_s=3)
    assert program.returncode == 0
    assert b"Traceback" not in said
    assert queue.dispatcher.acquire("someone-else", 5) is not None
    queue.dispatcher.resign("someone-else")


def test_items_that_no_container_can_do_are_launched_for_once_and_the_plan_says_why(
    queue: SceneQueue, settings: DispatcherSettings, fleet: ProcessFleet, submit_items: Callable[..., None], tmp_path: Path
) -> None:
    """Of a newer wire version: a half-done upgrade costs one container, which says what it serves, not one after another
    without end. What is submitted afterwards and can be done does not wait for it.
    """
    settings = settings.model_copy(update={"idle_timeout_s": 0.3})
    newer = [WorkItem(v=99, kind="render", name=f"newer{number}") for number in range(2)]
    queue.producer.submit(JobSpec(job_id=check_job_id("a")), [newer])
    dispatcher = Dispatcher(queue, fleet, settings)

    def stands_still() -> bool:
        dispatcher.tick()
        gone = [record for record in queue.inspect.containers() if record.state == "gone"]
        return len(gone) >= 1 and len(gone) == len(queue.inspect.containers())

    wait_until(stands_still, "one was launched, and has left")
    for _ in range(5):
        made = dispatcher.tick()
        assert made is not None
        assert made.orders == ()
        assert [(alarm.code, alarm.parameters["need"]) for alarm in made.alarms] == [("unserved", "render/99")]
    plan = queue.inspect.plan()
    assert plan is not None
    assert "render/99" in plan["why"].text
    (record,) = queue.inspect.containers()
    assert "render/99" not in record.serves.split()
    assert queue.producer.status("a").counts.ready == 2
    waits = queue.inspect.waits_because(queue.producer.status("a"))
    assert waits is not None
    assert (waits.code, waits.parameters["need"]) == ("unserved", "render/99")
    (tmp_path / "go").touch()
    submit_items("urgent", ("wait", {}), lane=Lane.URGENT)

    def is_done() -> bool:
        dispatcher.tick()
        return queue.producer.status("urgent").state is JobState.DONE

    wait_until(is_done, "another job is done")
    assert len(queue.inspect.containers()) == 2
    queue.producer.cancel("a")
    dispatcher.close()
