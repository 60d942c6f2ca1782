"""Launches the containers of a plan: writes intents, calls the fleet, and records the outcome."""

import json
import secrets
import time
from collections.abc import Callable, Sequence

import structlog

from dispatcher.decisions.planner import Plan
from dispatcher.decisions.planning.launch_limits import Order
from dispatcher.decisions.planning.policy import Policy
from dispatcher.decisions.standstill import Rejection
from dispatcher.fleet import SIZES, Fleet, LaunchRequest, LaunchResult
from dispatcher.publishing.decision import decision_as_json
from scenequeue.backoff import doubled
from scenequeue.errors import FleetError
from scenequeue.jobs.container import ContainerRecord
from scenequeue.jobs.ids import ContainerId
from scenequeue.queue import SceneQueue
from scenequeue.settings import DispatcherSettings

#: Pauses after calls in which the fleet accepted nothing; they double from the first to the last. Those for containers that
#: start in vain are in decisions/launch_backoff.py.
INITIAL_PAUSE_S, MAX_PAUSE_S = 2.0, 60.0


class Launcher:
    """Starts containers on one fleet; after a call in which none started, says how long the next should wait (the tick obeys).

    Args:
        queue: holds the ledger.
        fleet: starts the containers.
        settings: settings that containers get in their environment.
        policy: size and maximum price of a container.
        clock: monotonic seconds.
    """

    def __init__(
        self,
        queue: SceneQueue,
        fleet: Fleet,
        settings: DispatcherSettings,
        policy: Policy,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._queue, self._fleet, self._settings, self._policy, self._clock = queue, fleet, settings, policy, clock
        #: Consecutive calls in which every launch failed.
        self._failed_calls = 0
        self._not_before = 0.0
        #: The last call, if nothing started; else None.
        self.rejection: Rejection | None = None
        #: Accepted and refused launches so far.
        self.made = self.failed = 0
        self._log = structlog.get_logger()

    @property
    def pause_left_s(self) -> float:
        """Return the seconds until launches may be made again; 0 if they may be made now."""
        return max(0.0, self._not_before - self._clock()) if self.rejection else 0.0

    def launch(self, fence: int, made: Plan) -> list[ContainerRecord]:
        """Start one container per order of a plan, and record the plan as a decision; return the records of the containers.

        Guarantees: a crash at any point never launches twice. Intents are written before anything starts; an intent without
            a container counts as capacity until the hello time-out, and as failed afterwards.

        Raises:
            DispatcherDeposed: another dispatcher is active now; nothing was written or launched.
            QueueUnavailable: transient; a container that was launched registers itself by its hello.
        """
        orders = made.orders
        if not orders:
            return []
        records = [self._intent(fence, order) for order in orders]
        self._queue.dispatcher.record_intents(fence, records, decision_as_json(made, records))
        requests = [
            LaunchRequest(record.container_id, SIZES[order.config_priority], order.batch, self._environment(record, order))
            for record, order in zip(records, orders, strict=True)
        ]
        try:
            results = self._fleet.launch(requests)
        except FleetError as error:
            self._record_failed_call(requests, error)
            return records if error.transient else [record.ended(error.reason, state="failed") for record in records]
        for result in results:
            self._record(fence, result)
        self._update_pause(results)
        return [_launched(record, result) for record, result in zip(records, results, strict=True)]

    def _intent(self, fence: int, order: Order) -> ContainerRecord:
        """Return the record of a container to be launched, at the highest price that it may have."""
        policy, size = self._policy, SIZES[order.config_priority]
        return ContainerRecord(
            container_id=ContainerId(f"c{fence}-{secrets.token_hex(4)}"),
            state="intended",
            fleet=self._fleet.name,
            vcpu=size.vcpu,
            memory_mib=size.memory_mib,
            region=policy.region,
            is_spot=policy.is_spot,
            architecture=policy.architecture,
            ephemeral_gib=policy.ephemeral_gib,
            batch=order.batch,
            for_job=order.for_job,
            image=order.image,
            needs=" ".join(order.needs),
            structures=" ".join(map(str, self._queue.structures)),
        )

    def _record(self, fence: int, result: LaunchResult) -> None:
        if result.error:
            self.failed += 1
            self._log.warning("launch failed", container=result.container_id, error=result.error)
            self._queue.dispatcher.record_ended(result.container_id, "failed", result.error)
        else:
            self.made += 1
            self._queue.dispatcher.record_launched(
                fence, result.container_id, result.handle, result.region, is_spot=result.is_spot, log=result.log
            )

    def _record_failed_call(self, requests: Sequence[LaunchRequest], error: FleetError) -> None:
        """Handle a failed call. If it may have had an effect, keep the intents: a container that started says hello."""
        self.failed += len(requests)
        self._log.warning("launch failed", containers=len(requests), error=error)
        if not error.transient:
            for request in requests:
                self._queue.dispatcher.record_ended(request.container_id, "failed", error.reason)
        self._pause(Rejection(error.reason), is_lasting=not error.transient)

    def _update_pause(self, results: Sequence[LaunchResult]) -> None:
        rejections = [Rejection(result.error, result.lacks_capacity) for result in results if result.error]
        if len(rejections) < len(results):
            self.rejection, self._failed_calls = None, 0
        else:
            self._pause(rejections[0], is_lasting=not any(result.transient for result in results))

    def _pause(self, rejection: Rejection, *, is_lasting: bool) -> None:
        # No jitter: only one dispatcher acts, so retries cannot coincide.
        self._failed_calls += 1
        pause_s = MAX_PAUSE_S if is_lasting else doubled(INITIAL_PAUSE_S, MAX_PAUSE_S, self._failed_calls)
        self._not_before = self._clock() + pause_s
        self.rejection = rejection

    def _environment(self, record: ContainerRecord, order: Order) -> dict[str, str]:
        """Return the variables of a container; no secrets, which it has from its own environment."""
        settings = self._settings
        return {
            "SCENEBURST_NAMESPACE": settings.namespace,
            "SCENEBURST_CONTAINER_ID": record.container_id,
            "SCENEBURST_FLEET": self._fleet.name,
            "SCENEBURST_BATCH": str(record.batch),
            # Set explicitly: a container limited by a quota sees all cores of its machine.
            "SCENEBURST_SLOTS": str(self._policy.slots_of(order.config_priority)),
            # Warm containers (batch 0) have no idle time-out; the reaper or the maximum lifetime stops them.
            "SCENEBURST_IDLE_TIMEOUT_S": str(settings.idle_timeout_s if record.batch else settings.max_lifetime_s),
            "SCENEBURST_LEASE_S": str(settings.lease_s),
            "SCENEBURST_RESULT_TTL_S": str(settings.result_ttl_s),
            "SCENEBURST_FILE_ROOTS": json.dumps([str(root) for root in settings.file_roots]),
        }


def _launched(record: ContainerRecord, result: LaunchResult) -> ContainerRecord:
    """Return the record of a container after its launch."""
    if result.error:
        return record.ended(result.error, state="failed")
    return record.model_copy(update={"state": "launched", "region": result.region or record.region, "is_spot": result.is_spot})
