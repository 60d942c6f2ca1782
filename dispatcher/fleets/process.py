"""Containers as processes of this machine, which survive the dispatcher and are found by the next one."""

import contextlib
import json
import math
import os
import platform
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Self

import psutil

from dispatcher.codes import Code
from dispatcher.fleet import FleetContainer, Hardware, LaunchRequest, LaunchResult
from scenequeue.errors import FleetError, FleetMisconfigured
from scenequeue.jobs.ids import ContainerId
from scenequeue.reasons import Reason
from scenequeue.settings import DispatcherSettings
from scenequeue.storages.temporary import find_temporary_folder

#: Seconds between SIGTERM and SIGKILL; more than the default of SCENEBURST_DRAIN_GRACE_S.
STOP_GRACE_S = 120.0
#: Ended containers are listed for so long, then their record is deleted; their log a day after its last line.
_ENDED_TTL_S = 120.0
_LOG_TTL_S = 86_400.0
#: A record that has no process id after so long belongs to a launch that failed.
_LAUNCH_LIMIT_S = 30.0
_SETTING = "SCENEBURST_STATE_DIR"
#: The id of the machine's current boot; start times of processes count from the boot.
_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


class ProcessFleet:
    """One worker program per container, each in a session of its own.

    Args:
        folder: contains a record and a log per container; all dispatchers of this machine and namespace share it.
        argv: the program; None for the container worker.
    """

    name = "process"
    hardware = Hardware("arm64" if platform.machine() in {"arm64", "aarch64"} else "x86_64")

    def __init__(self, folder: Path, argv: Sequence[str] | None = None) -> None:
        self._folder = folder
        # -P: files in the current folder must not hide our packages.
        self._argv = list(argv or [sys.executable, "-P", "-m", "container_worker"])
        self._children: dict[str, subprocess.Popen[bytes]] = {}
        try:
            # Only a check: without a launch no folder is left behind.
            if not folder.is_dir():
                self._make_folder()
                with contextlib.suppress(OSError):
                    # It may fail, as another dispatcher may use the folder already.
                    folder.rmdir()
        except OSError as error:
            raise FleetMisconfigured(
                Code.STATE_DIR_UNUSABLE, setting=_SETTING, folder=str(folder), problem=_said(error)
            ) from error

    def _make_folder(self) -> None:
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)

    @classmethod
    def from_settings(cls, settings: DispatcherSettings) -> Self:
        """Make the fleet of a namespace, in SCENEBURST_STATE_DIR or the system's temporary folder."""
        return cls(settings.state_dir or find_temporary_folder() / f"sceneburst-{os.getuid()}-{settings.namespace}")

    def launch(self, requests: Sequence[LaunchRequest]) -> list[LaunchResult]:
        """Start processes; for a container id that was launched before, return the result of that launch."""
        return [self._launch(request) for request in requests]

    def _launch(self, request: LaunchRequest) -> LaunchResult:
        record = self._record(request.container_id)
        try:
            self._make_folder()
            # Exclusive: only the dispatcher that makes the record launches. After a crash here, list() deletes the record.
            record.open("x").close()
        except FileExistsError:
            return self._result(request)
        except OSError as error:
            return LaunchResult(request.container_id, error=_not_started(str(record), error))
        try:
            with self.log_of(request.container_id).open("ab") as log:
                child = subprocess.Popen(
                    # The program reads its id from the environment; the argument is for `_find_process`.
                    [*self._argv, request.container_id],
                    env={**_worker_environment(), **request.environment},
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    start_new_session=True,
                )
        except OSError as error:
            record.unlink(missing_ok=True)
            return LaunchResult(request.container_id, error=_not_started(self._argv[0], error))
        self._children[request.container_id] = child
        self._write(record, {"pid": child.pid, "identity": identity_of(child.pid), "started_ms": round(time.time() * 1000)})
        return self._result(request)

    def _result(self, request: LaunchRequest) -> LaunchResult:
        log = self.log_of(request.container_id).absolute()
        return LaunchResult(request.container_id, handle=request.container_id, log=str(log))

    def list(self) -> list[FleetContainer]:
        """Return the containers that run, and those that ended within the last two minutes.

        A container that outlasts the grace period after a stop is killed here, with its whole session.

        Raises:
            FleetError: the folder cannot be read or written.
        """
        try:
            found = [container for record in sorted(self._folder.glob("*.json")) if (container := self._read_container(record))]
            self._forget_old_logs()
        except OSError as error:
            raise FleetError(
                Code.STATE_DIR_UNREADABLE, setting=_SETTING, folder=str(self._folder), problem=_said(error)
            ) from error
        return found

    def _read_container(self, record: Path) -> FleetContainer | None:
        container_id = ContainerId(record.stem)
        facts = self._read(record)
        if "pid" not in facts:
            facts = self._find_process(container_id)
            if not facts:
                if time.time() - _modified(record) > _LAUNCH_LIMIT_S:
                    record.unlink(missing_ok=True)
                return None
            self._write(record, facts)
        child = self._children.get(container_id)
        code = child.poll() if child else facts.get("exit_code")
        if code is None and _is_running(facts):
            if time.time() - facts.get("stopped", math.inf) > STOP_GRACE_S:
                _signal_group(facts["pid"], signal.SIGKILL)
            return FleetContainer(container_id, container_id, is_running=True, started_ms=facts["started_ms"])
        if "ended" not in facts:
            # The process may have ended after the first poll.
            code = child.poll() if child else code
            facts |= {"ended": time.time(), "exit_code": code}
            self._write(record, facts)
        elif time.time() - facts["ended"] > _ENDED_TTL_S:
            record.unlink(missing_ok=True)
            self._children.pop(container_id, None)
            return None
        return FleetContainer(
            container_id,
            container_id,
            is_running=False,
            started_ms=facts["started_ms"],
            stopped_reason=Reason.from_json(facts["reason"]) if "reason" in facts else None,
            exit_code=facts["exit_code"],
        )

    def _find_process(self, container_id: str) -> dict[str, Any]:
        """Find the process of a launch whose dispatcher died before it wrote the process id to the record.

        By the command line, because a worker hides its environment from other programs of the same user.
        """
        for process in psutil.process_iter():
            with contextlib.suppress(psutil.Error):
                if process.cmdline()[-1:] == [container_id] and os.getsid(process.pid) == process.pid:
                    started_ms = round(process.create_time() * 1000)
                    return {"pid": process.pid, "identity": identity_of(process.pid), "started_ms": started_ms}
        return {}

    def stop(self, handle: str, reason: Reason) -> None:
        """Send SIGTERM, and do not wait; `list` sends SIGKILL to the whole session after the grace period."""
        record = self._record(handle)
        facts = self._read(record)
        if "pid" not in facts or "stopped" in facts or not _is_running(facts):
            return
        self._write(record, {**facts, "stopped": time.time(), "reason": reason.to_json()})
        _signal(facts["pid"], signal.SIGTERM)

    def stop_all(self, reason: Reason, grace_s: float = 5.0) -> None:
        """Stop every container and wait until all have ended; those that outlast the grace period are killed."""
        running = [container for container in self.list() if container.is_running]
        for container in running:
            self.stop(container.handle, reason)
        deadline = time.monotonic() + grace_s
        while running:
            if time.monotonic() > deadline:
                for container in running:
                    _signal_group(self._read(self._record(container.handle)).get("pid", 0), signal.SIGKILL)
                deadline = time.monotonic() + grace_s
            time.sleep(0.05)
            running = [container for container in self.list() if container.is_running]

    def log_of(self, container_id: str) -> Path:
        """Return the file of a container's standard output and error."""
        return self._folder / f"{container_id}.log"

    def _record(self, container_id: str) -> Path:
        return self._folder / f"{container_id}.json"

    def _read(self, record: Path) -> dict[str, Any]:
        try:
            return dict(json.loads(record.read_text(encoding="utf-8")))
        except (OSError, ValueError):
            return {}

    def _write(self, record: Path, facts: Mapping[str, Any]) -> None:
        copy = record.with_suffix(f".{secrets.token_hex(4)}.part")
        copy.write_text(json.dumps(facts))
        copy.replace(record)

    def _forget_old_logs(self) -> None:
        for log in self._folder.glob("*.log"):
            if time.time() - _modified(log) > _LOG_TTL_S and not self._record(log.stem).exists():
                log.unlink(missing_ok=True)


def _worker_environment() -> dict[str, str]:
    """Return this process's environment without the secret that only the dispatcher may know."""
    return {name: value for name, value in os.environ.items() if name != "SCENEBURST_WEBHOOK_SECRET"}


def _is_running(facts: Mapping[str, Any]) -> bool:
    """Return True if the process of a record runs; one that ended before its record was written has no identity there."""
    return bool(facts["identity"]) and identity_of(facts["pid"]) == facts["identity"]


def identity_of(pid: int) -> str:
    """Return a text that tells a process from a later one with the same pid; "" if it has ended.

    On Linux: the boot id and the start in ticks since boot (proc(5), field 22 of stat), which setting the clock does not change.
    """
    if not _BOOT_ID.exists():
        with contextlib.suppress(psutil.NoSuchProcess):
            process = psutil.Process(pid)
            return "" if process.status() == psutil.STATUS_ZOMBIE else f"{process.create_time():.1f}"
        return ""
    try:
        # The program's name, in parentheses, may contain any bytes.
        state, *fields = Path(f"/proc/{pid}/stat").read_text(encoding="latin-1").rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return ""
    return "" if state in {"Z", "X"} else f"{_BOOT_ID.read_text(encoding='utf-8').strip()}/{fields[18]}"


def _modified(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except FileNotFoundError:
        return time.time()


def _signal(pid: int, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, number)


def _signal_group(pid: int, number: signal.Signals) -> None:
    if pid > 1:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(pid, number)


def _not_started(path: str, error: OSError) -> Reason:
    return Reason(Code.PROCESS_NOT_STARTED, {"path": path, "problem": _said(error)})


def _said(error: OSError) -> str:
    """Return the system's message for an error."""
    return error.strerror or str(error)
