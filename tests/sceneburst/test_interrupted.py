"""Ctrl-C at moments that are short: nothing is left half done, and it is not forgotten."""

import os
import signal
from pathlib import Path

import pytest

from sceneburst.exit_codes import Interrupted, uninterrupted
from sceneburst.local.cluster import LocalCluster
from sceneburst.local.embedded_redis import EmbeddedRedis
from tests.support.processes import is_alive


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_waits_for_the_end_of_what_must_not_be_half_done(number: signal.Signals) -> None:
    """Then it is raised, and the handlers are those of before."""
    before = signal.getsignal(number)
    done: list[str] = []

    def interrupted() -> None:
        with uninterrupted():
            os.kill(os.getpid(), number)
            done.append("all")

    with pytest.raises(Interrupted):
        interrupted()
    assert (done, signal.getsignal(number)) == (["all"], before)


@pytest.fixture
def folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Temporary files' folder of this test."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    return tmp_path


@pytest.fixture
def stopped(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Process ids of servers that were stopped; meanwhile Ctrl-C was pressed."""
    found: list[int] = []
    stop = EmbeddedRedis.stop

    def interrupted(server: EmbeddedRedis) -> None:
        found.append(server.pid)
        os.kill(os.getpid(), signal.SIGINT)
        stop(server)

    monkeypatch.setattr(EmbeddedRedis, "stop", interrupted)
    return found


def test_an_interruption_while_a_cluster_stops_is_raised_when_it_has(folder: Path, stopped: list[int]) -> None:
    """Though its work is done: who pressed Ctrl-C is told so."""
    with pytest.raises(Interrupted), LocalCluster([folder], containers=1, slots=1):
        pass
    assert stopped
    assert not any(is_alive(pid) for pid in stopped)
    assert list(folder.iterdir()) == []


def test_two_interruptions_while_a_cluster_starts_leave_nothing(
    monkeypatch: pytest.MonkeyPatch, folder: Path, stopped: list[int]
) -> None:
    """The second one comes while it cleans up after the first."""
    start = EmbeddedRedis.start

    def interrupted(server: EmbeddedRedis) -> None:
        start(server)
        raise Interrupted

    monkeypatch.setattr(EmbeddedRedis, "start", interrupted)
    with pytest.raises(Interrupted), LocalCluster([folder], containers=1, slots=1):
        pytest.fail("it has started")
    assert stopped
    assert not any(is_alive(pid) for pid in stopped)
    assert list(folder.iterdir()) == []


def test_an_interruption_while_a_cluster_is_made_leaves_no_folder(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    """Nothing has been started yet."""

    def interrupted(*_: object) -> None:
        raise Interrupted

    monkeypatch.setattr("sceneburst.local.cluster.ProcessFleet", interrupted)
    with pytest.raises(Interrupted):
        LocalCluster([folder], containers=1, slots=1)
    assert list(folder.iterdir()) == []
