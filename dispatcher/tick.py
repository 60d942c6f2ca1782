"""One tick: look, judge, plan, launch, tell. Everything that decides is elsewhere, and pure."""

import json
import secrets
from collections.abc import Sequence
from dataclasses import asdict

import structlog

from dispatcher.fleets.base import Fleet, FleetContainer, LaunchRequest
from dispatcher.notify import Notifier
from dispatcher.planner import Backlog, Plan, Policy, plan
from dispatcher.reaper import Action, Limits, Verdict, find_reapable
from scenequeue.errors import DispatcherDeposed, FleetError
from scenequeue.items import ContainerId, ContainerRecord
from scenequeue.queue import SceneQueue
from scenequeue.settings import DispatcherSettings

#: The lock outlasts some ticks, so that a slow one does not lose it; another dispatcher takes over after this.
_LOCK_TICKS = 5
_LEAST_LOCK_S = 10.0
#: Containers read at once; one that were left out would look unknown, and be stopped at its work.
_WHOLE_LEDGER = 100_000


class Dispatcher:
    """Ticks on one queue and one fleet; many may run, one acts.

    Args:
        queue: what to watch.
        fleet: where to launch.
        settings: the operator's wishes.
        notifier: posts webhooks; None posts none.
        owner: our name in the lock; None makes one up.
    """

    def __init__(
        self,
        queue: SceneQueue,
        fleet: Fleet,
        settings: DispatcherSettings,
        notifier: Notifier | None = None,
        owner: str | None = None,
    ) -> None:
        self._queue, self._fleet, self._settings, self._notifier = queue, fleet, settings, notifier
        self._owner = owner or secrets.token_hex(8)
        self._policy = policy_from(settings)
        self._limits = limits_from(settings)
        self._log = structlog.get_logger()
        self._last_why = ""

    def tick(self) -> Plan | None:
        """Do what is due now; None where another dispatcher acts, or the fleet cannot be seen.

        Raises:
            QueueUnavailable: transient; nothing is launched or reaped on blind data.
        """
        fence = self._queue.dispatcher.acquire(self._owner, max(_LEAST_LOCK_S, _LOCK_TICKS * self._settings.tick_s))
        if fence is None:
            return None
        self._queue.dispatcher.reclaim()
        try:
            # The fleet before the ledger: what is launched in between is in the ledger, so nothing known looks unknown.
            running = self._fleet.list()
        except FleetError as error:
            self._log.warning("the fleet cannot be seen; neither launching nor reaping", error=str(error))
            return None
        self._reap(running)
        made = self._plan()
        try:
            self._launch(fence, made)
        except DispatcherDeposed as error:
            self._log.warning("deposed", error=str(error))
            return None
        self._tell(made)
        return made

    def close(self) -> None:
        """Let another dispatcher act at once; safe twice."""
        self._queue.dispatcher.resign(self._owner)
        if self._notifier:
            self._notifier.close()

    def _reap(self, running: Sequence[FleetContainer]) -> None:
        ledger = self._queue.inspect.containers(_WHOLE_LEDGER)
        now_ms = self._queue.inspect.now_ms()
        for verdict in find_reapable(ledger, running, now_ms, self._limits, self._settings.min_containers):
            self._log.info("reaping", container=verdict.container_id, action=verdict.action.value, reason=verdict.reason)
            self._execute(verdict)

    def _execute(self, verdict: Verdict) -> None:
        steer = self._queue.dispatcher
        if verdict.container_id:
            steer.drain(verdict.container_id)
        if verdict.action is Action.DRAIN:
            return
        if verdict.action is Action.STOP and verdict.handle:
            try:
                self._fleet.stop(verdict.handle, verdict.reason)
            except FleetError as error:
                self._log.warning("could not stop a container", container=verdict.container_id, error=str(error))
                return
        if verdict.container_id:
            steer.forfeit(verdict.container_id, verdict.reason)
            steer.record_ended(verdict.container_id, "gone", verdict.reason)

    def _plan(self) -> Plan:
        depth = self._queue.inspect.depth()
        backlog = Backlog(depth.counts.ready, depth.ready_weight, depth.counts.delayed, depth.is_paused)
        containers = self._queue.inspect.containers(_WHOLE_LEDGER)
        return plan(backlog, containers, self._policy, self._queue.dispatcher.rates(), self._queue.inspect.now_ms())

    def _launch(self, fence: int, made: Plan) -> None:
        if not made.launches:
            return
        size = self._policy.size
        records = [
            ContainerRecord(
                container_id=ContainerId(f"c{fence}-{secrets.token_hex(4)}"),
                fleet=self._fleet.name,
                vcpu=size.vcpu,
                memory_mib=size.memory_mib,
                batch=batch,
            )
            for batch in made.launches
        ]
        # Written before anything starts: a crash from here on leaves intents that fail by themselves, never a second launch.
        self._queue.dispatcher.record_intents(fence, records)
        requests = [LaunchRequest(record.container_id, size, record.batch, self._environment(record)) for record in records]
        for result in self._fleet.launch(requests):
            if result.error:
                self._log.warning("launch failed", container=result.container_id, error=result.error)
                self._queue.dispatcher.record_ended(result.container_id, "failed", result.error)
            else:
                self._queue.dispatcher.record_launched(
                    fence, result.container_id, result.handle, result.region, is_spot=result.is_spot
                )

    def _environment(self, record: ContainerRecord) -> dict[str, str]:
        """What a container is told. No secrets: those it has from its surroundings."""
        settings = self._settings
        return {
            "SCENEBURST_NAMESPACE": settings.namespace,
            "SCENEBURST_CONTAINER_ID": record.container_id,
            "SCENEBURST_FLEET": self._fleet.name,
            "SCENEBURST_BATCH": str(record.batch),
            "SCENEBURST_SLOTS": str(settings.worker_slots),
            "SCENEBURST_IDLE_TIMEOUT_S": str(settings.idle_timeout_s),
            "SCENEBURST_LEASE_S": str(settings.lease_s),
            "SCENEBURST_RESULT_TTL_S": str(settings.result_ttl_s),
            "SCENEBURST_FILE_ROOTS": json.dumps([str(root) for root in settings.file_roots]),
        }

    def _tell(self, made: Plan) -> None:
        if made.why != self._last_why:
            self._log.info("plan", why=made.why, launches=len(made.launches))
            self._last_why = made.why
        self._queue.dispatcher.publish_plan(json.dumps({**asdict(made), "at_ms": self._queue.inspect.now_ms()}))
        if self._notifier:
            self._notifier.run()


def policy_from(settings: DispatcherSettings) -> Policy:
    """The planner's view of the settings."""
    return Policy(
        policy=settings.policy,
        scenes_per_batch=settings.scenes_per_batch,
        min_scenes_per_batch=settings.min_scenes_per_batch,
        max_parallel_tasks=settings.max_parallel_tasks,
        max_containers=settings.max_containers,
        min_containers=settings.min_containers,
        launches_per_tick=settings.launches_per_tick,
        deadline_s=settings.deadline_s,
        budget_usd_per_hour=settings.budget_usd_per_hour,
        config_priority=settings.config_priority,
        slots=settings.worker_slots,
        hello_timeout_s=settings.hello_timeout_s,
    )


def limits_from(settings: DispatcherSettings) -> Limits:
    """The reaper's view of the settings."""
    return Limits(
        idle_timeout_s=settings.idle_timeout_s,
        silent_after_s=settings.silent_after_s,
        hello_timeout_s=settings.hello_timeout_s,
        max_lifetime_s=settings.max_lifetime_s,
    )
