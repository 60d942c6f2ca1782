"""Containers on AWS Fargate: Spot first, then on-demand, subnet after subnet, region after region."""

import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Self

import structlog

from dispatcher.codes import Code
from dispatcher.fleet import FleetContainer, Hardware, LaunchRequest, LaunchResult
from dispatcher.fleets.fargate.api import EcsApi, EcsRefused, EcsUnanswered, EcsUnreachable, fleet_error, problem_of_failure
from dispatcher.fleets.fargate.cooldown import Cooldown, Rejection
from dispatcher.fleets.fargate.ecs_errors import EcsProblem, is_gone, is_misconfigured, lacks_capacity
from dispatcher.fleets.fargate.listing import REGION_RETRY_S, TaskLister
from dispatcher.fleets.fargate.request import (
    MAX_REASON_CHARACTERS,
    Placement,
    placements,
    region_of,
    run_task_request,
    subnet_of,
)
from dispatcher.fleets.settings import FargateSettings
from scenequeue.errors import FleetError, FleetMisconfigured
from scenequeue.reasons import Code as QueueCode, Parameter, Reason

#: RunTask takes about half a second, so 16 calls at once reach AWS's limit of 20 a second.
_LAUNCH_THREADS = 16


class FargateFleet:
    """One ECS task per container. Thread-safe.

    Args:
        settings: the cluster, the placements and the task definition.
        api: the ECS calls; None makes them from the settings.
        clock: monotonic seconds.
    """

    name = "fargate"

    def __init__(self, settings: FargateSettings, api: EcsApi | None = None, clock: Callable[[], float] = time.monotonic) -> None:
        self._settings = settings
        self._api = api or EcsApi(settings.ecs_launches_per_s, settings.ecs_launch_burst)
        self._placements = placements(settings)
        self._tasks = TaskLister(self._api, settings, self._avoid_full_placement, clock)
        #: Placements that had no capacity for a size (None: for any size), or rejected it as misconfigured.
        self._rejecting = Cooldown(settings.ecs_capacity_retry_s, clock)
        #: Regions that did not answer.
        self._unreachable = Cooldown(REGION_RETRY_S, clock)
        self._log = structlog.get_logger()

    @property
    def hardware(self) -> Hardware:
        """Return the hardware in the settings; every Fargate container has 20 GiB of ephemeral storage by default."""
        settings = self._settings
        storage_gib = settings.ecs_ephemeral_gib or 20
        definition = settings.ecs_task_definition
        image = definition if isinstance(definition, str) else ", ".join(sorted(set(definition.values())))
        return Hardware(settings.ecs_architecture, storage_gib, tuple(settings.ecs_regions), settings.ecs_spot, image)

    @classmethod
    def from_environment(cls, **overrides: object) -> Self:
        """Make the fleet from the settings SCENEBURST_ECS_….

        Raises:
            SettingsError: a setting is missing or malformed.
        """
        return cls(FargateSettings.load(**overrides))

    def launch(self, requests: Sequence[LaunchRequest]) -> list[LaunchResult]:
        """Make one RunTask call per container, at the rate that AWS allows; return one result per request, in order.

        A call whose outcome is unknown gives a result without a handle. Its container counts as capacity until it says hello
        or the hello time-out is over, so that it is never launched twice.
        """
        if not requests:
            return []
        with ThreadPoolExecutor(min(_LAUNCH_THREADS, len(requests)), thread_name_prefix="run-task") as threads:
            return list(threads.map(self._launch, requests))

    def _launch(self, request: LaunchRequest) -> LaunchResult:
        rejections: list[Rejection] = []
        for placement in self._placements:
            size = (placement, request.size)
            known = self._unreachable.find(placement.region) or self._rejecting.find(size, (placement, None))
            if known:
                rejections.append(known)
                continue
            try:
                return self._launched(request, placement, self._run(request, placement))
            except EcsUnanswered as error:
                self._avoid_unreachable(placement.region, error)
                self._log.warning("launch without an answer, may have happened", error=str(error))
                return LaunchResult(request.container_id, region=placement.region, is_spot=placement.is_spot)
            except FleetMisconfigured as error:
                rejections.append(self._rejecting.add(size, Rejection(error.reason, transient=False)))
            except FleetError as error:
                # The region is unreachable: skip all its placements, try the next region.
                rejections.append(self._unreachable.add(placement.region, Rejection(error.reason)))
            except EcsRefused as refused:
                reason = _refused(placement, refused.problem)
                is_permanent, is_full = is_misconfigured(refused.problem), lacks_capacity(refused.problem)
                if not is_permanent and not is_full:
                    return LaunchResult(request.container_id, error=reason)
                rejections.append(self._rejecting.add(size, Rejection(reason, not is_permanent, is_full)))
        return LaunchResult(
            request.container_id,
            error=_all_of([rejection.reason for rejection in rejections]),
            transient=any(rejection.transient for rejection in rejections),
            lacks_capacity=any(rejection.lacks_capacity for rejection in rejections),
        )

    def _run(self, request: LaunchRequest, placement: Placement) -> str:
        """Return the ARN of the task of this request, launched now or by an earlier call."""
        try:
            answer = self._api.run_task(placement.region, run_task_request(request, placement, self._settings))
        except EcsRefused as refused:
            # ConflictException: an earlier call with the same token but other settings has launched the task.
            if known := refused.response.get("resourceIds"):
                return str(known[0])
            raise
        if tasks := answer.get("tasks"):
            return str(tasks[0]["taskArn"])
        failures = [problem_of_failure(failure) for failure in answer.get("failures") or []]
        raise EcsRefused(failures[0] if failures else EcsProblem("ServerException", reason=Reason(Code.ECS_ANSWERS_NOTHING)))

    def _launched(self, request: LaunchRequest, placement: Placement, arn: str) -> LaunchResult:
        self._tasks.add_launched(FleetContainer(arn, request.container_id, is_running=True))
        return LaunchResult(request.container_id, handle=arn, region=placement.region, is_spot=placement.is_spot)

    def list(self) -> list[FleetContainer]:
        """Return our tasks that run, and those that ended within about an hour, as long as ECS remembers them.

        A region that does not answer is returned as it was last listed, as long as another region answers.

        Raises:
            FleetError: no region answers, or all throttle; transient.
            FleetMisconfigured: in every region the cluster is unknown, or the role may not list tasks.
        """
        return self._tasks.list(self._avoid_unreachable)

    def _avoid_unreachable(self, region: str, error: FleetError) -> None:
        """Skip a region that does not answer in launches too."""
        if isinstance(error, EcsUnreachable) or (isinstance(error, EcsUnanswered) and error.is_silent):
            self._unreachable.add(region, Rejection(error.reason))

    def _avoid_full_placement(self, region: str, task: Mapping[str, Any], container: FleetContainer) -> None:
        """Skip the placement of a task that ended for lack of capacity: Spot accepts a launch and may end it later."""
        ended = container.stopped_reason
        if ended and lacks_capacity(EcsProblem("", ended.plain())):
            subnet, provider = subnet_of(task), task.get("capacityProviderName", "")
            for placement in self._placements:
                if placement.region == region and placement.provider == provider and subnet in {"", placement.subnet}:
                    self._rejecting.add((placement, None), Rejection(ended, lacks_capacity=True))

    def stop(self, handle: str, reason: Reason) -> None:
        """Stop a task: SIGTERM, and SIGKILL after the task definition's stopTimeout. A task that is gone already is a success.

        Raises:
            FleetError: ECS does not answer, or throttles; transient.
            FleetMisconfigured: the role may not stop tasks.
        """
        region = region_of(handle) or self._settings.ecs_regions[0]
        try:
            self._api.stop_task(region, self._settings.ecs_cluster, handle, reason.text[:MAX_REASON_CHARACTERS])
        except EcsRefused as refused:
            if is_gone(refused.problem):
                return
            raise fleet_error(refused.problem, Code.ECS_DOES_NOT_STOP, region=region, handle=handle) from None


def _refused(placement: Placement, problem: EcsProblem) -> Reason:
    where: dict[str, Parameter] = {"provider": placement.provider, "subnet": placement.subnet, "region": placement.region}
    return Reason(Code.PLACEMENT_REFUSES, {**where, "problem": problem.said})


def _all_of(reasons: Sequence[Reason]) -> Reason:
    """Return the reason that no placement accepted a launch: those of all placements, each once."""
    several = [reason for at, reason in enumerate(reasons) if reason not in reasons[:at]]
    return several[0] if len(several) == 1 else Reason(QueueCode.SEVERAL, {"reasons": tuple(several)})
