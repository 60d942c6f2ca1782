"""Finds the containers that are to drain, to be stopped, or to be given up: a pure function of ledger and fleet."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal, NamedTuple

from dispatcher.fleet import FleetContainer
from scenequeue.jobs.container import ContainerRecord
from scenequeue.jobs.ids import ContainerId

#: How the reason of a container begins that ended without a word.
DIED = "ended: "


class Action(StrEnum):
    """The ways to end a container."""

    DRAIN = "drain"  #: mark it; it gets no more leases, finishes and leaves
    STOP = "stop"  #: tell the fleet; what it still holds is put back at once
    FORGET = "forget"  #: it is no more; put back what it held, close its record


@dataclass(frozen=True)
class Limits:
    """The longest times of the states of a container, in seconds; as in DispatcherSettings."""

    idle_timeout_s: float = 20.0
    silent_after_s: float = 60.0
    hello_timeout_s: float = 180.0
    max_lifetime_s: float = 6 * 3600.0
    #: A container leaves by itself after the idle time-out; the reaper comes this much later.
    idle_grace_s: float = 10.0
    #: It stays so long after its start, because that is paid for anyway.
    least_life_s: float = 0.0
    #: How long a container that is too old may finish in.
    drain_grace_s: float = 600.0


@dataclass(frozen=True)
class Verdict:
    """An action on one container, and its reason."""

    container_id: ContainerId
    handle: str
    action: Action
    reason: str
    #: "failed" for a launch that nothing came of.
    ends_as: Literal["gone", "failed"] = "gone"
    #: Whether that it has nothing to do is all that is held against it.
    is_idle: bool = False


class _Sight(NamedTuple):
    """One container as ledger and fleet see it now; times in seconds, 0 for what has not happened."""

    record: ContainerRecord
    #: None where the fleet does not know it.
    container: FleetContainer | None
    now_ms: int
    limits: Limits

    @property
    def has_ended(self) -> bool:
        """True for one whose record is closed."""
        return self.record.state in {"failed", "gone"}

    @property
    def is_stopped(self) -> bool:
        """True for one that the fleet has seen ending."""
        return self.container is not None and not self.container.is_running

    @property
    def is_starting(self) -> bool:
        """True for a launch that has not said hello."""
        return self.record.state in {"intended", "launched"}

    @property
    def silence_s(self) -> float:
        """Since its last beat."""
        return _since(self.record.beat_ms, self.now_ms)

    @property
    def age_s(self) -> float:
        """Since its program began."""
        return _since(self.record.started_ms, self.now_ms)

    @property
    def idle_s(self) -> float:
        """Since it has held nothing."""
        return 0.0 if self.record.held else _since(self.record.idle_since_ms, self.now_ms)

    @property
    def overdue_s(self) -> float:
        """Since both its idle time-out and the time that is paid for anyway are over; 0 before."""
        if not self.idle_s:
            return 0.0
        lived_s = _since(self.record.started_ms or self.record.idle_since_ms, self.now_ms)
        return max(0.0, min(self.idle_s - self.limits.idle_timeout_s, lived_s - self.limits.least_life_s))

    @property
    def is_old(self) -> bool:
        """True for one that has lived longer than it may."""
        return self.age_s > self.limits.max_lifetime_s

    @property
    def end(self) -> Action:
        """Stop it where it may still run."""
        return Action.STOP if self.container else Action.FORGET


class _Rule(NamedTuple):
    """One row of the table: when it holds, what to do, and why."""

    holds: Callable[[_Sight], bool]
    #: None: leave it alone, whatever stands below.
    action: Callable[[_Sight], Action] | None = None
    reason: Callable[[_Sight], str] = lambda _: ""
    #: Whether it is held against the container only that it has nothing to do.
    is_idle: bool = False


def _drain(_: _Sight) -> Action:
    return Action.DRAIN


def _stop(_: _Sight) -> Action:
    return Action.STOP


def _forget(_: _Sight) -> Action:
    return Action.FORGET


def _how_it_ended(sight: _Sight) -> str:
    container = sight.container
    assert container is not None
    code = "" if container.exit_code is None else f", exit code {container.exit_code}"
    return f"{DIED}{container.stopped_reason or 'no reason given'}{code}"


#: In order: the first rule that holds decides.
_RULES = (
    _Rule(
        lambda it: it.has_ended and not it.is_stopped and it.container is not None
        and _since(it.record.ended_ms, it.now_ms) > it.limits.silent_after_s,
        _stop, lambda _: "it said goodbye, but still runs",
    ),
    _Rule(lambda it: it.has_ended),
    _Rule(lambda it: it.is_stopped, _forget, _how_it_ended),
    _Rule(
        lambda it: it.is_starting and _since(it.record.intended_ms, it.now_ms) > it.limits.hello_timeout_s,
        lambda it: it.end, lambda it: f"never reported within {it.limits.hello_timeout_s:.0f} s of its launch",
    ),
    _Rule(lambda it: it.is_starting),
    _Rule(lambda it: it.silence_s > it.limits.silent_after_s, lambda it: it.end, lambda it: f"silent for {it.silence_s:.0f} s"),
    _Rule(lambda it: it.is_old and not it.record.is_draining, _drain, lambda it: f"{it.age_s:.0f} s old"),
    _Rule(
        lambda it: it.is_old
        and (it.record.held == 0 or it.age_s > it.limits.max_lifetime_s + it.limits.drain_grace_s),
        _stop, lambda it: f"{it.age_s:.0f} s old, and drained",
    ),
    _Rule(lambda it: it.is_old),
    _Rule(
        lambda it: it.overdue_s > it.limits.idle_grace_s and not it.record.is_draining,
        _drain, lambda it: f"idle for {it.idle_s:.0f} s", is_idle=True,
    ),
    _Rule(
        lambda it: it.overdue_s > 2 * it.limits.idle_grace_s and it.record.is_draining,
        _stop, lambda it: f"idle for {it.idle_s:.0f} s, and drained",
    ),
)  # fmt: skip


def find_reapable(
    ledger: Sequence[ContainerRecord], fleet: Sequence[FleetContainer], now_ms: int, limits: Limits, min_containers: int = 0
) -> list[Verdict]:
    """Judge every container.

    Args:
        ledger: what Redis knows (launch records and beats), read after `fleet`: a container launched in between is
            in the ledger, and one in the fleet's list that the ledger lacks is truly unknown.
        fleet: what runs, or ended lately, as the fleet itself sees it.
        now_ms: Redis's clock.
        limits: how long what may last.
        min_containers: so many idle ones are left alone, those first that were launched to be kept warm.

    Returns:
        At most one verdict per container.
    """
    seen = {container.container_id: container for container in fleet if container.container_id}
    verdicts: list[Verdict] = []
    idle: list[tuple[ContainerRecord, Verdict]] = []
    for record in ledger:
        verdict = _judge(_Sight(record, seen.get(record.container_id), now_ms, limits))
        if verdict and verdict.is_idle:
            idle.append((record, verdict))
        elif verdict:
            verdicts.append(verdict)
    # Others leave by themselves; these wait for hours.
    idle.sort(key=lambda each: each[0].batch > 0)
    verdicts += [verdict for _, verdict in idle[min_containers:]]
    known = {record.container_id for record in ledger}
    return verdicts + [_stranger(container) for container in fleet if _is_stranger(container, known, now_ms, limits)]


def _judge(sight: _Sight) -> Verdict | None:
    rule = next((rule for rule in _RULES if rule.holds(sight)), None)
    if rule is None or rule.action is None:
        return None
    record, container = sight.record, sight.container
    handle = container.handle if container else record.handle
    ends_as: Literal["gone", "failed"] = "gone" if record.started_ms else "failed"
    return Verdict(record.container_id, handle, rule.action(sight), rule.reason(sight), ends_as, rule.is_idle)


def _is_stranger(container: FleetContainer, known: set[ContainerId], now_ms: int, limits: Limits) -> bool:
    """Return True for one that carries an id of ours and is in no ledger, once it would have said hello.

    One without an id of ours is somebody else's, however it came into the list.
    """
    is_unknown = container.is_running and container.container_id and container.container_id not in known
    return bool(is_unknown) and _since(container.started_ms, now_ms) > limits.hello_timeout_s


def _stranger(container: FleetContainer) -> Verdict:
    reason = "unknown: it carries our mark, but no record of it is left"
    return Verdict(container.container_id, container.handle, Action.STOP, reason)


def _since(moment_ms: int, now_ms: int) -> float:
    return max(0, now_ms - moment_ms) / 1000 if moment_ms else 0.0
