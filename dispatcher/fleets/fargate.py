"""Containers on AWS Fargate: Spot first, then on-demand, subnet after subnet, region after region."""

import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Self

import structlog

from dispatcher.fleets.base import ContainerSize, FleetContainer, Hardware, LaunchRequest, LaunchResult
from dispatcher.fleets.ecs_errors import EcsProblem, is_capacity, is_gone, is_misconfigured
from dispatcher.fleets.fargate_api import EcsApi, EcsRefused, EcsUnanswered, problem_of_failure
from dispatcher.fleets.fargate_request import (
    MOST_REASON_CHARACTERS,
    Placement,
    container_from,
    placements,
    region_of,
    run_task_request,
    started_by,
    subnet_of,
)
from dispatcher.fleets.settings import FargateSettings
from scenequeue.errors import FleetError, FleetMisconfigured

#: RunTask takes half a second or so; so many at once keep up with 20 a second.
_LAUNCH_THREADS = 16
#: ListTasks may not show a task yet that RunTask has just answered with; so long we add it ourselves.
LISTING_LAG_S = 60.0


class FargateFleet:
    """One ECS task per container. Thread-safe.

    Args:
        settings: where, and as what.
        api: the ECS calls; None makes them from the settings.
        clock: monotonic seconds.
    """

    name = "fargate"

    def __init__(self, settings: FargateSettings, api: EcsApi | None = None, clock: Callable[[], float] = time.monotonic) -> None:
        self._settings, self._clock = settings, clock
        self._api = api or EcsApi(settings.ecs_launches_per_s, settings.ecs_launch_burst)
        self._placements = placements(settings)
        self._exhausted = Exhausted(settings.ecs_capacity_retry_s, clock)
        self._lock = threading.Lock()
        #: What DescribeTasks said, by ARN: a running task is described once, and once more when it has ended.
        self._seen: dict[str, FleetContainer] = {}
        #: Launched by us a moment ago: ARN -> its container and when.
        self._fresh: dict[str, tuple[FleetContainer, float]] = {}
        self._log = structlog.get_logger()

    @property
    def hardware(self) -> Hardware:
        """As the settings have it; 20 GiB of ephemeral storage come with every container (AWS)."""
        return Hardware(self._settings.ecs_architecture, self._settings.ecs_ephemeral_gib or 20, self._settings.ecs_regions[0])

    @classmethod
    def from_environment(cls, **overrides: object) -> Self:
        """The fleet of SCENEBURST_ECS_….

        Raises:
            SettingsError: one is missing or malformed.
        """
        return cls(FargateSettings.load(**overrides))

    def launch(self, requests: Sequence[LaunchRequest]) -> list[LaunchResult]:
        """One RunTask call per container, at the rate that AWS allows; one result per request, in order.

        A call whose outcome stays unknown is a launch without a handle: the container says hello or has failed, and until
        then it counts as capacity, so that it is never launched a second time.
        """
        if not requests:
            return []
        with ThreadPoolExecutor(min(_LAUNCH_THREADS, len(requests)), thread_name_prefix="run-task") as threads:
            return list(threads.map(self._launch, requests))

    def _launch(self, request: LaunchRequest) -> LaunchResult:
        last = "no capacity: every placement was without it a moment ago"
        for placement in self._placements:
            if self._exhausted.includes(placement, request.size):
                continue
            try:
                return self._launched(request, placement, self._run(request, placement))
            except EcsUnanswered as error:
                self._log.warning("a launch without an answer; it may have happened", error=str(error))
                return LaunchResult(request.container_id, region=placement.region, is_spot=placement.is_spot)
            except FleetMisconfigured as error:
                return LaunchResult(request.container_id, error=str(error), transient=False)
            except FleetError as error:
                # Not reached: another region may be.
                last = str(error)
                self._exhausted.add(placement, None)
            except EcsRefused as refused:
                last = f"{placement}: {refused.problem}"
                if not is_capacity(refused.problem):
                    is_hopeless = is_misconfigured(refused.problem)
                    return LaunchResult(request.container_id, error=last, transient=not is_hopeless)
                self._exhausted.add(placement, request.size)
        return LaunchResult(request.container_id, error=last)

    def _run(self, request: LaunchRequest, placement: Placement) -> str:
        """The ARN of a task that runs for this request, launched now or by an earlier try."""
        try:
            answer = self._api.run_task(placement.region, run_task_request(request, placement, self._settings))
        except EcsRefused as refused:
            # The token is known with other arguments: an earlier try, made with other settings, has launched it.
            if known := refused.response.get("resourceIds"):
                return str(known[0])
            raise
        if tasks := answer.get("tasks"):
            return str(tasks[0]["taskArn"])
        failures = [problem_of_failure(failure) for failure in answer.get("failures") or []]
        raise EcsRefused(failures[0] if failures else EcsProblem("ServerException", "neither a task nor a failure"))

    def _launched(self, request: LaunchRequest, placement: Placement, arn: str) -> LaunchResult:
        with self._lock:
            self._fresh[arn] = (FleetContainer(arn, request.container_id, is_running=True), self._clock())
        return LaunchResult(request.container_id, handle=arn, region=placement.region, is_spot=placement.is_spot)

    def list(self) -> list[FleetContainer]:
        """Every task with our mark, and those that ended within about an hour, as long as ECS remembers them.

        A region that does not answer is shown as it was last seen, as long as another one answers.
        Cost: a ListTasks call per 100 tasks and state, a DescribeTasks call per 100 that are new or have just ended.

        Raises:
            FleetError: no region answers, or all throttle; transient.
            FleetMisconfigured: the cluster is unknown, or the role may not look.
        """
        found: dict[str, FleetContainer] = {}
        blind: list[FleetError] = []
        for region in self._settings.ecs_regions:
            try:
                found |= self._list_region(region)
            except FleetMisconfigured:
                raise
            except FleetError as error:
                blind.append(error)
                found |= {arn: container for arn, container in self._seen.items() if region_of(arn) == region}
        if len(blind) == len(self._settings.ecs_regions):
            raise blind[0]
        for reason in blind:
            self._log.warning("a region is shown as it was last seen", error=str(reason))
        with self._lock:
            self._seen = found
            now = self._clock()
            self._fresh = {
                arn: (container, at)
                for arn, (container, at) in self._fresh.items()
                if arn not in found and now - at < LISTING_LAG_S
            }
            return [*found.values(), *(container for container, _ in self._fresh.values())]

    def _list_region(self, region: str) -> dict[str, FleetContainer]:
        try:
            return self._look(region)
        except EcsRefused as refused:
            raise _fleet_error(f"ECS in {region}", refused.problem) from None

    def _look(self, region: str) -> dict[str, FleetContainer]:
        cluster, mark = self._settings.ecs_cluster, started_by(self._settings.namespace)
        running = set(self._api.list_tasks(region, cluster, mark, "RUNNING"))
        stopping = set(self._api.list_tasks(region, cluster, mark, "STOPPED"))
        with self._lock:
            seen = dict(self._seen)
            fresh = {arn for arn in self._fresh if region_of(arn) == region}
        # A task that is listed as running and was described so tells nothing new; one that has ended does neither.
        known = {arn: seen[arn] for arn in running | stopping if arn in seen and (arn in running or not seen[arn].is_running)}
        vanished = {arn for arn, container in seen.items() if container.is_running and region_of(arn) == region}
        asked = sorted((running | stopping | vanished | fresh) - set(known))
        tasks, problems = self._api.describe_tasks(region, cluster, asked)
        for problem in problems:
            if not is_gone(problem):
                raise FleetError(f"ECS in {region} cannot describe a task: {problem}")
        described = {}
        for task in tasks:
            container = container_from(task)
            described[container.handle] = container
            # What ended before our time says nothing about now.
            if not container.is_running and container.handle in {*seen, *fresh}:
                self._learn_from(region, subnet_of(task), task.get("capacityProviderName", ""), container)
        return {**known, **described}

    def _learn_from(self, region: str, subnet: str, provider: str, container: FleetContainer) -> None:
        """Spot takes a launch and ends it later, when it finds no room: then the next one goes elsewhere."""
        if is_capacity(EcsProblem("", container.stopped_reason)):
            for placement in self._placements:
                if placement.region == region and placement.provider == provider and subnet in {"", placement.subnet}:
                    self._exhausted.add(placement, None)

    def stop(self, handle: str, reason: str) -> None:
        """StopTask: SIGTERM, and SIGKILL after the task definition's stopTimeout. Already gone is success.

        Raises:
            FleetError: ECS does not answer, or throttles; transient.
            FleetMisconfigured: the role may not stop it.
        """
        region = region_of(handle) or self._settings.ecs_regions[0]
        try:
            self._api.stop_task(region, self._settings.ecs_cluster, handle, reason[:MOST_REASON_CHARACTERS])
        except EcsRefused as refused:
            if is_gone(refused.problem):
                return
            raise _fleet_error(f"ECS in {region} does not stop {handle}", refused.problem) from None


class Exhausted:
    """Placements that had no capacity a moment ago. Thread-safe.

    Args:
        retry_s: after so many seconds they are asked again.
        clock: monotonic seconds.
    """

    def __init__(self, retry_s: float, clock: Callable[[], float]) -> None:
        self._retry_s, self._clock = retry_s, clock
        self._until: dict[tuple[Placement, ContainerSize | None], float] = {}
        self._lock = threading.Lock()

    def add(self, placement: Placement, size: ContainerSize | None) -> None:
        """There was no room for this size; None: for any size."""
        with self._lock:
            self._until[placement, size] = self._clock() + self._retry_s

    def includes(self, placement: Placement, size: ContainerSize) -> bool:
        """Whether asking now would be in vain."""
        with self._lock:
            return any(self._until.get((placement, each), 0.0) > self._clock() for each in (size, None))


def _fleet_error(what: str, problem: EcsProblem) -> FleetError:
    kind = FleetMisconfigured if is_misconfigured(problem) else FleetError
    return kind(f"{what}: {problem}")
