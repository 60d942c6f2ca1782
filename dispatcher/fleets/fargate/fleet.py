"""Containers on AWS Fargate: Spot first, then on-demand, subnet after subnet, region after region."""

import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Self

import structlog

from dispatcher.fleet import FleetContainer, Hardware, LaunchRequest, LaunchResult
from dispatcher.fleets.fargate.api import EcsApi, EcsRefused, EcsUnanswered, EcsUnreached, fleet_error, problem_of_failure
from dispatcher.fleets.fargate.cooldown import Avoided, Setback
from dispatcher.fleets.fargate.ecs_errors import EcsProblem, is_capacity, is_gone, is_misconfigured
from dispatcher.fleets.fargate.listing import BLIND_S, FargateView
from dispatcher.fleets.fargate.request import (
    MOST_REASON_CHARACTERS,
    Placement,
    placements,
    region_of,
    run_task_request,
    subnet_of,
)
from dispatcher.fleets.settings import FargateSettings
from scenequeue.errors import FleetError, FleetMisconfigured

#: RunTask takes half a second or so; so many at once keep up with 20 a second.
_LAUNCH_THREADS = 16


class FargateFleet:
    """One ECS task per container. Thread-safe.

    Args:
        settings: where, and as what.
        api: the ECS calls; None makes them from the settings.
        clock: monotonic seconds.
    """

    name = "fargate"

    def __init__(self, settings: FargateSettings, api: EcsApi | None = None, clock: Callable[[], float] = time.monotonic) -> None:
        self._settings = settings
        self._api = api or EcsApi(settings.ecs_launches_per_s, settings.ecs_launch_burst)
        self._placements = placements(settings)
        self._view = FargateView(self._api, settings, self._learn_from, clock)
        #: Placements that had no room for a size (None: for any), or refused it for good.
        self._full = Avoided(settings.ecs_capacity_retry_s, clock)
        #: Regions that nobody answers in.
        self._lost = Avoided(BLIND_S, clock)
        self._log = structlog.get_logger()

    @property
    def hardware(self) -> Hardware:
        """As the settings have it; 20 GiB of ephemeral storage come with every container (AWS)."""
        settings = self._settings
        storage_gib = settings.ecs_ephemeral_gib or 20
        return Hardware(settings.ecs_architecture, storage_gib, tuple(settings.ecs_regions), settings.ecs_spot)

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
        setbacks: list[Setback] = []
        for placement in self._placements:
            size = (placement, request.size)
            known = self._lost.why(placement.region) or self._full.why(size, (placement, None))
            if known:
                setbacks.append(known)
                continue
            try:
                return self._launched(request, placement, self._run(request, placement))
            except EcsUnanswered as error:
                self._lose(placement.region, error)
                self._log.warning("a launch without an answer; it may have happened", error=str(error))
                return LaunchResult(request.container_id, region=placement.region, is_spot=placement.is_spot)
            except FleetMisconfigured as error:
                setbacks.append(self._full.add(size, str(error), transient=False))
            except FleetError as error:
                # Not reached: another region may be, but no other placement of this one.
                setbacks.append(self._lost.add(placement.region, str(error)))
            except EcsRefused as refused:
                said = f"{placement}: {refused.problem}"
                is_hopeless, is_full = is_misconfigured(refused.problem), is_capacity(refused.problem)
                if not is_hopeless and not is_full:
                    return LaunchResult(request.container_id, error=said)
                setbacks.append(self._full.add(size, said, transient=not is_hopeless, lacks_capacity=is_full))
        return LaunchResult(
            request.container_id,
            error="; ".join(dict.fromkeys(setback.reason for setback in setbacks)),
            transient=any(setback.transient for setback in setbacks),
            lacks_capacity=any(setback.lacks_capacity for setback in setbacks),
        )

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
        self._view.note(FleetContainer(arn, request.container_id, is_running=True))
        return LaunchResult(request.container_id, handle=arn, region=placement.region, is_spot=placement.is_spot)

    def list(self) -> list[FleetContainer]:
        """Every task with our mark, and those that ended within about an hour, as long as ECS remembers them.

        A region that does not answer is shown as it was last seen, as long as another one answers.

        Raises:
            FleetError: no region answers, or all throttle; transient.
            FleetMisconfigured: the cluster is unknown, or the role may not look; in every region.
        """
        return self._view.look(self._lose)

    def _lose(self, region: str, error: FleetError) -> None:
        """A region that does not even answer a look has no launches either."""
        if isinstance(error, EcsUnreached) or (isinstance(error, EcsUnanswered) and error.is_silent):
            self._lost.add(region, str(error))

    def _learn_from(self, region: str, task: Mapping[str, Any], container: FleetContainer) -> None:
        """Spot takes a launch and ends it later, when it finds no room: then the next one goes elsewhere."""
        if is_capacity(EcsProblem("", container.stopped_reason)):
            subnet, provider = subnet_of(task), task.get("capacityProviderName", "")
            for placement in self._placements:
                if placement.region == region and placement.provider == provider and subnet in {"", placement.subnet}:
                    self._full.add((placement, None), container.stopped_reason, lacks_capacity=True)

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
            raise fleet_error(f"ECS in {region} does not stop {handle}", refused.problem) from None
