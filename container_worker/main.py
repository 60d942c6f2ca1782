"""The worker program: settings in, exit code out."""

import contextlib
import os
import secrets
import signal
import sys
import tempfile
from collections.abc import Mapping

import structlog

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
from scenequeue.jobs.ids import ContainerId, check_job_id
from scenequeue.logs import LogTail, configure
from scenequeue.queue import SceneQueue
from scenequeue.settings import WorkerSettings


def run(settings: WorkerSettings, kinds: Mapping[str, Kind] | None = None, isolation: str = "") -> Exit:
    """Work until there is nothing left, or until asked to leave. Main thread only: it listens for signals.

    Args:
        settings: whose `slots` may be 0, meaning one per vCPU.
        kinds: those that it can do, by name; None is all that there are.
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
        # A refused login ends the program here; while Redis is away, the loop waits for it.
        with contextlib.suppress(QueueUnavailable):
            queue.ping()
        found = load_kinds() if kinds is None else kinds
        code = WorkLoop(queue, settings, container_id, found, drain, isolation, tail).run()
    except KeyboardInterrupt:
        return Exit.INTERRUPTED
    finally:
        queue.close()
        # Its connections are closed: where file descriptors were short, there are some again.
        remove_remaining()
    log.info("container leaves", reason=drain.reason, exit=int(code))
    return code


def _named(settings: WorkerSettings) -> ContainerId:
    try:
        return ContainerId(check_job_id(settings.container_id or f"by-hand-{secrets.token_hex(4)}"))
    except ValueError as error:
        raise SettingsError(f"SCENEBURST_CONTAINER_ID: {error}".replace("job id", "container id")) from None


def _check_scratch(settings: WorkerSettings) -> None:
    """Find out before the first lease: a container without scratch space would use up the attempts of every item."""
    if problem := scratch_problem(settings.scratch_dir):
        raise SettingsError(f"SCENEBURST_SCRATCH_DIR: {problem.text}")


def main() -> int:
    """`python -m container_worker`: settings from the environment; see exits.Exit for the codes."""
    try:
        # Until it listens for signals itself, what it tries out at its start is cleaned up on the way out.
        signal.signal(signal.SIGINT, signal.default_int_handler)
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(Exit.DRAINED))
        settings = WorkerSettings.load()
        if settings.scratch_dir is not None:
            # The isolation of children is tried out in a temporary folder; the system's own may be read-only.
            _check_scratch(settings)
            tempfile.tempdir = str(settings.scratch_dir)
        program = find_ffmpeg().path
        return int(run(settings, isolation=probe(program).level))
    except SettingsError as error:
        sys.stderr.write(f"sceneburst worker: {error}\n")
        return int(Exit.MISCONFIGURED)
    except SceneburstError as error:
        sys.stderr.write(f"sceneburst worker: {error}\n")
        return 1
    except KeyboardInterrupt:
        return int(Exit.INTERRUPTED)
