"""Containers as processes: the common suite, adoption, and real kills."""

import errno
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from dispatcher.fleets import process
from dispatcher.fleets.process import ProcessFleet, identity_of
from scenequeue.errors import FleetError, FleetMisconfigured
from scenequeue.reasons import Reason
from tests.dispatcher.fleets.fleet_conformance import FleetConformance, find, request_for
from tests.support.processes import is_alive
from tests.support.waiting import wait_until

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
    fleet.stop_all(Reason("the test is over"), grace_s=1)


class TestProcessFleet(FleetConformance):
    """The suite that every fleet passes."""


def test_a_new_dispatcher_adopts_what_the_old_one_launched(fleet: ProcessFleet, tmp_path: Path) -> None:
    """Records on disk, told apart from later processes by their start."""
    fleet.launch([request_for("a")])
    other = ProcessFleet(tmp_path / "fleet", _SLEEPER)
    container = find(other, "a")
    assert container is not None
    assert container.is_running
    other.stop("a", Reason("adopted and stopped"))
    wait_until(lambda: (found := find(fleet, "a")) is not None and not found.is_running, "it has ended")


def test_a_killed_container_is_seen_as_ended_at_once(fleet: ProcessFleet, tmp_path: Path) -> None:
    """Kill -9: the next list says so, with the signal as its exit code."""
    fleet.launch([request_for("a")])
    pid = fleet._read(tmp_path / "fleet" / "a.json")["pid"]
    os.kill(pid, signal.SIGKILL)
    ended = wait_until(lambda: (found := find(fleet, "a")) and not found.is_running and found, "it has ended")
    assert ended.exit_code == -signal.SIGKILL


def test_a_container_that_ended_before_its_record_was_written_has_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Interrupted while it starts, it has no identity by then; a dispatcher that leaves must not wait for it for ever."""
    fleet = ProcessFleet(tmp_path / "fleet", [sys.executable, "-c", ""])
    with monkeypatch.context() as patched:
        patched.setattr(process, "identity_of", lambda _pid: "")
        fleet.launch([request_for("a")])
    fleet._children["a"].wait()
    other = ProcessFleet(tmp_path / "fleet")
    container = find(other, "a")
    assert container is not None
    assert not container.is_running
    other.stop_all(Reason("the test is over"))


def test_a_launch_that_died_half_way_is_forgotten(fleet: ProcessFleet, tmp_path: Path) -> None:
    """A record without a process is no container."""
    record = tmp_path / "fleet" / "half.json"
    record.parent.mkdir()
    record.touch()
    os.utime(record, (1, 1))
    assert find(fleet, "half") is None
    assert not record.exists()


def test_a_launch_whose_dispatcher_died_before_it_wrote_the_number_down_is_adopted(fleet: ProcessFleet, tmp_path: Path) -> None:
    """Found by the id on its command line; it is one container, and can be stopped."""
    fleet.launch([request_for("a", SCENEBURST_CONTAINER_ID="a")])
    record = tmp_path / "fleet" / "a.json"
    pid = fleet._read(record)["pid"]
    record.write_text("")
    other = ProcessFleet(tmp_path / "fleet", _SLEEPER)
    container = wait_until(lambda: find(other, "a"), "it is adopted")
    assert container.is_running
    assert other._read(record)["pid"] == pid
    other.stop("a", Reason("adopted and stopped"))
    wait_until(lambda: (found := find(fleet, "a")) is not None and not found.is_running, "it has ended")


def test_what_outlasts_its_grace_is_killed_by_the_next_look(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One stop is enough; nobody has to ask twice."""
    monkeypatch.setattr("dispatcher.fleets.process.STOP_GRACE_S", 0.2)
    fleet = ProcessFleet(tmp_path / "fleet", _STUBBORN)
    fleet.launch([request_for("a")])
    wait_until(lambda: "up" in fleet.log_of("a").read_text(), "it is up")
    fleet.stop("a", Reason("too old"))
    ended = wait_until(lambda: (found := find(fleet, "a")) and not found.is_running and found, "it has been killed")
    assert (ended.exit_code, ended.stopped_reason.text) == (-signal.SIGKILL, "too old")


def test_another_process_with_the_number_of_an_ended_one_is_no_container(fleet: ProcessFleet, tmp_path: Path) -> None:
    """It is neither listed as running nor stopped, whatever the clock says."""
    fleet.launch([request_for("a")])
    record = tmp_path / "fleet" / "a.json"
    facts = fleet._read(record)
    assert identity_of(facts["pid"]) == facts["identity"]
    # The kernel counts starts in hundredths of a second; no number comes round so soon.
    time.sleep(0.03)
    stranger = subprocess.Popen(_SLEEPER)
    try:
        fleet._write(record, {**facts, "pid": stranger.pid})
        other = ProcessFleet(tmp_path / "fleet", _SLEEPER)
        other.stop("a", Reason("not ours"))
        container = find(other, "a")
        assert container is not None
        assert not container.is_running
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()
        os.kill(facts["pid"], signal.SIGKILL)


def test_a_folder_that_cannot_be_written_is_a_fleet_that_cannot_be_seen(
    fleet: ProcessFleet, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A full disk, say. The dispatcher then neither launches nor reaps; afterwards everything is as it was."""
    (result,) = fleet.launch([request_for("a")])
    fleet.stop(result.handle, Reason("so that its end is to be written down"))

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(fleet, "_write", full)
        assert wait_until(lambda: _is_blind(fleet), "the end cannot be written down")
    wait_until(lambda: (found := find(fleet, "a")) is not None and not found.is_running, "it has ended")


def _is_blind(fleet: ProcessFleet) -> bool:
    try:
        fleet.list()
    except FleetError as error:
        return "SCENEBURST_STATE_DIR" in str(error)
    return False


def test_a_fleet_that_launches_nothing_leaves_no_folder(tmp_path: Path) -> None:
    """A folder of its user's stays, empty or not; one that cannot be made is refused at the start."""
    folder = tmp_path / "fleet"
    assert ProcessFleet(folder, _SLEEPER).list() == []
    assert not folder.exists()
    folder.mkdir()
    ProcessFleet(folder, _SLEEPER)
    assert folder.is_dir()
    (tmp_path / "file").touch()
    with pytest.raises(FleetMisconfigured, match="cannot be made"):
        ProcessFleet(tmp_path / "file" / "fleet", _SLEEPER)


def test_stop_all_leaves_nothing_even_of_what_ignores_it(tmp_path: Path) -> None:
    """SIGTERM first, SIGKILL to the whole session afterwards."""
    fleet = ProcessFleet(tmp_path / "fleet", _STUBBORN)
    fleet.launch([request_for("a"), request_for("b")])
    wait_until(lambda: all("up" in fleet.log_of(name).read_text() for name in "ab"), "both are up")
    pids = [fleet._read(tmp_path / "fleet" / f"{name}.json")["pid"] for name in "ab"]
    fleet.stop_all(Reason("enough"), grace_s=0.3)
    assert not any(is_alive(pid) for pid in pids)


def test_a_program_that_is_not_there_is_a_failed_launch(tmp_path: Path) -> None:
    """With the reason, and no record left."""
    fleet = ProcessFleet(tmp_path / "fleet", ["/no/such/program"])
    (result,) = fleet.launch([request_for("a")])
    assert "No such file" in result.error.text
    assert fleet.list() == []


def test_the_environment_and_the_log_are_the_containers_own(tmp_path: Path) -> None:
    """Its output is written to its log."""
    fleet = ProcessFleet(tmp_path / "fleet", [sys.executable, "-c", "import os; print(os.environ['SCENEBURST_BATCH'])"])
    fleet.launch([request_for("a", SCENEBURST_BATCH="7")])
    wait_until(lambda: fleet.log_of("a").read_text() == "7\n", "it has printed")
