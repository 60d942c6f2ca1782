"""Find the strongest level that works: one that confines, at which the program starts, whatever the machine is busy with."""

import errno
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest
import structlog

from container_worker.media.ffmpeg import find_ffmpeg
from container_worker.sandbox.child import run_child
from container_worker.sandbox.level import Level
from container_worker.sandbox.limits import Limits
from container_worker.sandbox.probe import Isolation, level_for, probe
from scenequeue.errors import reason_for
from scenequeue.reasons import Reason

FOUND = probe(None)
_RUN = subprocess.run


def test_the_probe_finds_a_level_that_confines_and_at_which_ffmpeg_starts() -> None:
    """On any Linux of today, at least the system calls are confined."""
    found = probe(find_ffmpeg().path)
    assert found.level.rank >= Level.SECCOMP.rank
    assert (found.why_not_more is None) == (found.level is Level.UID)


def test_a_program_that_cannot_start_at_a_level_makes_the_probe_choose_another(tmp_path: Path) -> None:
    """A level at which nothing could be rendered is none."""
    program = tmp_path / "bin" / "ffmpeg"
    program.parent.mkdir()
    library = tmp_path / "elsewhere"
    library.write_text("needed")
    program.write_text(f"#!/bin/sh\ncat {library}\n")
    program.chmod(0o755)
    found = probe(program)
    assert found.level is Level.SECCOMP
    assert found.why_not_more is not None
    assert "Permission denied" in found.why_not_more.text


def test_a_level_that_does_not_confine_is_found_out_by_what_the_trial_could_do(monkeypatch: pytest.MonkeyPatch) -> None:
    """The trial names a code, which is a sentence only where it is shown."""
    monkeypatch.setattr("container_worker.sandbox.probe._found", {})
    monkeypatch.setattr("container_worker.sandbox.probe.confined", lambda argv, **_: list(argv))
    found = probe(None)
    assert (found.level, found.why_not_more) == (Level.NONE, Reason("isolation_allows_sockets"))
    assert found.why_not_more.text == "the program that tries it could open a socket"


class _Busy:
    """A machine on which a trial's first runs end without a result."""

    def __init__(self, error: Exception | None, times: int) -> None:
        self._error, self._times = error, times

    def run(self, *arguments: Any, **named: Any) -> "subprocess.CompletedProcess[bytes]":
        self._times -= 1
        if self._times < 0:
            return _RUN(*arguments, **named)
        if self._error is not None:
            raise self._error
        return subprocess.CompletedProcess([], -signal.SIGKILL, b"", b"")


@pytest.mark.parametrize("error", [subprocess.TimeoutExpired("trial", 20), OSError(errno.EAGAIN, "no more processes"), None])
def test_a_level_that_could_not_be_tried_is_tried_again(monkeypatch: pytest.MonkeyPatch, error: Exception | None) -> None:
    """A busy machine must not cost a worker its sandbox for good. (None: the kernel killed the trial.)"""
    monkeypatch.setattr("container_worker.sandbox.probe._found", {})
    monkeypatch.setattr("container_worker.sandbox.probe.subprocess.run", _Busy(error, times=100).run)
    assert probe(None).level is Level.NONE
    monkeypatch.setattr("container_worker.sandbox.probe.subprocess.run", _Busy(error, times=1).run)
    assert probe(None).level is FOUND.level
    monkeypatch.setattr("container_worker.sandbox.probe.subprocess.run", _Busy(error, times=100).run)
    assert probe(None).level is FOUND.level


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give each child a user of its own")
def test_a_root_that_cannot_give_files_away_confines_its_children_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    """As in a container without capabilities."""

    def refuse(_folder: Path, uid: int | None) -> None:
        if uid is not None:
            raise PermissionError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr("container_worker.sandbox.probe._found", {})
    monkeypatch.setattr("container_worker.sandbox.probe.hand_over", refuse)
    found = probe(None)
    assert found.level is (Level.LANDLOCK if FOUND.has_landlock else Level.SECCOMP)
    assert found.why_not_more is not None
    assert "not permitted" in found.why_not_more.text


def test_a_child_that_is_not_confined_is_warned_of_once(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """With the reason."""
    monkeypatch.setattr("container_worker.sandbox.child._warned", threading.Event())
    monkeypatch.setattr(
        "container_worker.sandbox.child.probe", lambda _program: Isolation(Level.NONE, False, reason_for("no seccomp"))
    )
    with structlog.testing.capture_logs() as logged:
        for _ in range(2):
            run_child([sys.executable, "-I", "-S", "-c", ""], program="the child", limits=Limits(), folder=tmp_path)
    assert [(line["event"], line["reason"]) for line in logged] == [("children are not confined", "no seccomp")]


def test_a_child_whose_folder_or_inputs_another_user_cannot_reach_keeps_the_workers_user(tmp_path: Path) -> None:
    """Every other child gets one of its own."""
    closed, uid = tmp_path / "closed" / "own", Isolation(Level.UID, has_landlock=True)
    closed.mkdir(parents=True)
    closed.parent.chmod(0o700)
    assert level_for(uid, Path("/usr/lib"), [Path("/usr/lib/input")]) is Level.UID
    assert level_for(uid, Path("/usr/lib"), [tmp_path]) is Level.LANDLOCK
    assert level_for(uid, closed, []) is Level.LANDLOCK
    assert level_for(Isolation(Level.UID, has_landlock=False), closed, []) is Level.SECCOMP
