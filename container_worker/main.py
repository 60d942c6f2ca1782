"""The worker program: reads the settings, runs the loop, and returns its exit code."""

import contextlib
import os
import secrets
import signal
import sys
import tempfile
from collections.abc import Mapping
from typing import NoReturn

import structlog

from container_worker.codes import Code
from container_worker.drain import Drain, listen_for_signals
from container_worker.exit_codes import Exit
from container_worker.kind import Kind
from container_worker.kinds import load_kinds
from container_worker.loop import WorkLoop
from container_worker.media.ffmpeg import find_ffmpeg
from container_worker.sandbox.probe import probe
from container_worker.sandbox.self_protection import protect_memory
from container_worker.scratch import remove_remaining, scratch_problem, sweep
from scenequeue.errors import QueueUnavailable, SceneburstError, SettingsError
from scenequeue.interruption import raise_on
from scenequeue.jobs.ids import ContainerId, is_job_id
from scenequeue.logs import LogTail, configure
from scenequeue.queue import SceneQueue
from scenequeue.reasons import Code as QueueCode, Reason
from scenequeue.settings import WorkerSettings


def run(settings: WorkerSettings, kinds: Mapping[str, Kind] | None = None, isolation: str = "") -> Exit:
    """Run until no work is left, or until asked to leave. Main thread only, because it handles signals.

    Args:
        settings: its `slots` may be 0, meaning one per vCPU.
        kinds: the kinds that it can execute, by name; None for all.
        isolation: the level at which children run, for the log and the container's record.

    Raises:
        SettingsError: a tool or a setting is wrong, or Redis refuses the login.
    """
    protect_memory()
    container_id = _named(settings)
    tail = LogTail()
    configure(settings, "worker", tail, container_id=container_id)
    settings = settings.model_copy(update={"slots": settings.slots or len(os.sched_getaffinity(0))})
    log = structlog.get_logger()
    drain = Drain(settings.drain_grace_s)
    listen_for_signals(drain)
    _check_scratch(settings)
    sweep(settings.scratch_dir)
    queue = SceneQueue(settings)
    log.info("container starts", slots=settings.slots, batch=settings.batch, redis=queue.url, isolation=isolation)
    try:
        # A refused login ends the program here; while Redis does not answer, the loop waits for it.
        with contextlib.suppress(QueueUnavailable):
            queue.ping()
        found = load_kinds() if kinds is None else kinds
        code = WorkLoop(queue, settings, container_id, found, drain, isolation, tail).run()
    except KeyboardInterrupt:
        return Exit.INTERRUPTED
    finally:
        queue.close()
        # The container's connections are closed now, so file descriptors are free again even if they were exhausted.
        remove_remaining()
    log.info("container leaves", reason=drain.reason or "", exit=int(code))
    return code


def _named(settings: WorkerSettings) -> ContainerId:
    name = settings.container_id or f"by-hand-{secrets.token_hex(4)}"
    if is_job_id(name):
        return ContainerId(name)
    problem = Reason(Code.CONTAINER_ID_UNUSABLE, {"container_id": name})
    raise SettingsError(QueueCode.SETTING_REFUSED, setting="SCENEBURST_CONTAINER_ID", problem=problem)


def _check_scratch(settings: WorkerSettings) -> None:
    """Check before the first lease: a container without scratch space would use up the attempts of every item."""
    if problem := scratch_problem(settings.scratch_dir):
        raise SettingsError(QueueCode.SETTING_REFUSED, setting="SCENEBURST_SCRATCH_DIR", problem=problem)


def _leave(number: int) -> NoReturn:
    if number == signal.SIGINT:
        raise KeyboardInterrupt
    sys.exit(Exit.DRAINED)


def main() -> int:
    """Run the worker (`python -m container_worker`) with settings from the environment; see exit_codes.Exit for the codes."""
    try:
        # Signals end the program with clean-up of its start-up probes, until the loop handles them.
        raise_on((signal.SIGINT, signal.SIGTERM), _leave, (KeyboardInterrupt, SystemExit))
        settings = WorkerSettings.load()
        if settings.scratch_dir is not None:
            # The probe of the children's isolation needs a temporary folder; the system's own may be read-only.
            _check_scratch(settings)
            tempfile.tempdir = str(settings.scratch_dir)
        program = find_ffmpeg().path
        return int(run(settings, isolation=probe(program).level))
    except SceneburstError as error:
        sys.stderr.writelines(f"sceneburst worker: {line}\n" for line in error.lines)
        return int(Exit.MISCONFIGURED) if isinstance(error, SettingsError) else 1
    except KeyboardInterrupt:
        return int(Exit.INTERRUPTED)
