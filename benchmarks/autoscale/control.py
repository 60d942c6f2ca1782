"""Controllers that decide the number of containers: ours, with its real planner and reaper, and common alternatives."""

import math
from collections.abc import Callable, Sequence

from benchmarks.autoscale.loads import RATE, Item
from benchmarks.autoscale.world import SIZE, SLOTS, Container, World
from dispatcher.decisions.distribution import distribute
from dispatcher.decisions.planner import plan
from dispatcher.decisions.planning.backlog import one_need
from dispatcher.decisions.planning.policy import Policy
from dispatcher.decisions.reaper import Action, Limits, find_reapable
from dispatcher.fleet import FleetContainer
from scenequeue.jobs.container import ContainerRecord
from scenequeue.jobs.ids import ContainerId

TICK_S = 2.0
#: As the world measures its rate.
NEED = "render"
#: Far in the future: every container of the simulation sends heartbeats.
_BEATS_MS = 2**60
#: (is_running, is_draining, held, done, idle_since_s)
Report = tuple[bool, bool, int, int, float]


class Ours:
    """The dispatcher's tick: reap, then plan, then launch.

    It has the real one's data: the last report of each container (two seconds old), number and weight of the backlog, and
    the rate measured so far.

    Args:
        policy: the operator's policy.
    """

    def __init__(self, policy: Policy) -> None:
        self._policy, self._limits = policy, Limits()
        self._reported: dict[int, Report] = {}
        self._kept: dict[int, tuple[Report, ContainerRecord]] = {}

    def __call__(self, world: World) -> None:
        now_ms = round(world.now_s * 1000)
        records = [self._record(container) for container in world.alive.values()]
        seen = [FleetContainer(record.handle, record.container_id, is_running=True) for record in records]
        verdicts = find_reapable(records, seen, now_ms, self._limits, self._policy.min_containers)
        for verdict in verdicts:
            container = world.alive.get(int(verdict.handle))
            if container and verdict.action is Action.DRAIN:
                world.drain(container)
            elif container:
                world.end(container)
        if verdicts:
            records = [record for record in records if int(record.handle) in world.alive]
        backlog = one_need(len(world.ready), max(0.0, world.ready_weight), NEED)
        for batch in plan(backlog, records, self._policy, world.rates, now_ms).launches:
            world.launch(batch)
        self._reported = {each.number: _report(each) for each in world.alive.values()}

    def _record(self, container: Container) -> ContainerRecord:
        report = self._reported.get(container.number, (False, False, 0, 0, 0.0))
        kept = self._kept.get(container.number)
        if kept is None or kept[0] != report:
            is_running, is_draining, held, done, idle_since_s = report
            record = ContainerRecord.model_construct(
                container_id=ContainerId(str(container.number)),
                handle=str(container.number),
                state="running" if is_running else "launched",
                vcpu=SIZE.vcpu,
                memory_mib=SIZE.memory_mib,
                slots=SLOTS if is_running else 0,
                batch=container.batch,
                held=held,
                done=done,
                is_draining=is_draining,
                intended_ms=round(container.launched_s * 1000),
                started_ms=round(container.starts_s * 1000) if is_running else 0,
                idle_since_ms=0 if held or not is_running else round(idle_since_s * 1000),
                beat_ms=_BEATS_MS,
            )
            self._kept[container.number] = kept = (report, record)
        return kept[1]


def _report(container: Container) -> Report:
    return container.is_running, container.is_draining, container.held, container.done, container.idle_since_s


class StaticSplit:
    """The replaced script: all scenes are distributed at once, a fixed list for each container."""

    def __init__(self, containers: int, scenes_per_batch: int = 10, min_scenes_per_batch: int = 5) -> None:
        self._containers, self._batch, self._min_batch = containers, scenes_per_batch, min_scenes_per_batch

    def __call__(self, world: World) -> None:
        items = world.deal_out()
        for size in distribute(len(items), self._batch, self._containers, self._min_batch):
            world.launch(own=items[:size])
            items = items[size:]


class TargetTracking:
    """ECS service auto scaling on backlog per container: checks once a minute, scales out at once, in after five minutes.

    Source: AWS, "Scaling policy based on Amazon SQS", whose rule for the target is (acceptable latency) / (time per item).
    It is better than the default: it waits for neither three datapoints before it scales out nor fifteen before it scales in,
    and removed containers finish their items.

    Args:
        max_containers: upper limit.
        latency_s: acceptable time of a job.
        item_s: average work of an item on one slot.
    """

    check_s, cooldown_s = 60.0, 300.0

    def __init__(self, max_containers: int, latency_s: float, item_s: float) -> None:
        self._max_containers = max_containers
        # One check and one start take place before the first item can begin.
        self._per_container = max(1.0, (latency_s - self.check_s - 45.0) * SLOTS / item_s)
        self._last_check_s = -math.inf
        self._last_need_s = -math.inf

    def __call__(self, world: World) -> None:
        if world.now_s - self._last_check_s < self.check_s:
            return
        self._last_check_s = world.now_s
        working = sum(container.held for container in world.alive.values())
        wanted = min(self._max_containers, math.ceil((len(world.ready) + working) / self._per_container))
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

    check_s = 30.0


def is_service(controller: Callable[[World], None]) -> bool:
    """Return True if containers stay until the controller drains them, as those of a service."""
    return isinstance(controller, TargetTracking)


def average_item_s(items: Sequence[Item]) -> float:
    """Return the average seconds of an item, as operators of the alternatives would have measured it."""
    return sum(item.weight for item in items) / len(items) * RATE


def clairvoyant(items: Sequence[Item], containers: int, start_ups_s: Sequence[float]) -> tuple[float, float]:
    """Return the minimum time of this many containers, and their cost at it: (seconds, container-seconds).

    All are launched at once, with the drawn start-up times; none fails, hangs or is reclaimed; work is divided without loss, so
    that all end together. No schedule on as many containers is faster. One on fewer containers is cheaper and slower; no schedule
    can save the work itself (`work_s`).
    """
    work_s = sum(item.work_s for item in items) / SLOTS
    starts = sorted(start_ups_s[:containers])
    began_s = 0.0
    for count in range(1, len(starts) + 1):
        # During the first `count` work: the sum of (end - start) over them is the work.
        began_s += starts[count - 1]
        end_s = (work_s + began_s) / count
        if count == len(starts) or end_s <= starts[count]:
            return max(end_s, starts[0] + max(item.work_s for item in items)), end_s * count
    raise AssertionError("no containers")
