"""Starts and stops all programs of a chaos run (Redis, an S3 API, dispatchers, workers), and finds targets for faults."""

import json
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple, Self

import psutil

from chaos.clock import now_ms
from chaos.environment import EVENT_LIMIT, environment
from chaos.proxies.redis import RedisProxy
from chaos.proxies.s3 import S3Proxy
from chaos.redis_clock import ClockMoves
from chaos.redis_pair import RedisPair, impatient_client
from chaos.s3_server import BUCKET, S3Server
from chaos.scenes import PlannedJob, make_media
from scenequeue.errors import QueueUnavailable
from scenequeue.jobs.item import WIRE_VERSION
from scenequeue.queue import SceneQueue
from scenequeue.settings import SceneburstSettings
from tests.support.faketime import FakedClock, find_faketime, find_movable_redis
from tests.support.fargate_simulator import ONE_REGION, Faults, Simulator

#: A wire version that no usual worker supports, and the prefix of container ids that do.
NEWER_VERSION, NEWER = WIRE_VERSION + 1, "newer-"


class Worker(NamedTuple):
    """A running container."""

    process: psutil.Process
    container_id: str


class ChaosCluster:
    """All programs and files of a run in one folder; use it in a `with` block, which removes all of them.

    Args:
        folder: an empty one, with a short path.
        seed: seed of the draws of proxies and clocks.
        lease_s: length of a lease.
        containers: maximum number of workers.
        fleet: process, or fargate for the simulated ECS.
        has_clock: use a Redis whose clock can be moved; requires that `why_fixed` returns nothing.
    """

    def __init__(
        self,
        folder: Path,
        seed: int,
        lease_s: float = 5.0,
        containers: int = 4,
        fleet: str = "process",
        *,
        has_clock: bool = False,
    ) -> None:
        self.folder, self.lease_s, self.fleet = folder, lease_s, fleet
        self.namespace = "chaos"
        (folder / "starts").mkdir()
        self._clock = self._faked_clock() if has_clock else None
        #: The moves of Redis's clock so far.
        self.clock_moves = ClockMoves()
        binary, variables = (find_movable_redis(), self._clock.environment) if self._clock else (None, None)
        self.redis = RedisPair(folder, binary, variables)
        self.redis.start()
        self.redis_proxy = RedisProxy(folder / "proxy.sock", self.redis.socket)
        self._s3 = S3Server(folder)
        self.s3_proxy = S3Proxy(self._s3.url, seed)
        make_media(folder / "media")
        self.media = self._s3.upload(folder / "media")
        self.output = f"s3://{BUCKET}/videos"
        self._environment = {
            **environment(folder, seed, fleet=fleet, lease_s=lease_s, containers=containers),
            "AWS_ENDPOINT_URL": self.s3_proxy.url,
            "SCENEBURST_REDIS_URL": self.redis_proxy.url,
        }
        settings = SceneburstSettings.load(
            redis_url=self.redis.url, namespace=self.namespace, lease_s=lease_s, event_limit=EVENT_LIMIT
        )
        #: Directly to Redis and S3, past the proxies; for reading only.
        self.queue, self.s3 = SceneQueue(settings), self._s3.client
        #: The same with short time-outs: while the driver waits for an answer it can neither inject nor undo a fault.
        self.impatient_queue = SceneQueue(settings, impatient_client(self.redis.socket))
        self._dispatchers: list[subprocess.Popen[bytes]] = []
        self._newer: list[subprocess.Popen[bytes]] = []
        self._fence = 0
        self.ecs = self._start_ecs() if fleet == "fargate" else None

    def _faked_clock(self) -> FakedClock:
        library = find_faketime()
        assert library is not None
        return FakedClock(self.folder, library)

    def _start_ecs(self) -> Simulator:
        """Start the simulated ECS: every fourth start fails, answers get lost, tasks are listed late, Spot gives 3 s."""
        self.logs.mkdir()
        faults = Faults(
            start_delay_s=0.5, fail_start_every=4, lose_answer_every=7, listing_lag_s=0.5, run_task_rate=(20, 10),
            is_throttling_disguised=True, spot_notice_s=3.0, stop_timeout_s=5.0,
        )  # fmt: skip
        worker = [sys.executable, "-m", "container_worker"]
        simulator = Simulator(self.logs, worker, self._environment, {"us-east-1": ["subnet-a", "subnet-b"]}, faults=faults)
        simulator.__enter__()
        self._environment |= {
            "AWS_ENDPOINT_URL_ECS": simulator.url,
            **ONE_REGION,
        }
        return simulator

    @property
    def scratch(self) -> Path:
        """Folder of the workers' scratch folders."""
        return self.scratch_disk / "items"

    @property
    def scratch_disk(self) -> Path:
        """The folder above: a small file system of its own, if this user may mount one."""
        return self.folder / "scratch"

    @property
    def logs(self) -> Path:
        """Folder of the workers' logs, one per container."""
        return self.folder / ("fleet" if self.fleet == "process" else "containers")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def keep_dispatchers(self, count: int) -> None:
        """Start dispatchers until this many run."""
        self._dispatchers = [program for program in self._dispatchers if program.poll() is None]
        while len(self._dispatchers) < count:
            self._dispatchers.append(self._start(self.folder / "dispatchers.log", "dispatcher"))

    def submitter(self, job: PlannedJob, dies_after: int) -> subprocess.Popen[bytes]:
        """Start a producer program that submits this job; see chaos/submitter.py."""
        return self._start(
            self.folder / "producers.log", "chaos.submitter", job.to_json(), self.media, self.output, str(dies_after)
        )

    def start_newer(self) -> None:
        """Start a worker that also supports the newer version, unless one runs; it exits when it is idle."""
        if self.is_newer_there():
            return
        container_id = f"{NEWER}{len(self._newer)}"
        self.logs.mkdir(exist_ok=True)
        variables = {"SCENEBURST_CONTAINER_ID": container_id, "CHAOS_WIRE_VERSION": str(NEWER_VERSION)}
        self._newer.append(self._start(self.logs / f"{container_id}.log", "container_worker", **variables))

    def is_newer_there(self) -> bool:
        """True if a worker of the newer version runs."""
        return any(worker.poll() is None for worker in self._newer)

    def _start(self, log_path: Path, *module: str, **variables: str) -> subprocess.Popen[bytes]:
        with log_path.open("ab") as log:
            argv, environment = [sys.executable, "-m", *module], {**self._environment, **variables}
            # In a session of its own, as a container: Linux shares the processor among sessions (sched(7), autogroup).
            return subprocess.Popen(
                argv, env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
            )

    def dispatchers(self) -> list[psutil.Process]:
        """List the running dispatchers."""
        return [psutil.Process(program.pid) for program in self._dispatchers if program.poll() is None]

    def fence(self) -> int:
        """Return the last fencing number that a dispatcher got; the last known one if Redis does not answer."""
        try:
            connection = self.impatient_queue._connection
            with connection.translated():
                self._fence = int(connection.client.get(connection.keys.fence) or 0)
        except QueueUnavailable:
            pass
        return self._fence

    @property
    def can_move_clock(self) -> bool:
        """True if Redis's clock can be moved."""
        return self._clock is not None

    def move_clock(self, offset_s: int) -> None:
        """Set the offset of Redis's clock from the true time."""
        assert self._clock is not None
        self._clock.set(offset_s)
        self.clock_moves.note(now_ms(), offset_s * 1000)

    def planned_ms(self) -> int:
        """Return the time of the last published plan, by Redis's clock (ms); 0 if there is none or Redis does not answer."""
        try:
            return int((self.impatient_queue.inspect.plan() or {}).get("at_ms", 0))
        except QueueUnavailable:
            return 0

    def workers(self) -> list[Worker]:
        """List the running workers, ordered by start."""
        if self.ecs is not None:
            return [
                Worker(psutil.Process(task.process.pid), task.variables["SCENEBURST_CONTAINER_ID"])
                for task in self.ecs.cluster.running()
                if task.process is not None and task.process.poll() is None
            ]
        found = []
        for record in (self.folder / "fleet").glob("*.json"):
            try:
                process = psutil.Process(json.loads(record.read_text())["pid"])
                if process.status() != psutil.STATUS_ZOMBIE and "container_worker" in " ".join(process.cmdline()):
                    found.append((process.create_time(), record.stem, process))
            except (OSError, ValueError, KeyError, psutil.Error):
                continue
        return [Worker(process, container_id) for _, container_id, process in sorted(found, key=lambda each: each[:2])]

    def processes(self) -> list[psutil.Process]:
        """List every process of this run: programs by their environment, their children by HOME."""
        found = []
        for process in psutil.process_iter():
            try:
                variables = process.environ()
                is_program = variables.get("SCENEBURST_STATE_DIR") == str(self.folder / "fleet")
                is_child = variables.get("HOME", "").startswith(f"{self.folder}/")
                if (is_program or is_child) and process.status() != psutil.STATUS_ZOMBIE:
                    found.append(process)
            except (psutil.Error, OSError):
                continue
        return found

    def stop(self) -> None:
        """End every program; safe twice."""
        for process in [*self.processes(), *(psutil.Process(p.pid) for p in self._dispatchers if p.poll() is None)]:
            try:
                process.kill()
            except psutil.Error:
                continue
        for program in (*self._dispatchers, *self._newer):
            program.wait()
        if self.ecs is not None:
            self.ecs.__exit__(None, None, None)
        self.redis_proxy.close()
        self.s3_proxy.close()
        self._s3.stop()
        self.redis.stop()
