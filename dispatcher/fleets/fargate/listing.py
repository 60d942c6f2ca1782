"""Lists our tasks on ECS: every call lists all regions, and describes only what has changed."""

import threading
from collections.abc import Callable, Mapping, Set as AbstractSet
from typing import Any

import structlog

from dispatcher.codes import Code
from dispatcher.fleet import FleetContainer
from dispatcher.fleets.fargate.api import EcsApi, EcsRefused, fleet_error
from dispatcher.fleets.fargate.cooldown import Cooldown, Rejection
from dispatcher.fleets.fargate.ecs_errors import is_gone
from dispatcher.fleets.fargate.listing_diff import KnownTasks, ListedTasks, diff
from dispatcher.fleets.fargate.request import container_from, is_ours, region_of, started_by
from dispatcher.fleets.settings import FargateSettings
from scenequeue.errors import FleetError

#: ListTasks may miss a task for some seconds after RunTask has returned it; for so long it is added here.
LISTING_LAG_S = 60.0
#: Seconds before a region that did not answer is asked again, while another one answers: each call in vain costs time-outs.
REGION_RETRY_S = 30.0


class TaskLister:
    """Our tasks in all regions. Thread-safe.

    Args:
        api: the ECS calls.
        settings: the regions, the cluster and the namespace.
        on_end: called for each task of ours that has ended since the last call, with its description by ECS.
        clock: monotonic seconds.
    """

    def __init__(
        self,
        api: EcsApi,
        settings: FargateSettings,
        on_end: Callable[[str, Mapping[str, Any], FleetContainer], None],
        clock: Callable[[], float],
    ) -> None:
        self._api, self._settings, self._on_end, self._clock = api, settings, on_end, clock
        self._mark = started_by(settings.namespace)
        #: Regions that could not be listed a moment ago.
        self._unlisted = Cooldown(REGION_RETRY_S, clock)
        self._lock = threading.Lock()
        #: Our tasks as they were last described, by ARN.
        self._described: dict[str, FleetContainer] = {}
        #: Launched a moment ago: ARN -> its container and the time.
        self._launched: dict[str, tuple[FleetContainer, float]] = {}
        #: Stopped tasks of other programs in the same cluster, by region, while they are listed.
        self._foreign: dict[str, AbstractSet[str]] = {}
        self._log = structlog.get_logger()

    def add_launched(self, container: FleetContainer) -> None:
        """Count a container that has just been launched, until ECS lists it."""
        with self._lock:
            self._launched[container.handle] = (container, self._clock())

    def list(self, on_error: Callable[[str, FleetError], None]) -> list[FleetContainer]:
        """Return our tasks that run, and those that ended within about an hour, as long as ECS remembers them.

        A region that cannot be listed is returned as it was last listed. It is not asked again for 30 s, as long as another
        region answers.
        Cost: a ListTasks call per 100 tasks and state, a DescribeTasks call per 100 that are new or have just ended.

        Args:
            on_error: called for each region that could not be listed.

        Raises:
            FleetError: no region could be listed.
        """
        regions = self._settings.ecs_regions
        asked = [region for region in regions if not self._unlisted.find(region)] or regions
        found: dict[str, FleetContainer] = {}
        errors: list[FleetError] = []
        for region in regions:
            try:
                found |= self._list_region(region) if region in asked else self._described_in(region)
            except FleetError as error:
                errors.append(error)
                self._unlisted.add(region, Rejection(error.reason, error.transient))
                on_error(region, error)
                found |= self._described_in(region)
        if len(errors) == len(asked):
            raise errors[0]
        for region_error in errors:
            self._log.warning("ecs region not listed, last listing used", error=str(region_error))
        with self._lock:
            self._described = found
            now = self._clock()
            self._launched = {
                arn: (container, at)
                for arn, (container, at) in self._launched.items()
                if arn not in found and now - at < LISTING_LAG_S
            }
            return [*found.values(), *(container for container, _ in self._launched.values())]

    def _described_in(self, region: str) -> dict[str, FleetContainer]:
        with self._lock:
            return {arn: container for arn, container in self._described.items() if region_of(arn) == region}

    def _list_region(self, region: str) -> dict[str, FleetContainer]:
        cluster = self._settings.ecs_cluster
        try:
            running = set(self._api.list_running(region, cluster, self._mark))
            listed = ListedTasks(running, set(self._api.list_stopped(region, cluster)))
            known = self._known_in(region)
            changes = diff(listed, known)
            tasks, problems = self._api.describe_tasks(region, cluster, changes.to_describe)
        except EcsRefused as refused:
            raise fleet_error(refused.problem, Code.ECS_REFUSES, region=region) from None
        for problem in problems:
            if not is_gone(problem):
                raise FleetError(Code.ECS_TASK_UNDESCRIBED, region=region, problem=problem.said)
        ours = [(task, container_from(task)) for task in tasks if is_ours(task, self._mark)]
        for task, container in ours:
            # The end of a task that was never known says nothing about the capacity now.
            if not container.is_running and container.handle in {*known.described, *known.launched}:
                self._on_end(region, task, container)
        with self._lock:
            self._foreign[region] = changes.foreign | {task["taskArn"] for task in tasks if not is_ours(task, self._mark)}
        return {**changes.unchanged, **{container.handle: container for _, container in ours}}

    def _known_in(self, region: str) -> KnownTasks:
        described = self._described_in(region)
        with self._lock:
            launched = {arn for arn in self._launched if region_of(arn) == region}
            return KnownTasks(described, launched, self._foreign.get(region, frozenset()))
