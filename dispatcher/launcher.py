"""Launching what a plan asks for: intents first, then the fleet, then what became of them."""

import json
import secrets
import time
from collections.abc import Callable, Sequence

import structlog

from dispatcher.decisions.planning.launch_limits import Order
from dispatcher.decisions.planning.policy import Policy
from dispatcher.fleet import SIZES, Fleet, LaunchRequest, LaunchResult
from scenequeue.backoff import doubled
from scenequeue.errors import FleetError
from scenequeue.jobs.container import ContainerRecord
from scenequeue.jobs.ids import ContainerId
from scenequeue.queue import SceneQueue
from scenequeue.settings import DispatcherSettings

#: After a round in which nothing could be launched, pauses double from the first to the longest.
INITIAL_PAUSE_S, MAX_PAUSE_S = 2.0, 60.0


class Launcher:
    """Starts containers on one fleet, and waits before it asks a fleet again that could start none.

    Args:
        queue: holds the ledger.
        fleet: where to launch.
        settings: what containers are told.
        policy: what each container gets, and what it may cost.
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
        #: Calls in a row that launched nothing.
        self._vain = 0
        self._not_before = 0.0
        #: Why the last round failed; "" when it did not.
        self.problem = ""
        #: Whether it failed because the fleet had no room.
        self.lacks_capacity = False
        #: Launches accepted and refused so far.
        self.made = self.failed = 0
        self._log = structlog.get_logger()

    @property
    def pause_left_s(self) -> float:
        """Return the seconds that launches still wait; 0 when they may be made."""
        return max(0.0, self._not_before - self._clock()) if self.problem else 0.0

    def launch(self, fence: int, orders: Sequence[Order]) -> None:
        """Start one container per order.

        Guarantees: a crash at any point never launches twice. Intents are written before anything starts; one that
        nothing came of counts as capacity until the hello time-out, and has failed then.

        Raises:
            DispatcherDeposed: another dispatcher acts now; nothing was written or launched.
            QueueUnavailable: transient; what was launched says hello by itself.
        """
        if not orders:
            return
        records = [self._intent(fence, order) for order in orders]
        self._queue.dispatcher.record_intents(fence, records)
        requests = [
            LaunchRequest(record.container_id, SIZES[order.config_priority], order.batch, self._environment(record, order))
            for record, order in zip(records, orders, strict=True)
        ]
        try:
            results = self._fleet.launch(requests)
        except FleetError as error:
            self._give_up(requests, error)
            return
        for result in results:
            self._record(fence, result)
        self._learn([result for result in results if result.error], len(results))

    def _intent(self, fence: int, order: Order) -> ContainerRecord:
        """Counted at the most that it may cost, until it is known where it runs."""
        policy, size = self._policy, SIZES[order.config_priority]
        return ContainerRecord(
            container_id=ContainerId(f"c{fence}-{secrets.token_hex(4)}"),
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

    def _give_up(self, requests: Sequence[LaunchRequest], error: FleetError) -> None:
        """The whole call failed. Where it may have had its effect, the intents stand: whoever started says hello."""
        self.failed += len(requests)
        self._log.warning("launch failed", containers=len(requests), error=str(error))
        if not error.transient:
            for request in requests:
                self._queue.dispatcher.record_ended(request.container_id, "failed", str(error))
        self._pause(str(error), is_lasting=not error.transient)

    def _learn(self, failed: Sequence[LaunchResult], asked: int) -> None:
        if len(failed) < asked:
            self.problem, self._vain = "", 0
        else:
            first, is_lasting = failed[0], not any(result.transient for result in failed)
            self._pause(first.error, is_lasting=is_lasting, lacks_capacity=first.lacks_capacity)

    def _pause(self, problem: str, *, is_lasting: bool, lacks_capacity: bool = False) -> None:
        # Jitter is for many who retry at once; only one dispatcher acts.
        self._vain += 1
        pause_s = MAX_PAUSE_S if is_lasting else doubled(INITIAL_PAUSE_S, MAX_PAUSE_S, self._vain)
        self._not_before = self._clock() + pause_s
        self.problem, self.lacks_capacity = problem, lacks_capacity

    def _environment(self, record: ContainerRecord, order: Order) -> dict[str, str]:
        """Return the variables of a container. No secrets: those it has from its surroundings."""
        settings = self._settings
        return {
            "SCENEBURST_NAMESPACE": settings.namespace,
            "SCENEBURST_CONTAINER_ID": record.container_id,
            "SCENEBURST_FLEET": self._fleet.name,
            "SCENEBURST_BATCH": str(record.batch),
            # Told as the planner counts: where a container is limited by a quota it sees all of its machine's cores.
            "SCENEBURST_SLOTS": str(self._policy.slots_of(order.config_priority)),
            # Warm containers (batch 0) have no idle time-out; the reaper or the maximum lifetime stops them.
            "SCENEBURST_IDLE_TIMEOUT_S": str(settings.idle_timeout_s if record.batch else settings.max_lifetime_s),
            "SCENEBURST_LEASE_S": str(settings.lease_s),
            "SCENEBURST_RESULT_TTL_S": str(settings.result_ttl_s),
            "SCENEBURST_FILE_ROOTS": json.dumps([str(root) for root in settings.file_roots]),
        }
