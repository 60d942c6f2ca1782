"""Runs everything on this machine for one run (Redis, dispatcher, process fleet), and removes it afterwards."""

import contextlib
import fcntl
import os
import secrets
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from dispatcher.codes import Code as DispatcherCode
from dispatcher.fleets.docker.fleet import DockerFleet
from dispatcher.fleets.process import ProcessFleet
from dispatcher.fleets.settings import DockerSettings
from sceneburst.codes import Code
from sceneburst.exit_codes import uninterrupted
from sceneburst.local.embedded_redis import EmbeddedRedis, die_with_parent
from sceneburst.local.variables import as_variables, by_field, check, environment_of, in_force, overruled
from scenequeue.errors import FleetError, ProgramUnavailable, SettingsError
from scenequeue.queue import SceneQueue
from scenequeue.reasons import Reason
from scenequeue.reasons.endings import ending_of
from scenequeue.settings import SceneburstSettings
from scenequeue.storages.obstacles import writing_problem
from scenequeue.storages.temporary import find_temporary_folder

_STOP_S = 5.0
#: Seconds to wait for the Redis of a cluster that was killed; it ends within a fraction of one.
_LOCK_LIMIT_S = 3.0
#: The time that stopping waits for items; they are worth more only if the queue is kept.
_STOP_AT_ONCE_S = 0.5
_OVER = Reason(DispatcherCode.RUN_OVER)
#: The dispatcher's exit code for a wrong setting.
_MISCONFIGURED = 2
#: Defaults of settings that suit this machine better than those of the programs.
_DEFAULTS: Mapping[str, Any] = {
    "tick_s": 0.5,
    "min_scenes_per_batch": 1,
    "lease_s": 10,
    "idle_timeout_s": 10,
    "redis_patience_s": 15,
    "log_format": "json",
}


class LocalCluster:
    """A whole Sceneburst in a temporary folder; use it in a `with` block.

    Args:
        file_roots: folders that containers may read and write.
        containers: maximum number of containers.
        slots: items that a container works on at once; the run uses at most one core per slot.
        environment: additional SCENEBURST_… variables for dispatcher and containers.
        image: run containers of this image on a container engine (SCENEBURST_DOCKER_SOCKET), as the calling user, instead of
            processes.
        folder: keeps the queue between runs, in an append-only file; None for a temporary folder, which is removed at the end.
        redis_port: TCP port on the loopback, in addition to the socket; 0 for any free one, None for none.

    Raises:
        SettingsError: the folder cannot be made or written to, or another cluster uses it.
    """

    def __init__(
        self,
        file_roots: Sequence[Path],
        *,
        containers: int,
        slots: int,
        environment: Mapping[str, str] | None = None,
        image: str | None = None,
        folder: Path | None = None,
        redis_port: int | None = None,
    ) -> None:
        self._keeps = folder is not None
        self._folder = folder or Path(tempfile.mkdtemp(prefix="sceneburst-run-", dir=find_temporary_folder()))
        with contextlib.ExitStack() as undo:
            if not self._keeps:
                undo.callback(shutil.rmtree, self._folder, ignore_errors=True)
            _make(self._folder)
            self._lock = _lock(self._folder) if self._keeps else None
            if self._lock is not None:
                undo.callback(os.close, self._lock)
            # Always with a password in the URL, so that SCENEBURST_REDIS_PASSWORD of the environment is not used.
            password = secrets.token_hex(16)
            self._redis = EmbeddedRedis(
                self._folder,
                is_durable=self._keeps,
                password=password,
                port=redis_port,
                inherited=[] if self._lock is None else [self._lock],
            )
            undo.callback(self._redis.stop)
            self.url = self._redis.url
            self.namespace = f"up-{secrets.token_hex(4)}" if image else "sceneburst"
            docker = self._docker(image, file_roots) if image else {}
            self._dispatcher: subprocess.Popen[bytes] | None = None
            self._cores = containers * slots
            self._decided = {
                "redis_url": self.url,
                "namespace": self.namespace,
                "fleet": "docker" if image else "process",
                "state_dir": str(self._folder / "fleet"),
                "scratch_dir": str(self._folder / "scratch"),
                "file_roots": sorted({str(root) for root in file_roots}),
                "max_containers": containers,
                "worker_slots": slots,
                **docker,
                **by_field(environment or {}),
            }
            self._fields = in_force(self._decided, {**_DEFAULTS, "max_parallel_tasks": containers}, os.environ)
            self._environment = as_variables(self._fields)
            if image:
                self._fleet: ProcessFleet | DockerFleet = DockerFleet(DockerSettings.load(namespace=self.namespace, **docker))
            else:
                self._fleet = ProcessFleet(self._folder / "fleet")
            undo.pop_all()

    def _docker(self, image: str, file_roots: Sequence[Path]) -> dict[str, Any]:
        """Return settings that place our files and our Redis's socket where the containers look for them."""
        shared = sorted({str(self._redis.socket.parent), *(str(root) for root in file_roots)})
        return {
            "docker_image": image,
            "docker_user": f"{os.getuid()}:{os.getgid()}",
            "docker_volumes": [f"{folder}:{folder}" for folder in shared],
            "docker_environment": {"SCENEBURST_REDIS_URL": self.url},
        }

    def start(self) -> None:
        """Start Redis and the dispatcher.

        Raises:
            ProgramUnavailable: there is no redis-server, or it does not start.
            SettingsError: a setting is malformed, the port is taken, or the engine has no such image.
            FleetError: no container engine answers.
        """
        check(self._fields)
        if isinstance(self._fleet, DockerFleet) and not self._fleet.has_image():
            image = self._environment["SCENEBURST_DOCKER_IMAGE"]
            raise SettingsError(Code.IMAGE_NOT_THERE, image=image)
        self._redis.start()
        if not self._keeps:
            self._mark_transient()
        with self.log.open("wb") as log:
            self._dispatcher = subprocess.Popen(
                [sys.executable, "-P", "-m", "dispatcher"],
                env=environment_of(self._fields, os.environ),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                # In a session of its own, so that Ctrl-C reaches only us, and we stop it in order.
                start_new_session=True,
                preexec_fn=self._before_exec,  # noqa: PLW1509  before any thread is started
            )

    def _mark_transient(self) -> None:
        """Mark the queue as transient for all programs, so that none warns of it."""
        queue = SceneQueue(SceneburstSettings.load(redis_url=self.url, namespace=self.namespace))
        try:
            queue.operator.mark_transient()
        finally:
            queue.close()

    def _before_exec(self) -> None:
        die_with_parent()
        # A slot stands for a core: few slots leave the rest of the machine alone, like a small container.
        # The containers inherit the affinity, and share the cores as the kernel schedules them.
        if hasattr(os, "sched_setaffinity"):
            os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[: self._cores])

    @property
    def overruled(self) -> list[tuple[str, str]]:
        """Variables of the environment that do not hold here, each with the option of `up` that changes the setting or ""."""
        return list(overruled(self._decided, os.environ))

    @property
    def log(self) -> Path:
        """The dispatcher's log, while the cluster exists."""
        return self._folder / "dispatcher.log"

    @property
    def tcp_url(self) -> str:
        """The queue's address for other programs, while the cluster runs."""
        return self._redis.tcp_url

    def check(self) -> None:
        """Check that the dispatcher still runs.

        Raises:
            SettingsError: it has ended; ProgramUnavailable unless a setting was wrong. The message quotes its last lines.
        """
        if self._dispatcher is not None and self._dispatcher.poll() is not None:
            last = self.log.read_text(errors="replace").strip().splitlines()[-1:]
            kind = SettingsError if self._dispatcher.returncode == _MISCONFIGURED else ProgramUnavailable
            ending = ending_of(self._dispatcher.returncode)
            if last:
                raise kind(Code.DISPATCHER_ENDED_SAYING, ending=ending, problem=last[0])
            raise kind(Code.DISPATCHER_ENDED, ending=ending)

    def stop(self) -> None:
        """Stop dispatcher, containers and Redis, and remove the folder; safe twice."""
        if self._dispatcher is not None:
            self._dispatcher.terminate()
            # Concurrently, because the dispatcher may be delayed. `stop_all` stops containers that it launches meanwhile.
            with contextlib.suppress(OSError, FleetError):
                for container in self._fleet.list():
                    if container.is_running:
                        self._fleet.stop(container.handle, _OVER)
            try:
                self._dispatcher.wait(_STOP_S)
            except subprocess.TimeoutExpired:
                self._dispatcher.kill()
                self._dispatcher.wait()
            self._dispatcher = None
        with contextlib.suppress(OSError, FleetError):
            self._fleet.stop_all(_OVER, grace_s=_STOP_S if self._keeps else _STOP_AT_ONCE_S)
        self._redis.stop()
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None
        shutil.rmtree(self._folder / "scratch" if self._keeps else self._folder, ignore_errors=True)

    def __enter__(self) -> Self:
        try:
            self.start()
        except BaseException:
            with uninterrupted():
                self.stop()
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        # A second Ctrl-C must not interrupt the stop.
        with uninterrupted():
            self.stop()


def _make(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        # The append-only file would fail later, in a Redis that is at work.
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise SettingsError(Code.FOLDER_UNUSABLE, folder=str(folder), problem=writing_problem(folder, error)) from None


def _lock(folder: Path) -> int:
    """Lock a folder against a second cluster, whose Redis would write to the same append-only file; return the descriptor.

    Redis inherits the descriptor, so that the lock outlives a cluster that is killed until its Redis has ended.

    Raises:
        SettingsError: another cluster uses the folder.
    """
    descriptor = os.open(folder / "up.lock", os.O_RDWR | os.O_CREAT, 0o600)
    deadline = time.monotonic() + _LOCK_LIMIT_S
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > deadline:
                os.close(descriptor)
                raise SettingsError(Code.FOLDER_IN_USE, folder=str(folder)) from None
            time.sleep(0.05)
        else:
            return descriptor
