"""The simulated ECS: what each of its calls accepts, refuses and answers."""

import functools
import json
import re
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from http.server import ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import botocore.session
from botocore.model import ServiceModel
from botocore.validate import ParamValidator

from tests.support.fargate_simulator.cluster import NO_CAPACITY, Cluster, SimulatedTask
from tests.support.fargate_simulator.endpoint import LostAnswer, Refused, handler_of
from tests.support.fargate_simulator.faults import Faults, Meters

_STARTED_BY = re.compile(r"[A-Za-z0-9/_-]{0,128}")
_TOKEN = re.compile(r"[!-~]{1,64}")
#: What ListTasks filters by besides; the cluster is where it looks.
_OTHER_FILTERS = frozenset({"containerInstance", "daemonName", "desiredStatus", "family", "launchType", "serviceName"})
_MEMORY_GIB = {"256": "0.5 1 2", "512": "1-4", "1024": "2-8", "2048": "4-16", "4096": "8-30"}
_MEMORY_GIB |= {"8192": "16-60 by 4", "16384": "32-120 by 8"}


@functools.cache
def _ecs_model() -> ServiceModel:
    """Return AWS's description of ECS, which takes a while to read."""
    return botocore.session.get_session().get_service_model("ecs")


class Simulator:
    """Listens on a free port of this machine while in a `with` block; set AWS_ENDPOINT_URL_ECS to its url.

    Args:
        logs: folder for the containers' output.
        argv: the containers' program; None runs nothing.
        environment: what the task definition gives every container.
        subnets: region -> its subnets.
        cluster: the one cluster's name.
        faults: what goes wrong.
    """

    def __init__(
        self,
        logs: Path,
        argv: Sequence[str] | None = None,
        environment: Mapping[str, str] | None = None,
        subnets: Mapping[str, Sequence[str]] | None = None,
        cluster: str = "videos",
        faults: Faults | None = None,
    ) -> None:
        self.faults = faults or Faults()
        self._subnets = subnets or {"us-east-1": ["subnet-a", "subnet-b"], "us-west-2": ["subnet-c"]}
        self._name = cluster
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler_of(self))
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        self.cluster = Cluster(argv, environment or {}, self.faults, logs, self.url)
        self._model = _ecs_model()
        self._tokens: dict[tuple[str, str], tuple[str, SimulatedTask]] = {}
        self._meters = Meters()
        self._numbers = Counter[str]()
        #: How often which call was made, and refused as too fast ("throttled").
        self.calls = Counter[str]()
        self._lock = threading.RLock()
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._server.shutdown()
        self._server.server_close()
        self.cluster.close()

    def answer(self, operation: str, region: str, arguments: dict[str, Any]) -> dict[str, Any]:
        """One API call.

        Raises:
            Refused: with ECS's code.
            LostAnswer: it was done, and nobody is told.
        """
        calls: dict[str, Callable[[str, dict[str, Any]], dict[str, Any]]] = {
            "RunTask": self._run_task,
            "DescribeTasks": self._describe_tasks,
            "ListTasks": self._list_tasks,
            "StopTask": self._stop_task,
            "TagResource": self._tag_resource,
        }
        with self._lock:
            self.calls[operation] += 1
        if operation not in calls:
            raise Refused("UnknownOperationException", operation)
        report = ParamValidator().validate(arguments, self._model.operation_model(operation).input_shape)
        if report.has_errors():
            raise Refused("InvalidParameterException", report.generate_report())
        if arguments.get("cluster", self._name) != self._name:
            raise Refused("ClusterNotFoundException", "Cluster not found.")
        if self._is_turn(operation, "break", self.faults.break_every):
            raise Refused("ServerException", "Service Unavailable. Please try again later.", 500)
        self._check_pace(operation, region)
        return calls[operation](region, arguments)

    def _check_pace(self, operation: str, region: str) -> None:
        if self._meters.admits(operation, region, self.faults):
            return
        with self._lock:
            self.calls["throttled"] += 1
            self.calls[f"throttled {operation}"] += 1
        if self.faults.is_throttling_disguised:
            raise Refused("InvalidParameterException", "Rate exceeded")
        raise Refused("ThrottlingException", "Rate exceeded")

    def _run_task(self, region: str, arguments: dict[str, Any]) -> dict[str, Any]:
        provider, subnet = self._check_run_task(region, arguments)
        time.sleep(self.faults.run_task_s)
        with self._lock:
            token, same = arguments.get("clientToken"), json.dumps(arguments, sort_keys=True)
            if token and (region, token) in self._tokens:
                before, task = self._tokens[region, token]
                if before != same:
                    raise Refused("ConflictException", "The clientToken is already in use.", resourceIds=[task.arn])
                return {"tasks": [task.described(self.faults, with_tags=True)], "failures": []}
            lacks_capacity = not self.faults.has_capacity(provider, subnet, region)
            if lacks_capacity and not (provider == "FARGATE_SPOT" and self.faults.is_spot_late_to_say):
                self.calls["no capacity"] += 1
                if self.faults.refusals_left is not None:
                    self.faults.refusals_left -= 1
                return {"tasks": [], "failures": [{"reason": NO_CAPACITY}]}
            task = self.cluster.launch(region, provider, subnet, arguments, lacks_capacity=lacks_capacity)
            if token:
                self._tokens[region, token] = (same, task)
        if self._is_turn("RunTask", "lose", self.faults.lose_answer_every):
            raise LostAnswer
        return {"tasks": [task.described(self.faults, with_tags=True)], "failures": []}

    def _check_run_task(self, region: str, arguments: dict[str, Any]) -> tuple[str, str]:
        """Check what boto3 leaves to the service; return the provider and the subnet."""
        overrides = arguments.get("overrides", {})
        network = arguments.get("networkConfiguration", {}).get("awsvpcConfiguration", {})
        providers = [each["capacityProvider"] for each in arguments.get("capacityProviderStrategy", [])]
        rules = {
            "launchType and capacityProviderStrategy exclude each other": not (providers and "launchType" in arguments),
            "unknown capacity provider": set(providers) <= {"FARGATE", "FARGATE_SPOT"} and bool(providers),
            # ECS takes 1 to 10; more than one of ours would share an id.
            "this simulation launches one task a call": arguments.get("count", 1) == 1,
            "startedBy has characters it may not have": bool(_STARTED_BY.fullmatch(arguments.get("startedBy", ""))),
            "clientToken has characters it may not have": bool(_TOKEN.fullmatch(arguments.get("clientToken", "x"))),
            "overrides are too long": len(json.dumps(overrides)) <= 8192,
            "No Fargate configuration exists for given values": _is_size(overrides.get("cpu"), overrides.get("memory")),
            "too many tags": len(arguments.get("tags", [])) <= 50,
            "The subnet ID does not exist": bool(network.get("subnets"))
            and set(network["subnets"]) <= set(self._subnets.get(region, [])),
        }
        for message, holds in rules.items():
            if not holds:
                raise Refused("InvalidParameterException", message)
        if arguments["taskDefinition"].startswith("unknown"):
            raise Refused("ClientException", "TaskDefinition not found.")
        return providers[0], network["subnets"][0]

    def _describe_tasks(self, region: str, arguments: dict[str, Any]) -> dict[str, Any]:
        if len(arguments["tasks"]) > 100:
            raise Refused("InvalidParameterException", "Tasks length should be at most 100.")
        found: list[dict[str, Any]] = []
        failures: list[dict[str, str]] = []
        with self.cluster.lock:
            for name in arguments["tasks"]:
                task = self.cluster.find(region, name)
                if task is None or not self._is_known_by_now(task):
                    failures.append({"arn": name, "reason": "MISSING"})
                else:
                    found.append(task.described(self.faults, with_tags="TAGS" in arguments.get("include", [])))
        return {"tasks": found, "failures": failures}

    def _list_tasks(self, region: str, arguments: dict[str, Any]) -> dict[str, Any]:
        if "startedBy" in arguments and _OTHER_FILTERS & set(arguments):
            raise Refused("InvalidParameterException", "startedBy must be the only filter.")
        wanted = arguments.get("desiredStatus", "RUNNING")
        with self.cluster.lock:
            arns = [
                task.arn
                for task in self.cluster.tasks.values()
                if task.region == region
                and self._is_known_by_now(task)
                and self.cluster.remembers(task)
                and task.request.get("startedBy") == arguments.get("startedBy", task.request.get("startedBy"))
                and task.described(self.faults, with_tags=False)["desiredStatus"] == wanted
            ]
        first = int(arguments.get("nextToken", "0"))
        last = first + arguments.get("maxResults", 100)
        return {"taskArns": arns[first:last], **({"nextToken": str(last)} if last < len(arns) else {})}

    def _stop_task(self, region: str, arguments: dict[str, Any]) -> dict[str, Any]:
        task = self.cluster.find(region, arguments["task"])
        if task is None:
            raise Refused("InvalidParameterException", "The referenced task was not found.")
        self.cluster.stop(task, arguments.get("reason", "Task stopped by user"))
        return {"task": task.described(self.faults, with_tags=False)}

    def _tag_resource(self, region: str, arguments: dict[str, Any]) -> dict[str, Any]:
        if self.cluster.find(region, arguments["resourceArn"]) is None:
            raise Refused("ResourceNotFoundException", "The resource was not found.")
        return {}

    def _is_known_by_now(self, task: SimulatedTask) -> bool:
        return time.time() - task.created >= self.faults.listing_lag_s

    def _is_turn(self, operation: str, what: str, every: int) -> bool:
        with self._lock:
            self._numbers[what] += 1
            return bool(every) and self._numbers[what] % every == 0

    def metadata(self, task_id: str, what: str = "") -> dict[str, Any] | None:
        """Return a container's metadata, or with "task" that of its task."""
        with self.cluster.lock:
            task = next((task for task in self.cluster.tasks.values() if task.id == task_id), None)
            if task is None or what not in {"", "task"}:
                return None
            limits = {"CPU": int(task.request["overrides"]["cpu"]) / 1024, "Memory": int(task.request["overrides"]["memory"])}
            container = {"DockerId": f"{task.id}-1", "Name": "worker", "KnownStatus": "RUNNING", "Limits": limits}
            if not what:
                return container
            status = {"DesiredStatus": "STOPPED" if task.stopping else "RUNNING", "KnownStatus": task.status(self.faults)}
            family = {"Family": task.request["taskDefinition"], "Revision": "1", "AvailabilityZone": f"{task.region}a"}
            about = {"TaskARN": task.arn, "Cluster": self._name, "LaunchType": "FARGATE", "Limits": limits}
            return {**about, **status, **family, "Containers": [container]}


def _is_size(cpu: str | None, memory: str | None) -> bool:
    words = re.findall(r"[\d.]+", _MEMORY_GIB.get(cpu or "", ""))
    if not words or memory is None:
        return False
    gib = int(memory) / 1024
    if cpu == "256":
        return gib in {float(word) for word in words}
    least, most, step = (*map(float, words), 1.0)[:3]
    return least <= gib <= most and (gib - least) % step == 0
