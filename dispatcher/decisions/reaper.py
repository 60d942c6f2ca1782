"""Finds the containers that are to drain, to be stopped, or to be given up: a pure function of ledger and fleet."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Literal

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
        if record.state in {"failed", "gone"}:
            container = seen.get(record.container_id)
            if container and container.is_running and _since(record.ended_ms, now_ms) > limits.silent_after_s:
                verdicts.append(_verdict(record, container, Action.STOP, "it said goodbye, but still runs"))
            continue
        verdict = _judge(record, seen.get(record.container_id), now_ms, limits)
        if verdict and verdict.is_idle:
            idle.append((record, verdict))
        elif verdict:
            verdicts.append(verdict)
    # Others leave by themselves; these wait for hours.
    idle.sort(key=lambda each: each[0].batch > 0)
    verdicts += [verdict for _, verdict in idle[min_containers:]]
    known = {record.container_id for record in ledger}
    for container in fleet:
        # One without an id of ours is somebody else's, however it came into the list.
        is_unknown = container.is_running and container.container_id and container.container_id not in known
        if is_unknown and _since(container.started_ms, now_ms) > limits.hello_timeout_s:
            reason = "unknown: it carries our mark, but no record of it is left"
            verdicts.append(Verdict(container.container_id, container.handle, Action.STOP, reason))
    return verdicts


def _judge(record: ContainerRecord, container: FleetContainer | None, now_ms: int, limits: Limits) -> Verdict | None:
    if container is not None and not container.is_running:
        code = "" if container.exit_code is None else f", exit code {container.exit_code}"
        return _verdict(record, container, Action.FORGET, f"{DIED}{container.stopped_reason or 'no reason given'}{code}")
    if record.state in {"intended", "launched"}:
        if _since(record.intended_ms, now_ms) <= limits.hello_timeout_s:
            return None
        action = Action.STOP if container else Action.FORGET
        return _verdict(record, container, action, f"never reported within {limits.hello_timeout_s:.0f} s of its launch")
    silence_s = _since(record.beat_ms, now_ms)
    if silence_s > limits.silent_after_s:
        action = Action.STOP if container else Action.FORGET
        return _verdict(record, container, action, f"silent for {silence_s:.0f} s")
    age_s = _since(record.started_ms, now_ms)
    if age_s > limits.max_lifetime_s:
        if not record.is_draining:
            return _verdict(record, container, Action.DRAIN, f"{age_s:.0f} s old")
        if record.held == 0 or age_s > limits.max_lifetime_s + limits.drain_grace_s:
            return _verdict(record, container, Action.STOP, f"{age_s:.0f} s old, and drained")
        return None
    if record.idle_since_ms and not record.held:
        return _judge_idle(record, container, now_ms, limits)
    return None


def _judge_idle(record: ContainerRecord, container: FleetContainer | None, now_ms: int, limits: Limits) -> Verdict | None:
    idle_s = _since(record.idle_since_ms, now_ms)
    # Overdue since both its idle time-out and the time that is paid for anyway are over.
    age_s = _since(record.started_ms or record.idle_since_ms, now_ms)
    overdue_s = min(idle_s - limits.idle_timeout_s, age_s - limits.least_life_s)
    if overdue_s > limits.idle_grace_s and not record.is_draining:
        return replace(_verdict(record, container, Action.DRAIN, f"idle for {idle_s:.0f} s"), is_idle=True)
    if overdue_s > 2 * limits.idle_grace_s and record.is_draining:
        return _verdict(record, container, Action.STOP, f"idle for {idle_s:.0f} s, and drained")
    return None


def _since(moment_ms: int, now_ms: int) -> float:
    return max(0, now_ms - moment_ms) / 1000 if moment_ms else 0.0


def _verdict(record: ContainerRecord, container: FleetContainer | None, action: Action, reason: str) -> Verdict:
    handle = container.handle if container else record.handle
    return Verdict(record.container_id, handle, action, reason, "gone" if record.started_ms else "failed")
