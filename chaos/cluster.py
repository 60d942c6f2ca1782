"""All programs of a chaos run: Redis, an S3 API, dispatchers, workers; and which of them are there to be hit."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Self

import boto3
import psutil

from chaos.proxies import RedisProxy, S3Proxy
from chaos.scenes import PlannedJob, make_media
from console.embedded_redis import EmbeddedRedis
from scenequeue.queue import SceneQueue
from scenequeue.settings import SceneburstSettings
from tests.fargate_simulator import Faults, Simulator

BUCKET = "chaos"
#: Its sitecustomize puts workers' clocks wrong.
_SKEW = Path(__file__).parent / "skew"
_S3_SERVER = "import sys; from moto.server import main; main(['-H', '127.0.0.1', '-p', sys.argv[1]])"


class ChaosCluster:
    """Everything in one folder; use it in a `with` block, after which nothing of it is left.

    Args:
        folder: an empty one, with a short path.
        seed: of the proxies' draws.
        lease_s: how long a lease lasts.
        containers: most workers at once.
        fleet: process, or fargate for the simulated ECS.
    """

    def __init__(self, folder: Path, seed: int, lease_s: float = 3.0, containers: int = 3, fleet: str = "process") -> None:
        self.folder, self.lease_s = folder, lease_s
        self.namespace = "chaos"
        self.redis = EmbeddedRedis(folder, is_durable=True)
        self.redis.start()
        self.redis_proxy = RedisProxy(folder / "proxy.sock", self.redis.socket)
        self._s3, real_s3 = _start_s3(folder)
        self.s3_proxy = S3Proxy(real_s3, seed)
        make_media(folder / "media")
        self.output = f"s3://{BUCKET}/videos"
        self._aws = {
            "AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": "testing", "AWS_REGION": "us-east-1",
            "AWS_DEFAULT_REGION": "us-east-1", "AWS_EC2_METADATA_DISABLED": "true",
        }  # fmt: skip
        self._environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "SCENEBURST_"))},
            **self._aws,
            "AWS_ENDPOINT_URL": self.s3_proxy.url,
            "PYTHONPATH": os.pathsep.join(filter(None, [str(_SKEW), os.environ.get("PYTHONPATH")])),
            "CHAOS_SEED": str(seed),
            "SCENEBURST_REDIS_URL": self.redis_proxy.url,
            "SCENEBURST_NAMESPACE": self.namespace,
            "SCENEBURST_FLEET": fleet,
            "SCENEBURST_STATE_DIR": str(folder / "fleet"),
            "SCENEBURST_SCRATCH_DIR": str(self.scratch),
            "SCENEBURST_FILE_ROOTS": json.dumps([str(folder / "media")]),
            "SCENEBURST_EVENT_LIMIT": "1000000",
            "SCENEBURST_TICK_S": "0.5",
            "SCENEBURST_LEASE_S": str(lease_s),
            "SCENEBURST_MAX_CONTAINERS": str(containers),
            "SCENEBURST_MAX_PARALLEL_TASKS": str(containers),
            "SCENEBURST_SCENES_PER_BATCH": "8",
            "SCENEBURST_MIN_SCENES_PER_BATCH": "1",
            "SCENEBURST_WORKER_SLOTS": "1",
            "SCENEBURST_IDLE_TIMEOUT_S": "4",
            "SCENEBURST_SILENT_AFTER_S": "8",
            "SCENEBURST_HELLO_TIMEOUT_S": "20",
            "SCENEBURST_DRAIN_GRACE_S": "3",
            "SCENEBURST_ITEM_TIMEOUT_S": "20",
            "SCENEBURST_ITEM_MEMORY_MIB": "1024",
            "SCENEBURST_LOG_FORMAT": "json",
        }
        settings = SceneburstSettings.load(
            redis_url=self.redis.url, namespace=self.namespace, lease_s=lease_s, event_limit=1_000_000
        )
        #: Straight to Redis, past the proxy: for looking only.
        self.queue = SceneQueue(settings)
        self.s3 = boto3.session.Session().client(
            "s3", endpoint_url=real_s3, region_name="us-east-1", aws_access_key_id="testing", aws_secret_access_key="testing"
        )
        self.s3.create_bucket(Bucket=BUCKET)
        self._dispatchers: list[subprocess.Popen[bytes]] = []
        self.ecs = self._start_ecs() if fleet == "fargate" else None

    def _start_ecs(self) -> Simulator:
        """Every fourth start fails, answers get lost, tasks are listed late, and Spot gives three seconds."""
        logs = self.folder / "containers"
        logs.mkdir()
        faults = Faults(
            start_delay_s=0.5, fail_start_every=4, lose_answer_every=7, listing_lag_s=0.5, run_task_rate=(20, 10),
            is_throttling_disguised=True, spot_notice_s=3.0, stop_timeout_s=5.0,
        )  # fmt: skip
        worker = [sys.executable, "-m", "container_worker"]
        simulator = Simulator(logs, worker, self._environment, {"us-east-1": ["subnet-a", "subnet-b"]}, faults=faults)
        simulator.__enter__()
        self._environment |= {
            "AWS_ENDPOINT_URL_ECS": simulator.url,
            "SCENEBURST_ECS_CLUSTER": "videos",
            "SCENEBURST_ECS_TASK_DEFINITION": "worker",
            "SCENEBURST_ECS_SUBNETS": '["subnet-a", "subnet-b"]',
            "SCENEBURST_ECS_REGIONS": '["us-east-1"]',
            "SCENEBURST_ECS_MIN_LIFETIME_S": "0",
            "SCENEBURST_ECS_CAPACITY_RETRY_S": "1",
        }
        return simulator

    @property
    def scratch(self) -> Path:
        """Where the workers' scratch folders are."""
        return self.folder / "scratch"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def keep_dispatchers(self, count: int) -> None:
        """Start as many as are missing."""
        self._dispatchers = [program for program in self._dispatchers if program.poll() is None]
        while len(self._dispatchers) < count:
            with (self.folder / "dispatchers.log").open("ab") as log:
                argv = [sys.executable, "-m", "dispatcher"]
                self._dispatchers.append(
                    subprocess.Popen(argv, env=self._environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
                )

    def submitter(self, job: PlannedJob) -> subprocess.Popen[bytes]:
        """A producer program that submits this job."""
        media = f"file://{self.folder / 'media'}"
        with (self.folder / "producers.log").open("ab") as log:
            argv = [sys.executable, "-m", "chaos.submitter", job.to_json(), media, self.output]
            return subprocess.Popen(argv, env=self._environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log)

    def dispatchers(self) -> list[psutil.Process]:
        """Those that run."""
        return [psutil.Process(program.pid) for program in self._dispatchers if program.poll() is None]

    def workers(self) -> list[psutil.Process]:
        """Those that run, whoever started them."""
        found = []
        if self.ecs is not None:
            return [
                psutil.Process(task.process.pid)
                for task in self.ecs.cluster.running()
                if task.process is not None and task.process.poll() is None
            ]
        for record in (self.folder / "fleet").glob("*.json"):
            try:
                facts = json.loads(record.read_text())
                process = psutil.Process(facts["pid"])
                if process.status() != psutil.STATUS_ZOMBIE and "container_worker" in " ".join(process.cmdline()):
                    found.append(process)
            except (OSError, ValueError, KeyError, psutil.Error):
                continue
        return found

    def processes(self) -> list[psutil.Process]:
        """Every process that was started with our namespace's environment."""
        found = []
        for process in psutil.process_iter():
            try:
                is_ours = process.environ().get("SCENEBURST_STATE_DIR") == str(self.folder / "fleet")
                if is_ours and process.status() != psutil.STATUS_ZOMBIE:
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
        for program in self._dispatchers:
            program.wait()
        if self.ecs is not None:
            self.ecs.__exit__(None, None, None)
        self.redis_proxy.close()
        self.s3_proxy.close()
        self._s3.kill()
        self._s3.wait()
        self.redis.stop()


def _start_s3(folder: Path) -> tuple[subprocess.Popen[bytes], str]:
    import socket

    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = int(free.getsockname()[1])
    with (folder / "s3.log").open("wb") as log:
        server = subprocess.Popen([sys.executable, "-c", _S3_SERVER, str(port)], stdout=log, stderr=log)
    deadline = time.monotonic() + 30
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return server, f"http://127.0.0.1:{port}"
        except OSError:
            if server.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError((folder / "s3.log").read_text()) from None
            time.sleep(0.05)
