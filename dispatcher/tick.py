"""One tick: look, judge, plan, launch, tell. Everything that decides is elsewhere, and pure."""

import json
import secrets
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from typing import NamedTuple

import structlog

from dispatcher.aws_lookup import AwsLookup
from dispatcher.decisions.launch_backoff import Caution, caution
from dispatcher.decisions.planner import Backlog, Plan, Policy, plan
from dispatcher.decisions.pricing import dearest, is_priced
from dispatcher.decisions.reaper import Action, Limits, Verdict, find_reapable
from dispatcher.decisions.standstill import Refused, standstill
from dispatcher.fleet import Fleet, FleetContainer, Hardware
from dispatcher.heartbeat_watch import BeatWatch
from dispatcher.launcher import Launcher
from dispatcher.metrics.counters import Tally
from dispatcher.snapshot import TickSnapshot
from dispatcher.webhooks import Notifier
from scenequeue.errors import DispatcherDeposed, FleetError, SettingsError
from scenequeue.jobs.container import ContainerRecord
from scenequeue.queue import SceneQueue
from scenequeue.reasons import Reason
from scenequeue.settings import DispatcherSettings

#: The lock outlasts some ticks, so that a slow one does not lose it; another dispatcher takes over after this.
_LOCK_TICKS = 5
_LEAST_LOCK_S = 10.0
#: A plan is shown for some ticks, and so long at least.
_LEAST_PLAN_S = 60
#: Containers read at once: all, however many a day has launched. One that were left out, the oldest that still works first,
#: would look unknown, and be stopped at its work.
_WHOLE_LEDGER = 2**31


class Surroundings(NamedTuple):
    """The differences between fleets: seconds from a launch to the first lease, seconds paid for at least."""

    start_up_s: float
    billed_least_s: float


#: Fargate: image pull and start take 30 to 60 s, and a minute is billed at least (AWS).
_SURROUNDINGS = {"process": Surroundings(1, 0), "docker": Surroundings(3, 0), "fargate": Surroundings(45, 60)}


class Dispatcher:
    """Ticks on one queue and one fleet; many may run, one acts.

    Args:
        queue: what to watch.
        fleet: where to launch.
        settings: the operator's wishes.
        notifier: posts webhooks; None posts none.
        owner: our name in the lock; None makes one up.
        clock: monotonic seconds.
        observe: gets what every acting tick has seen, None where another dispatcher acts; for metrics.
        aws: knows whether containers find AWS credentials; None where nobody here knows.
    """

    def __init__(
        self,
        queue: SceneQueue,
        fleet: Fleet,
        settings: DispatcherSettings,
        notifier: Notifier | None = None,
        owner: str | None = None,
        clock: Callable[[], float] = time.monotonic,
        observe: Callable[[TickSnapshot | None], None] | None = None,
        aws: AwsLookup | None = None,
    ) -> None:
        self._queue, self._fleet, self._settings, self._notifier = queue, fleet, settings, notifier
        self.owner = owner or secrets.token_hex(8)
        self._policy = policy_from(settings, fleet.hardware)
        self._limits = limits_from(settings)
        self._launcher = Launcher(queue, fleet, settings, self._policy, clock)
        self._tally = Tally()
        self._beats = BeatWatch(settings.tick_s, settings.silent_after_s)
        self._observe, self._clock = observe, clock
        self._aws = aws
        self._log = structlog.get_logger()
        self._last = Plan((), "", 0, 0, 0, 0, 0.0)
        for region in fleet.hardware.regions:
            if not is_priced(region):
                self._log.warning("no prices of this region are known; it is counted as the dearest", region=region)

    def tick(self) -> Plan | None:
        """Do what is due now; None where another dispatcher acts, or the fleet cannot be seen.

        Raises:
            QueueUnavailable: transient; nothing is launched or reaped on blind data.
        """
        try:
            return self.try_tick()
        except FleetError as error:
            self._log.warning("the fleet cannot be seen; neither launching nor reaping", error=str(error))
            made = replace(self._last, orders=(), why=f"the fleet cannot be seen: {error}")
            self._publish(made, Reason("fleet_unseen", {"problem": str(error)}), self._queue.inspect.now_ms())
            return None

    def try_tick(self) -> Plan | None:
        """Do what is due now; None where another dispatcher acts.

        Raises:
            FleetError: the fleet cannot be seen; nothing was launched or reaped.
            QueueUnavailable: as `tick`.
        """
        began = self._clock()
        if self._acquire() is None:
            return None
        self._queue.dispatcher.reclaim()
        # The fleet before the ledger: what is launched in between is in the ledger, so nothing known looks unknown.
        running = self._fleet.list()
        # A region that does not answer costs time-outs, and the lock may have ended meanwhile: it is taken anew.
        fence = self._acquire()
        if fence is None:
            return None
        self._tally.look(running)
        try:
            seen = self._look(self._reap(fence, running))
            self._launcher.launch(fence, seen.plan.orders)
        except DispatcherDeposed as error:
            self._log.warning("deposed", error=str(error))
            return None
        self._tell(seen._replace(took_s=self._clock() - began))
        return seen.plan

    @property
    def launch_problem(self) -> str:
        """The reason that none of the last tick's launches succeeded; "" when one did."""
        return self._launcher.problem

    def _acquire(self) -> int | None:
        """The fencing number, for some ticks from now; None while another dispatcher acts."""
        fence = self._queue.dispatcher.acquire(self.owner, max(_LEAST_LOCK_S, _LOCK_TICKS * self._settings.tick_s))
        if fence is None and self._observe:
            self._observe(None)
        return fence

    def close(self) -> None:
        """Let another dispatcher act at once; safe twice."""
        if self._aws:
            self._aws.stop()
        self._queue.dispatcher.resign(self.owner)
        if self._notifier:
            self._notifier.close()

    def _reap(self, fence: int, running: Sequence[FleetContainer]) -> list[ContainerRecord]:
        """Execute every verdict; returns the ledger as it is then.

        Raises:
            DispatcherDeposed: this dispatcher was held up, and another acts now; nothing more is executed.
        """
        # The clock before the ledger: who is held up in between takes beats for younger than they are, nobody for silent.
        now_ms = self._queue.inspect.now_ms()
        ledger = self._beats.corrected(self._queue.inspect.containers(_WHOLE_LEDGER), now_ms, self._clock())
        left = {record.container_id: record for record in ledger}
        for verdict in find_reapable(ledger, running, now_ms, self._limits, self._settings.min_containers):
            self._log.info("reaping", container=verdict.container_id, action=verdict.action.value, reason=verdict.reason)
            ended = self._execute(fence, verdict)
            if ended:
                self._tally.judge(verdict)
            if record := left.get(verdict.container_id):
                update: dict[str, object] = {"is_draining": True}
                if ended:
                    update = {"state": verdict.ends_as, "ended_ms": now_ms, "exit_reason": record.exit_reason or ended}
                left[record.container_id] = record.model_copy(update=update)
        return list(left.values())

    def _execute(self, fence: int, verdict: Verdict) -> str:
        """Execute a verdict; return the reason for which the container counts as ended now, "" when it does not."""
        # A fleet knows no fencing, so who acts is asked right before; it also keeps the lock through many slow stops.
        if self._acquire() != fence:
            raise DispatcherDeposed("another dispatcher acts; its verdicts are younger than these")
        steer = self._queue.dispatcher
        if verdict.container_id:
            steer.drain(verdict.container_id, fence=fence)
        if verdict.action is Action.DRAIN:
            return ""
        if verdict.action is Action.STOP and verdict.handle:
            try:
                self._fleet.stop(verdict.handle, verdict.reason)
            except FleetError as error:
                self._log.warning("could not stop a container", container=verdict.container_id, error=str(error))
                return ""
        if verdict.container_id:
            lost = steer.forfeit(verdict.container_id, verdict.reason, fence=fence)
            # What it held may be news: its last beat was before.
            reason = f"lost at its work on {lost}: {verdict.reason}" if lost else verdict.reason
            steer.record_ended(verdict.container_id, verdict.ends_as, reason, fence=fence)
            return reason
        return verdict.reason

    def _look(self, containers: Sequence[ContainerRecord]) -> TickSnapshot:
        depth = self._queue.inspect.depth()
        jobs = tuple(self._queue.dispatcher.wished())
        backlog = Backlog(depth.counts.ready, depth.ready_weight, depth.counts.delayed, depth.is_paused, jobs)
        now_ms = self._queue.inspect.now_ms()
        made = plan(backlog, containers, self._policy, self._queue.dispatcher.rates(), now_ms)
        age_s = self._queue.inspect.backlog_age_s() if self._observe else 0.0
        counts = (self._launcher.made, self._launcher.failed, self._tally.starts_failed, self._tally.interrupted)
        # Asked for only where it matters.
        newest_ms = self._queue.inspect.newest_job_ms() if any(record.unserved for record in containers) else 0
        learnt = caution(containers, now_ms, newest_ms)
        return TickSnapshot(depth, containers, self._careful(made, learnt), now_ms, age_s, *counts, learnt=learnt)

    def _careful(self, made: Plan, learnt: Caution) -> Plan:
        """The plan, without its launches while the fleet is given time, and with one at most until it is known to work."""
        if not made.orders:
            return made
        # Without the seconds left, which would make another sentence of it at every tick.
        if self._launcher.pause_left_s:
            return replace(made, orders=(), why=f"{made.why}; not yet: {self._launcher.problem}")
        if learnt.pause_s:
            return replace(made, orders=(), why=f"{made.why}; not yet: {learnt.why}")
        if learnt.most is None:
            return made
        # Until the one that tries is known to work, no other does.
        orders = () if made.starting else made.orders[: learnt.most]
        return replace(made, orders=orders, why=f"{made.why}; one at a time: {learnt.why}")

    def _tell(self, seen: TickSnapshot) -> None:
        made = seen.plan
        if made.why != self._last.why:
            self._log.info("plan", why=made.why, launches=len(made.launches))
        self._last = made
        false_starts = seen.learnt.why if seen.learnt.pause_s else ""
        launcher = self._launcher
        refused = Refused(launcher.problem, launcher.lacks_capacity) if launcher.problem else None
        reason = standstill(made, seen.containers, self._policy, refused, false_starts)
        self._publish(made, reason, seen.at_ms)
        if self._observe:
            self._observe(seen)
        if self._notifier:
            self._notifier.run()

    def _publish(self, made: Plan, reason: Reason | None, at_ms: int) -> None:
        """Tell operators what was decided, and producers what containers can reach and why work waits."""
        settings = self._settings
        published = {
            **asdict(made),
            "launches": made.launches,
            "at_ms": at_ms,
            "fleet": settings.fleet,
            "file_roots": [str(root.absolute()) for root in settings.file_roots],
            # None is unknown: containers of Docker and Fargate have an environment of their own.
            "aws_credentials": self._aws.has_credentials if self._aws else None,
            "waits_because": reason.to_json() if reason else None,
        }
        self._queue.dispatcher.publish_plan(json.dumps(published), max(_LEAST_PLAN_S, int(_LOCK_TICKS * settings.tick_s)))


def policy_from(settings: DispatcherSettings, hardware: Hardware) -> Policy:
    """The planner's view of the settings and of what containers run on.

    Raises:
        SettingsError: the policy is budget, and there is none.
    """
    if settings.policy == "budget" and settings.budget_usd_per_hour is None:
        raise SettingsError("SCENEBURST_BUDGET_USD_PER_HOUR: SCENEBURST_POLICY=budget needs it")
    around = _SURROUNDINGS[settings.fleet]
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
        start_up_s=around.start_up_s,
        billed_least_s=around.billed_least_s,
        is_spot=hardware.spot == "only",
        region=dearest(hardware.regions, hardware.architecture),
        architecture=hardware.architecture,
        ephemeral_gib=hardware.ephemeral_gib,
    )


def limits_from(settings: DispatcherSettings) -> Limits:
    """The reaper's view of the settings."""
    return Limits(
        idle_timeout_s=settings.idle_timeout_s,
        silent_after_s=settings.silent_after_s,
        hello_timeout_s=settings.hello_timeout_s,
        max_lifetime_s=settings.max_lifetime_s,
        least_life_s=_SURROUNDINGS[settings.fleet].billed_least_s,
    )
