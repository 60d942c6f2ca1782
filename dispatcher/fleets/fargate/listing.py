"""Reads our tasks from ECS: listed every time, described as seldom as possible."""

import threading
from collections.abc import Callable, Mapping
from typing import Any

import structlog

from dispatcher.fleet import FleetContainer
from dispatcher.fleets.fargate.api import EcsApi, EcsRefused, fleet_error
from dispatcher.fleets.fargate.cooldown import Avoided
from dispatcher.fleets.fargate.ecs_errors import is_gone
from dispatcher.fleets.fargate.request import container_from, is_ours, region_of, started_by
from dispatcher.fleets.settings import FargateSettings
from scenequeue.errors import FleetError

#: ListTasks may not show a task yet that RunTask has just answered with; so long we add it ourselves.
LISTING_LAG_S = 60.0
#: A region that did not answer is not asked again for so long, while another one does: each vain look costs time-outs.
BLIND_S = 30.0


class FargateView:
    """The tasks with our mark in all regions. Thread-safe.

    Args:
        api: the ECS calls.
        settings: where.
        on_end: told of every task of ours that has ended since it was last seen, as DescribeTasks words it.
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
        #: Regions that could not be looked at a moment ago.
        self._blind = Avoided(BLIND_S, clock)
        self._lock = threading.Lock()
        #: What DescribeTasks said, by ARN: a running task is described once, and once more when it has ended.
        self._seen: dict[str, FleetContainer] = {}
        #: Launched by us a moment ago: ARN -> its container and when.
        self._fresh: dict[str, tuple[FleetContainer, float]] = {}
        #: Stopped tasks of others in the same cluster, while they are listed.
        self._strangers: set[str] = set()
        self._log = structlog.get_logger()

    def note(self, container: FleetContainer) -> None:
        """It has just been launched."""
        with self._lock:
            self._fresh[container.handle] = (container, self._clock())

    def look(self, on_lost: Callable[[str, FleetError], None]) -> list[FleetContainer]:
        """Every task with our mark, and those that ended within about an hour, as long as ECS remembers them.

        A region that does not answer, or may not be looked at, is shown as it was last seen, and not asked for a while, as
        long as another one answers.
        Cost: a ListTasks call per 100 tasks and state, a DescribeTasks call per 100 that are new or have just ended.

        Args:
            on_lost: told of every region that could not be looked at.

        Raises:
            FleetError: no region answers.
        """
        regions = self._settings.ecs_regions
        asked = [region for region in regions if not self._blind.why(region)] or regions
        found: dict[str, FleetContainer] = {}
        lost: list[FleetError] = []
        for region in regions:
            try:
                found |= self._look(region) if region in asked else self._last_seen(region)
            except FleetError as error:
                lost.append(error)
                self._blind.add(region, str(error), transient=error.transient)
                on_lost(region, error)
                found |= self._last_seen(region)
        if len(lost) == len(asked):
            raise lost[0]
        for reason in lost:
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

    def _last_seen(self, region: str) -> dict[str, FleetContainer]:
        with self._lock:
            return {arn: container for arn, container in self._seen.items() if region_of(arn) == region}

    def _look(self, region: str) -> dict[str, FleetContainer]:
        try:
            return self._listed(region)
        except EcsRefused as refused:
            raise fleet_error(f"ECS in {region}", refused.problem) from None

    def _listed(self, region: str) -> dict[str, FleetContainer]:
        cluster = self._settings.ecs_cluster
        marked = set(self._api.list_running(region, cluster, self._mark))
        stopping = set(self._api.list_stopped(region, cluster))
        # It may have been stopped between the two calls.
        running = marked - stopping
        with self._lock:
            seen = dict(self._seen)
            fresh = {arn for arn in self._fresh if region_of(arn) == region}
            strangers = {arn for arn in self._strangers if region_of(arn) != region or arn in stopping}
        # A task that is listed as running and was described so tells nothing new; one that has ended does neither.
        known = {arn: seen[arn] for arn in running | stopping if arn in seen and (arn in running or not seen[arn].is_running)}
        vanished = {arn for arn, container in seen.items() if container.is_running and region_of(arn) == region}
        asked = sorted((running | stopping | vanished | fresh) - set(known) - strangers)
        tasks, problems = self._api.describe_tasks(region, cluster, asked)
        for problem in problems:
            if not is_gone(problem):
                raise FleetError(f"ECS in {region} cannot describe a task: {problem}")
        described = {}
        for task in tasks:
            container = container_from(task)
            if not is_ours(task, self._mark):
                strangers.add(container.handle)
                continue
            described[container.handle] = container
            # What ended before our time says nothing about now.
            if not container.is_running and container.handle in {*seen, *fresh}:
                self._on_end(region, task, container)
        with self._lock:
            self._strangers = strangers
        return {**known, **described}
