"""The simulated tasks of all regions: their states, their processes, their ends."""

import contextlib
import os
import signal
import subprocess
import threading
import time
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.support.fargate_simulator.faults import Faults

ACCOUNT = "123456789012"
NO_CAPACITY = "Capacity is unavailable at this time. Please try again later or in a different availability zone"
_LOOK_S = 0.01
#: A task that is to stop leaves its load balancers first; ours have none, so it is over soon.
_DEACTIVATING_S = 0.02


@dataclass
class SimulatedTask:
    """One task. Times are Unix seconds; 0 where it has not come to that."""

    arn: str
    region: str
    provider: str
    subnet: str
    request: Mapping[str, Any]
    will_start: bool = True
    lacks_capacity: bool = False
    created: float = field(default_factory=time.time)
    started: float = 0.0
    stopping: float = 0.0
    stopped: float = 0.0
    stop_code: str = ""
    stopped_reason: str = ""
    exit_code: int | None = None
    kill_at: float = 0.0
    process: subprocess.Popen[bytes] | None = None

    @property
    def id(self) -> str:
        return self.arn.rpartition("/")[2]

    def status(self, faults: Faults) -> str:
        """`lastStatus`: the way up takes the start's delay in three equal parts."""
        now = time.time()
        if self.stopped:
            return "STOPPED" if now - self.stopped >= faults.deprovision_s else "DEPROVISIONING"
        if self.started:
            if not self.stopping:
                return "RUNNING"
            return "DEACTIVATING" if now - self.stopping < _DEACTIVATING_S else "STOPPING"
        share = (now - self.created) / faults.start_delay_s if faults.start_delay_s else 1.0
        return "PROVISIONING" if share < 1 / 3 else "PENDING" if share < 2 / 3 else "ACTIVATING"

    @property
    def variables(self) -> dict[str, str]:
        """The overridden environment."""
        override = self.request["overrides"]["containerOverrides"][0]
        return {each["name"]: each["value"] for each in override["environment"]}

    def described(self, faults: Faults, *, with_tags: bool) -> dict[str, Any]:
        """As DescribeTasks words it. A task that has stopped has lost its tags."""
        status = self.status(faults)
        task: dict[str, Any] = {
            "taskArn": self.arn,
            "clusterArn": f"arn:aws:ecs:{self.region}:{ACCOUNT}:cluster/{self.request['cluster']}",
            "taskDefinitionArn": f"arn:aws:ecs:{self.region}:{ACCOUNT}:task-definition/{self.request['taskDefinition']}:1",
            "capacityProviderName": self.provider,
            "launchType": "FARGATE",
            "lastStatus": status,
            "desiredStatus": "STOPPED" if self.stopping or self.stopped else "RUNNING",
            "cpu": self.request["overrides"]["cpu"],
            "memory": self.request["overrides"]["memory"],
            "createdAt": self.created,
            "startedBy": self.request.get("startedBy", ""),
            "overrides": self.request["overrides"],
            "attachments": [
                {"type": "ElasticNetworkInterface", "status": "ATTACHED", "details": [{"name": "subnetId", "value": self.subnet}]}
            ],
            "containers": [],
        }
        if with_tags:
            task["tags"] = [] if status == "STOPPED" else self.request.get("tags", [])
        if self.started:
            container: dict[str, Any] = {"name": "worker", "lastStatus": status, "taskArn": self.arn}
            if self.exit_code is not None:
                container["exitCode"] = self.exit_code
            task |= {"startedAt": self.started, "containers": [container]}
        if self.stopping or self.stopped:
            task |= {"stopCode": self.stop_code, "stoppedReason": self.stopped_reason}
        if self.stopped:
            task |= {"executionStoppedAt": self.stopped, "stoppedAt": self.stopped}
        return task


class Cluster:
    """All tasks, and one thread that lives their lives.

    Args:
        argv: the container's program; None starts nothing, and such a task runs until it is stopped.
        environment: what the task definition gives every container.
        faults: what goes wrong.
        logs: folder for the containers' output.
        agent_url: where the metadata endpoint listens.
    """

    def __init__(
        self, argv: Sequence[str] | None, environment: Mapping[str, str], faults: Faults, logs: Path, agent_url: str
    ) -> None:
        self._argv, self._environment, self.faults, self._logs = argv, environment, faults, logs
        self._agent_url = agent_url
        self.tasks: dict[str, SimulatedTask] = {}
        self._launched = 0
        self.lock = threading.RLock()
        self._is_closed = threading.Event()
        self._thread = threading.Thread(target=self._live, name="fargate-simulator", daemon=True)
        self._thread.start()

    def launch(
        self, region: str, provider: str, subnet: str, request: Mapping[str, Any], *, lacks_capacity: bool
    ) -> SimulatedTask:
        """A new task in PROVISIONING."""
        with self.lock:
            self._launched += 1
            every = self.faults.fail_start_every
            arn = f"arn:aws:ecs:{region}:{ACCOUNT}:task/{request['cluster']}/{uuid.uuid4().hex}"
            will_start = not every or self._launched % every != 0
            task = SimulatedTask(arn, region, provider, subnet, request, will_start, lacks_capacity)
            self.tasks[arn] = task
            return task

    def find(self, region: str, name: str) -> SimulatedTask | None:
        """By ARN or by its last part, as long as ECS remembers it."""
        with self.lock:
            task = self.tasks.get(name) or next((task for task in self.tasks.values() if task.id == name), None)
            return task if task and task.region == region and self.remembers(task) else None

    def remembers(self, task: SimulatedTask) -> bool:
        """Return True if it is still listed: stopped tasks vanish after a while."""
        return not task.stopped or time.time() - task.stopped < self.faults.remembered_s

    def stop(self, task: SimulatedTask, reason: str, code: str = "UserInitiated", grace_s: float | None = None) -> None:
        """SIGTERM, and SIGKILL after the grace. Nothing happens to a task that ends already."""
        with self.lock:
            if task.stopping or task.stopped:
                return
            grace = self.faults.stop_timeout_s if grace_s is None else grace_s
            task.stopping, task.stop_code, task.stopped_reason = time.time(), code, reason
            task.kill_at = time.time() + grace
            if task.process is None:
                task.stopped = time.time()
            else:
                _signal(task.process, signal.SIGTERM)

    def reclaim_spot(self, task: SimulatedTask) -> None:
        """Spot takes the machine back: a notice, two minutes (scaled), the end."""
        self.stop(task, "Your Spot Task was interrupted.", "SpotInterruption", self.faults.spot_notice_s)

    def running(self) -> list[SimulatedTask]:
        """Tasks that have not ended."""
        with self.lock:
            return [task for task in self.tasks.values() if not task.stopped]

    def close(self) -> None:
        """End the thread and every process; safe twice."""
        self._is_closed.set()
        self._thread.join()
        for task in self.tasks.values():
            if task.process is not None:
                _signal(task.process, signal.SIGKILL)
                task.process.wait()

    def _live(self) -> None:
        while not self._is_closed.wait(_LOOK_S):
            with self.lock:
                for task in self.tasks.values():
                    if not task.stopped:
                        self._step(task)

    def _step(self, task: SimulatedTask) -> None:
        now = time.time()
        if not task.started:
            if now - task.created >= self.faults.start_delay_s:
                self._start(task)
        elif task.process is not None:
            code = task.process.poll()
            if code is not None:
                # A program killed by a signal shows as 128 + its number.
                task.exit_code = code if code >= 0 else 128 - code
                task.stopped = now
                task.stop_code = task.stop_code or "EssentialContainerExited"
                task.stopped_reason = task.stopped_reason or "Essential container in task exited"
            elif task.stopping and now >= task.kill_at:
                _signal(task.process, signal.SIGKILL)

    def _start(self, task: SimulatedTask) -> None:
        if not task.will_start or task.lacks_capacity:
            task.stopped, task.stop_code = time.time(), "TaskFailedToStart"
            task.stopped_reason = NO_CAPACITY if task.lacks_capacity else "CannotPullContainerError: i/o timeout"
            return
        if self._argv is not None:
            environment = {name: os.environ[name] for name in ("PATH", "HOME", "PYTHONPATH", "LANG") if name in os.environ}
            environment |= self._environment | task.variables
            environment |= {
                "ECS_CONTAINER_METADATA_URI_V4": f"{self._agent_url}/v4/{task.id}",
                "ECS_AGENT_URI": f"{self._agent_url}/api/{task.id}",
                "AWS_EXECUTION_ENV": "AWS_ECS_FARGATE",
            }
            with (self._logs / f"{task.id}.log").open("ab") as log:
                task.process = subprocess.Popen(
                    self._argv, env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
                )
        task.started = time.time()


def _signal(process: subprocess.Popen[bytes], number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):
        if number == signal.SIGKILL:
            # The container's end is the end of everything in it.
            os.killpg(process.pid, number)
        else:
            process.send_signal(number)
