"""Containers as processes: the common suite, adoption, and real kills."""

import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from dispatcher.fleets.process import ProcessFleet
from tests.dispatcher.fleet_conformance import FleetConformance, find, request_for
from tests.waiting import wait_until

_SLEEPER = [sys.executable, "-c", "import time; print('hello', flush=True); time.sleep(600)"]
_STUBBORN = [
    sys.executable,
    "-c",
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True); time.sleep(600)",
]


@pytest.fixture
def fleet(tmp_path: Path) -> Iterator[ProcessFleet]:
    """A fleet of sleepers; none outlives the test."""
    fleet = ProcessFleet(tmp_path / "fleet", _SLEEPER)
    yield fleet
    fleet.stop_all("the test is over", grace_s=1)


class TestProcessFleet(FleetConformance):
    """The suite that every fleet passes."""


def test_a_new_dispatcher_adopts_what_the_old_one_launched(fleet: ProcessFleet, tmp_path: Path) -> None:
    """Records on disk, told apart from later processes by their start."""
    fleet.launch([request_for("a")])
    other = ProcessFleet(tmp_path / "fleet", _SLEEPER)
    container = find(other, "a")
    assert container is not None
    assert container.is_running
    other.stop("a", "adopted and stopped")
    wait_until(lambda: (found := find(fleet, "a")) is not None and not found.is_running, "it has ended")


def test_a_killed_container_is_seen_as_ended_at_once(fleet: ProcessFleet, tmp_path: Path) -> None:
    """Kill -9: the next list says so, with the signal as its exit code."""
    fleet.launch([request_for("a")])
    pid = fleet._read(tmp_path / "fleet" / "a.json")["pid"]
    os.kill(pid, signal.SIGKILL)
    ended = wait_until(lambda: (found := find(fleet, "a")) and not found.is_running and found, "it has ended")
    assert ended.exit_code == -signal.SIGKILL


def test_a_launch_that_died_half_way_is_forgotten(fleet: ProcessFleet, tmp_path: Path) -> None:
    """A record without a process is no container."""
    record = tmp_path / "fleet" / "half.json"
    record.touch()
    os.utime(record, (1, 1))
    assert find(fleet, "half") is None
    assert not record.exists()


def test_stop_all_leaves_nothing_even_of_what_ignores_it(tmp_path: Path) -> None:
    """SIGTERM first, SIGKILL to the whole session afterwards."""
    fleet = ProcessFleet(tmp_path / "fleet", _STUBBORN)
    fleet.launch([request_for("a"), request_for("b")])
    wait_until(lambda: all("up" in fleet.log_of(name).read_text() for name in "ab"), "both are up")
    pids = [fleet._read(tmp_path / "fleet" / f"{name}.json")["pid"] for name in "ab"]
    fleet.stop_all("enough", grace_s=0.3)
    assert not any(psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE for pid in pids)


def test_a_program_that_is_not_there_is_a_failed_launch(tmp_path: Path) -> None:
    """With the reason, and no record left."""
    fleet = ProcessFleet(tmp_path / "fleet", ["/no/such/program"])
    (result,) = fleet.launch([request_for("a")])
    assert "No such file" in result.error
    assert fleet.list() == []


def test_the_environment_and_the_log_are_the_containers_own(tmp_path: Path) -> None:
    """What is printed lands in its log."""
    fleet = ProcessFleet(tmp_path / "fleet", [sys.executable, "-c", "import os; print(os.environ['SCENEBURST_BATCH'])"])
    fleet.launch([request_for("a", SCENEBURST_BATCH="7")])
    wait_until(lambda: fleet.log_of("a").read_text() == "7\n", "it has printed")
