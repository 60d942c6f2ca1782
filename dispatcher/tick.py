"""Acts once per tick: read fleet and queue, reap, plan, launch, publish. All decisions are made elsewhere, and are pure."""

import secrets
import time
from collections.abc import Callable, Sequence
from dataclasses import replace

import structlog

from dispatcher.aws_lookup import AwsLookup
from dispatcher.codes import Code
from dispatcher.decisions.launch_backoff import apply_launch_backoff
from dispatcher.decisions.planner import Plan, plan
from dispatcher.decisions.planning.images import profile_of
from dispatcher.decisions.pricing import is_priced
from dispatcher.decisions.reaper import find_reapable
from dispatcher.decisions.standstill import standstill
from dispatcher.fleet import Fleet, FleetContainer
from dispatcher.heartbeat_watch import HeartbeatWatch
from dispatcher.launcher import Launcher
from dispatcher.metrics.counters import Counters
from dispatcher.operator_settings import limits_from, policy_from
from dispatcher.publishing.facts import LaunchState, facts_of_tick
from dispatcher.publishing.publisher import Publisher
from dispatcher.reaping import Reaping
from dispatcher.snapshot import Ticked, TickSnapshot, take_snapshot
from dispatcher.sweeping.folder_sweep import FolderSweep
from dispatcher.webhooks import WebhookSender
from scenequeue.errors import DispatcherDeposed, FleetError
from scenequeue.jobs.container import ContainerRecord
from scenequeue.ports.steering.limits import Limit, limited
from scenequeue.published.facts import Facts
from scenequeue.queue import SceneQueue
from scenequeue.reasons import Code as QueueCode, Reason
from scenequeue.settings import DispatcherSettings
from scenequeue.version import installed_version

#: The lock outlasts some ticks, so that a slow tick does not lose it; afterwards another dispatcher takes over.
LOCK_TICKS = 5
MIN_LOCK_S = 10.0
#: Without ready items, the end of so many leased ones is estimated.
_LAST_ITEMS = 200
#: No limit: a container missing from the ledger would be judged unknown and be stopped.
_WHOLE_LEDGER = 2**31


class Dispatcher:
    """Ticks on one queue and one fleet; of several dispatchers only one is active.

    Args:
        queue: the queue to watch.
        fleet: starts and stops containers.
        settings: the operator's settings.
        notifier: posts webhooks; None posts none.
        owner: our name in the lock; None generates one.
        clock: monotonic seconds.
        observe: gets the result of every tick, None if another dispatcher is active; for metrics.
        aws: knows whether containers find AWS credentials; None if that is unknown.
        sweep: removes working folders of ended jobs; None removes none.
    """

    def __init__(
        self,
        queue: SceneQueue,
        fleet: Fleet,
        settings: DispatcherSettings,
        notifier: WebhookSender | None = None,
        owner: str | None = None,
        clock: Callable[[], float] = time.monotonic,
        observe: Callable[[Ticked | None], None] | None = None,
        aws: AwsLookup | None = None,
        sweep: FolderSweep | None = None,
    ) -> None:
        self._queue, self._fleet, self._settings, self._notifier = queue, fleet, settings, notifier
        self.owner = owner or secrets.token_hex(8)
        self._policy = policy_from(settings, fleet.hardware)
        #: Limits that operators changed at run time; they override the settings.
        self._changed: list[Limit] = []
        self._limits = limits_from(settings)
        # The process fleet launches this installation.
        self._image = fleet.hardware.image or f"{fleet.name} {installed_version()}"
        self._launcher = Launcher(queue, fleet, settings, self._policy, clock)
        self._counters = Counters()
        self._reaping = Reaping(queue, fleet, self._counters, self._acquire)
        self._heartbeats = HeartbeatWatch(settings.tick_s, settings.silent_after_s)
        self._observe, self._clock = observe, clock
        self._aws, self._sweep = aws, sweep
        self._publisher = Publisher(queue, settings, clock, aws)
        self._log = structlog.get_logger()
        self._last = Plan((), Reason(Code.PLAN_AT_REST), 0, 0, 0, 0, 0.0)
        #: Fencing number of the last tick.
        self._fence: int | None = None
        #: Fencing number and time, by `clock`, of the last sample for the history.
        self._sampled: tuple[int, float] | None = None
        for region in fleet.hardware.regions:
            if not is_priced(region):
                self._log.warning("no prices known for region; counted as the most expensive", region=region)

    def tick(self) -> Plan | None:
        """Run one tick; return its plan, None if another dispatcher is active or the fleet cannot be listed.

        Raises:
            QueueUnavailable: transient; nothing is launched or reaped on incomplete data.
        """
        try:
            return self.try_tick()
        except FleetError as error:
            self._log.warning("fleet cannot be listed; neither launching nor reaping", error=error)
            problem = {"problem": error.reason}
            made = replace(self._last, orders=(), why=Reason(Code.PLAN_BLIND, problem))
            if self._fence is not None:
                self._publisher.record_decision(self._fence, made)
            now_ms = self._queue.inspect.now_ms()
            self._publisher.publish_plan(made, Reason(QueueCode.FLEET_UNSEEN, problem), now_ms, self._changed)
            return None

    def try_tick(self) -> Plan | None:
        """Run one tick; return its plan, None if another dispatcher is active.

        Raises:
            FleetError: the fleet cannot be listed; nothing was launched or reaped.
            QueueUnavailable: as `tick`.
        """
        began = self._clock()
        if self._acquire() is None:
            return None
        self._queue.dispatcher.reclaim()
        # List the fleet before the ledger is read: a container launched in between is then in the ledger, and not unknown.
        running = self._fleet.list()
        # Take the lock anew: a region that does not answer costs time-outs, during which the lock may have expired.
        fence = self._acquire()
        if fence is None:
            return None
        self._counters.count_interruptions(running)
        self._read_limits()
        try:
            snapshot = take_snapshot(self._queue, self._reap(fence, running), self._image)
            made = self._plan(snapshot)
            counts = (self._launcher.made, self._launcher.failed, self._counters.starts_failed, self._counters.interrupted)
            launched = self._launcher.launch(fence, made)
            if self._sweep:
                self._sweep.run(fence)
        except DispatcherDeposed as error:
            self._log.warning("deposed", error=error)
            return None
        self._record_sample(fence, made)
        self._publisher.record_decision(fence, made)
        self._publish(Ticked(snapshot, made, *counts, self._clock() - began), launched)
        return made

    @property
    def launch_problem(self) -> Reason | None:
        """The error of the last tick's launches if none of them succeeded, else None."""
        return self._launcher.rejection.problem if self._launcher.rejection else None

    def close(self) -> None:
        """Release the lock, so that another dispatcher becomes active at once; safe twice."""
        if self._aws:
            self._aws.stop()
        if self._sweep:
            # Before the lock is released: it gives back what it has not begun.
            self._sweep.close()
        self._queue.dispatcher.resign(self.owner)
        if self._notifier:
            self._notifier.close()

    def _acquire(self) -> int | None:
        """Take or renew the lock; return the fencing number, None while another dispatcher is active."""
        fence = self._queue.dispatcher.acquire(self.owner, max(MIN_LOCK_S, LOCK_TICKS * self._settings.tick_s))
        if fence is None and self._observe:
            self._observe(None)
        if fence != self._fence:
            # Another dispatcher may have published a plan since, or Redis may have lost ours.
            self._fence = fence
            self._publisher.forget()
        return fence

    def _reap(self, fence: int, running: Sequence[FleetContainer]) -> list[ContainerRecord]:
        """Execute every verdict; return the updated ledger.

        Raises:
            DispatcherDeposed: this dispatcher was delayed, and another is active now; no further verdict is executed.
        """
        # Read the clock before the ledger: after a delay in between, heartbeats look younger than they are, never older.
        now_ms = self._queue.inspect.now_ms()
        ledger = self._heartbeats.correct(self._queue.inspect.containers(_WHOLE_LEDGER), now_ms, self._clock())
        verdicts = find_reapable(ledger, running, now_ms, self._limits, self._policy.min_containers)
        return self._reaping.execute(fence, verdicts, ledger, now_ms)

    def _read_limits(self) -> None:
        changed = self._queue.inspect.limits()
        if changed != self._changed:
            self._log.info("limits changed", **{limit.name: limit.value for limit in changed})
            self._changed = changed
            self._policy = policy_from(limited(self._settings, changed), self._fleet.hardware)

    def _plan(self, seen: TickSnapshot) -> Plan:
        needs = [waiting.need for waiting in seen.backlog.needs]
        profile = profile_of(seen.containers, self._policy, needs, seen.at_ms, seen.backlog.structures, self._image)
        made = plan(seen.backlog, seen.containers, self._policy, seen.rates, seen.at_ms, (profile,))
        return apply_launch_backoff(made, seen.backoff, self.launch_problem if self._launcher.pause_left_s else None)

    def _publish(self, ticked: Ticked, launched: Sequence[ContainerRecord]) -> None:
        made, launcher, backoff = ticked.plan, self._launcher, ticked.snapshot.backoff
        if made.why != self._last.why:
            self._log.info("plan", why=made.why, launches=len(made.launches))
        for alarm in made.alarms:
            if alarm.parameters.get("need") not in {each.parameters.get("need") for each in self._last.alarms}:
                self._log.warning("waiting items cannot be served", problem=alarm)
        self._last = made
        changed_by = {limit.name: limit.by for limit in self._changed}
        false_starts = backoff.why if backoff.pause_s else None
        reason = standstill(made, ticked.containers, self._policy, launcher.rejection, false_starts, changed_by)
        facts = self._facts(ticked.snapshot, made, launched)
        self._publisher.publish_plan(made, reason, ticked.snapshot.at_ms, self._changed, facts)
        if self._observe:
            failed = self._notifier.failed if self._notifier else 0
            self._observe(ticked._replace(facts=facts, callbacks_failed=failed))
        if self._notifier:
            self._notifier.run()

    def _record_sample(self, fence: int, made: Plan) -> None:
        now_s = self._clock()
        # Another fencing number: another dispatcher was active in between, and has recorded its cost.
        since_s = now_s - self._sampled[1] if self._sampled and self._sampled[0] == fence else 0.0
        self._sampled = fence, now_s
        self._queue.dispatcher.record_sample(fence, made.running + made.starting, made.usd_per_hour * since_s / 3600)

    def _facts(self, seen: TickSnapshot, made: Plan, launched: Sequence[ContainerRecord]) -> Facts:
        """Return the facts of a tick.

        Args:
            seen: taken before the launches.
            made: the plan.
            launched: the containers that it launched, or tried to.
        """
        rejection = self._launcher.rejection
        launches = LaunchState(launched, rejection.problem if rejection else None, self._launcher.pause_left_s)
        # Of many items, those that are ready tell enough.
        leased = self._queue.inspect.leased(_LAST_ITEMS) if not made.ready and seen.depth.counts.leased else ()
        return facts_of_tick(seen, made, launches, leased, self._policy, self._image, self._settings.silent_after_s)
