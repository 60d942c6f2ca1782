"""Finds the containers to drain, to stop or to give up: a pure function of the ledger and the fleet."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal, NamedTuple

from dispatcher.codes import Code
from dispatcher.fleet import FleetContainer
from scenequeue.jobs.container import ContainerRecord
from scenequeue.jobs.ids import ContainerId
from scenequeue.reasons import Parameter, Reason
from scenequeue.reasons.endings import ending_of, exit_code_of_container


class Action(StrEnum):
    """The ways to end a container."""

    DRAIN = "drain"  #: mark it; it gets no more leases, finishes and leaves
    STOP = "stop"  #: tell the fleet; what it still holds is put back at once
    FORGET = "forget"  #: it is no more; put back what it held, close its record


@dataclass(frozen=True)
class Limits:
    """Limits of the times of containers, in seconds; as in DispatcherSettings."""

    idle_timeout_s: float = 20.0
    silent_after_s: float = 60.0
    hello_timeout_s: float = 180.0
    max_lifetime_s: float = 6 * 3600.0
    #: A container leaves by itself after the idle time-out; the reaper acts this much later.
    idle_grace_s: float = 10.0
    #: Minimum time from start to end, because it is paid for anyway.
    min_life_s: float = 0.0
    #: Time for a container that is too old to finish its items.
    drain_grace_s: float = 600.0


@dataclass(frozen=True)
class Verdict:
    """An action on one container, and its reason."""

    container_id: ContainerId
    handle: str
    action: Action
    reason: Reason
    #: "failed" for a launch that never said hello.
    ends_as: Literal["gone", "failed"] = "gone"
    #: True if the only reason is that the container is idle.
    is_idle: bool = False
    #: True if no item can be the cause of the end.
    is_blameless: bool = False


class _Observation(NamedTuple):
    """One container as the ledger and the fleet report it; times in seconds, 0 for events that have not happened."""

    record: ContainerRecord
    #: None if the fleet does not list it.
    container: FleetContainer | None
    now_ms: int
    limits: Limits

    @property
    def has_ended(self) -> bool:
        """True if its record is closed."""
        return self.record.state in {"failed", "gone"}

    @property
    def is_stopped(self) -> bool:
        """True if the fleet reports that it has ended."""
        return self.container is not None and not self.container.is_running

    @property
    def is_starting(self) -> bool:
        """True for a launch that has not said hello."""
        return self.record.state in {"intended", "launched"}

    @property
    def silence_s(self) -> float:
        """Seconds since its last heartbeat."""
        return _since(self.record.beat_ms, self.now_ms)

    @property
    def age_s(self) -> float:
        """Seconds since its program began."""
        return _since(self.record.started_ms, self.now_ms)

    @property
    def idle_s(self) -> float:
        """Seconds since it last held an item."""
        return 0.0 if self.record.held else _since(self.record.idle_since_ms, self.now_ms)

    @property
    def overdue_s(self) -> float:
        """Seconds since both its idle time-out and its paid minimum time are over; 0 before."""
        if not self.idle_s:
            return 0.0
        lived_s = _since(self.record.started_ms or self.record.idle_since_ms, self.now_ms)
        return max(0.0, min(self.idle_s - self.limits.idle_timeout_s, lived_s - self.limits.min_life_s))

    @property
    def is_old(self) -> bool:
        """True if it has outlived the maximum lifetime."""
        return self.age_s > self.limits.max_lifetime_s

    @property
    def end(self) -> Action:
        """STOP if the fleet lists it, else FORGET."""
        return Action.STOP if self.container else Action.FORGET


class _Rule(NamedTuple):
    """One row of the table: its condition, the action, and the reason."""

    holds: Callable[[_Observation], bool]
    #: None: take no action, whatever later rules say.
    action: Callable[[_Observation], Action] | None = None
    reason: Callable[[_Observation], Reason] = lambda _: Reason(Code.NO_REASON_GIVEN)
    #: True if the only reason is that the container is idle.
    is_idle: bool = False
    #: True if no item can be the cause of the end.
    is_blameless: bool = False


def _drain(_: _Observation) -> Action:
    return Action.DRAIN


def _stop(_: _Observation) -> Action:
    return Action.STOP


def _forget(_: _Observation) -> Action:
    return Action.FORGET


def _how_it_ended(seen: _Observation) -> Reason:
    container = seen.container
    assert container is not None
    problem, exit_code = container.stopped_reason, container.exit_code
    if exit_code is None:
        return Reason(Code.CONTAINER_ENDED, {"problem": problem or Reason(Code.NO_REASON_GIVEN)})
    ending = ending_of(exit_code_of_container(exit_code), is_explained=problem is not None)
    facts: dict[str, Parameter] = {"ending": ending, "exit_code": exit_code}
    if problem is None:
        return Reason(Code.CONTAINER_EXITED, facts)
    return Reason(Code.CONTAINER_ENDED_WITH_CODE, {"problem": problem, **facts})


def _silent(seen: _Observation) -> Reason:
    return Reason(Code.SILENT, {"silent_s": seen.silence_s})


def _asked_to_stop(seen: _Observation) -> Reason:
    by, why = seen.record.stop_by, seen.record.stop_why
    if not why:
        return Reason(Code.STOPPED_BY, {"by": by})
    return Reason(Code.STOPPED_BY_BECAUSE, {"by": by, "why": why})


def _never_reported(seen: _Observation) -> Reason:
    return Reason(Code.NEVER_REPORTED, {"limit_s": seen.limits.hello_timeout_s})


#: In order: the first rule that holds decides.
_RULES = (
    _Rule(
        lambda it: it.has_ended and not it.is_stopped and it.container is not None
        and _since(it.record.ended_ms, it.now_ms) > it.limits.silent_after_s,
        _stop, lambda _: Reason(Code.RUNS_AFTER_GOODBYE),
    ),
    _Rule(lambda it: it.has_ended),
    _Rule(lambda it: it.is_stopped, _forget, _how_it_ended),
    _Rule(
        lambda it: it.record.stop_ms > 0,
        # A fleet may list a new container late.
        lambda it: Action.STOP if it.record.handle else it.end, _asked_to_stop, is_blameless=True,
    ),
    _Rule(
        lambda it: it.is_starting and _since(it.record.intended_ms, it.now_ms) > it.limits.hello_timeout_s,
        lambda it: it.end, _never_reported,
    ),
    _Rule(lambda it: it.is_starting),
    _Rule(lambda it: it.silence_s > it.limits.silent_after_s, lambda it: it.end, _silent),
    _Rule(lambda it: it.is_old and not it.record.is_draining, _drain, lambda it: Reason(Code.TOO_OLD, {"age_s": it.age_s})),
    _Rule(
        lambda it: it.is_old
        and (it.record.held == 0 or it.age_s > it.limits.max_lifetime_s + it.limits.drain_grace_s),
        _stop, lambda it: Reason(Code.TOO_OLD_DRAINED, {"age_s": it.age_s}),
    ),
    _Rule(lambda it: it.is_old),
    _Rule(
        lambda it: it.overdue_s > it.limits.idle_grace_s and not it.record.is_draining,
        _drain, lambda it: Reason(Code.IDLE_TOO_LONG, {"idle_s": it.idle_s}), is_idle=True,
    ),
    _Rule(
        lambda it: it.overdue_s > 2 * it.limits.idle_grace_s and it.record.is_draining,
        _stop, lambda it: Reason(Code.IDLE_DRAINED, {"idle_s": it.idle_s}),
    ),
)  # fmt: skip


def find_reapable(
    ledger: Sequence[ContainerRecord], fleet: Sequence[FleetContainer], now_ms: int, limits: Limits, min_containers: int = 0
) -> list[Verdict]:
    """Decide about every container.

    Args:
        ledger: launch records and heartbeats in Redis, read after `fleet`: so a container that was launched in between is
            in the ledger, and a listed container that the ledger lacks is truly unknown.
        fleet: containers that run or ended lately, as the fleet lists them.
        now_ms: Redis's clock.
        limits: the time limits.
        min_containers: number of idle containers to leave alone, preferring those that were launched to be kept warm.

    Returns:
        At most one verdict per container.
    """
    seen = {container.container_id: container for container in fleet if container.container_id}
    verdicts: list[Verdict] = []
    idle: list[tuple[ContainerRecord, Verdict]] = []
    for record in ledger:
        verdict = _judge(_Observation(record, seen.get(record.container_id), now_ms, limits))
        if verdict and verdict.is_idle:
            idle.append((record, verdict))
        elif verdict:
            verdicts.append(verdict)
    # Warm containers (batch 0) are kept first; containers with a batch leave by themselves.
    idle.sort(key=lambda each: each[0].batch > 0)
    verdicts += [verdict for _, verdict in idle[min_containers:]]
    known = {record.container_id for record in ledger}
    return verdicts + [_stop_unknown(container) for container in fleet if _is_unknown(container, known, now_ms, limits)]


def _judge(seen: _Observation) -> Verdict | None:
    rule = next((rule for rule in _RULES if rule.holds(seen)), None)
    if rule is None or rule.action is None:
        return None
    record, container = seen.record, seen.container
    handle = container.handle if container else record.handle
    ends_as: Literal["gone", "failed"] = "gone" if record.started_ms else "failed"
    return Verdict(record.container_id, handle, rule.action(seen), rule.reason(seen), ends_as, rule.is_idle, rule.is_blameless)


def _is_unknown(container: FleetContainer, known: set[ContainerId], now_ms: int, limits: Limits) -> bool:
    """Return True for a running container that carries our id but is in no ledger after the hello time-out.

    A container without our id belongs to somebody else, however it came into the list.
    """
    is_unknown = container.is_running and container.container_id and container.container_id not in known
    return bool(is_unknown) and _since(container.started_ms, now_ms) > limits.hello_timeout_s


def _stop_unknown(container: FleetContainer) -> Verdict:
    return Verdict(container.container_id, container.handle, Action.STOP, Reason(Code.UNKNOWN_CONTAINER))


def _since(moment_ms: int, now_ms: int) -> float:
    return max(0, now_ms - moment_ms) / 1000 if moment_ms else 0.0
