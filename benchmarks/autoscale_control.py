"""Who decides how many containers run: ours, with its real planner and reaper, and the usual alternatives."""

import math
from collections.abc import Callable, Sequence

from benchmarks.autoscale_world import SIZE, SLOTS, Container, Item, World
from dispatcher.distribution import distribute
from dispatcher.fleets.base import FleetContainer
from dispatcher.planner import Backlog, Policy, plan
from dispatcher.reaper import Action, Limits, find_reapable
from scenequeue.items import ContainerId, ContainerRecord

TICK_S = 2.0
#: Far in the future: every container of the simulation beats.
_BEATS_MS = 2**60


class Ours:
    """The dispatcher's tick: reap, then plan, then launch.

    Args:
        policy: what the operator wants.
        rate: processing seconds per second of video, as measured.
    """

    def __init__(self, policy: Policy, rate: float) -> None:
        self._policy, self._rates, self._limits = policy, {"render": rate}, Limits()
        self._kept: dict[int, tuple[tuple[object, ...], ContainerRecord]] = {}

    def __call__(self, world: World) -> None:
        now_ms = round(world.now_s * 1000)
        records = [self._record(container) for container in world.alive.values()]
        seen = [FleetContainer(record.handle, record.container_id, is_running=True) for record in records]
        for verdict in find_reapable(records, seen, now_ms, self._limits, self._policy.min_containers):
            container = world.alive.get(int(verdict.handle))
            if container and verdict.action in {Action.DRAIN, Action.STOP}:
                world.drain(container)
        records = [self._record(container) for container in world.alive.values()]
        weight = sum(item.weight for item in world.ready) if self._policy.policy == "deadline" else 0.0
        backlog = Backlog(len(world.ready), weight)
        for batch in plan(backlog, records, self._policy, self._rates, now_ms).launches:
            world.launch(batch)

    def _record(self, container: Container) -> ContainerRecord:
        state = (container.is_running, container.is_draining, container.held, container.done)
        kept = self._kept.get(container.number)
        if kept is None or kept[0] != state:
            record = ContainerRecord.model_construct(
                container_id=ContainerId(str(container.number)),
                handle=str(container.number),
                state="running" if container.is_running else "launched",
                vcpu=SIZE.vcpu,
                memory_mib=SIZE.memory_mib,
                slots=SLOTS,
                batch=container.batch,
                held=container.held,
                done=container.done,
                is_draining=container.is_draining,
                intended_ms=round(container.launched_s * 1000),
                started_ms=round(container.starts_s * 1000) if container.is_running else 0,
                idle_since_ms=0 if container.held else round(container.idle_since_s * 1000),
                beat_ms=_BEATS_MS,
            )
            self._kept[container.number] = kept = (state, record)
        return kept[1]


class StaticSplit:
    """The article's script: all scenes are dealt out at once, a fixed list for each container."""

    def __init__(self, containers: int, scenes_per_batch: int = 10, min_scenes_per_batch: int = 5) -> None:
        self._containers, self._batch, self._least = containers, scenes_per_batch, min_scenes_per_batch

    def __call__(self, world: World) -> None:
        # In the caller's order, which knows nothing of lengths.
        items = sorted(world.ready, key=lambda item: item.order[2])
        world.ready.clear()
        for size in distribute(len(items), self._batch, self._containers, self._least):
            world.launch(own=items[:size])
            items = items[size:]


class TargetTracking:
    """ECS service auto scaling on backlog per container: looks once a minute, out at once, in after five minutes.

    Source: AWS, "Scaling based on Amazon SQS" and target tracking's defaults. Scale-in is given task protection, so that
    it costs no work, which is more than it has by default.
    """

    name, look_s, cooldown_s, floor = "target tracking", 60.0, 300.0, 0

    def __init__(self, most: int, per_container: int) -> None:
        self._most, self._per_container = most, per_container
        self._last_look_s = -math.inf
        self._last_need_s = -math.inf

    def __call__(self, world: World) -> None:
        if world.now_s - self._last_look_s < self.look_s:
            return
        self._last_look_s = world.now_s
        working = sum(container.held for container in world.alive.values())
        wanted = min(self._most, math.ceil((len(world.ready) + working) / self._per_container))
        there = [container for container in world.alive.values() if not container.is_draining]
        if wanted >= len(there):
            if world.ready or working:
                self._last_need_s = world.now_s
            for _ in range(wanted - len(there)):
                world.launch()
        elif world.now_s - self._last_need_s >= self.cooldown_s:
            for container in sorted(there, key=lambda each: each.held)[: len(there) - wanted]:
                world.drain(container)


class KedaLag(TargetTracking):
    """KEDA's lag scaling with its defaults: polls every 30 s, scales in after 300 s."""

    name, look_s = "KEDA-style lag", 30.0


def without_own_leaving(controller: Callable[[World], None]) -> bool:
    """Whether containers stay until the controller drains them, as a service's do."""
    return isinstance(controller, TargetTracking)


def clairvoyant(items: Sequence[Item], containers: int, start_ups_s: Sequence[float]) -> tuple[float, float]:
    """The least time that so many containers could take, and the least that could cost: (seconds, container-seconds).

    They are launched at once, with the start-up times that are drawn for them, none fails, work is divided without loss and
    nobody waits for the longest scene. No schedule on as many containers is faster; the cost is that of these containers.
    """
    work_s = sum(item.work_s for item in items) / SLOTS
    starts = sorted(start_ups_s[:containers])
    began_s = 0.0
    for count in range(1, len(starts) + 1):
        # With the first `count` at work: sum over them of (end - start) = work.
        began_s += starts[count - 1]
        end_s = (work_s + began_s) / count
        if count == len(starts) or end_s <= starts[count]:
            return max(end_s, starts[0] + max(item.work_s for item in items)), end_s * count
    raise AssertionError("no containers")
