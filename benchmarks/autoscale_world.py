"""A discrete-event Fargate: containers that start slowly, fail, are reclaimed, and work on items; and what they cost.

Every controller runs in the same world with the same draws: a container's start-up time, whether it starts at all, and when
Spot takes it are drawn by its number.
"""

import heapq
import math
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from dispatcher.fleets.base import SIZES
from dispatcher.pricing import prices, usd_per_hour

SIZE = SIZES[1]
SLOTS = 2
USD_PER_S = usd_per_hour(SIZE.vcpu, SIZE.memory_mib) / 3600
#: From launch to the program's start: log-normal, clipped (AWS: 30 to 60 s for an image of some hundred MB).
START_MEDIAN_S, START_SIGMA, START_BOUNDS_S = 42.0, 0.2, (30.0, 60.0)
#: 1 in so many containers never starts (AWS users report 1 in 100 to 300).
FAILS_ONE_IN = 200
#: Mean time until Spot takes a container, and how long it may drain.
SPOT_MEAN_S, SPOT_NOTICE_S = 8 * 3600.0, 120.0
_LAUNCH_PER_S, _LAUNCH_BURST = 20.0, 100


@dataclass(order=True)
class Item:
    """One scene. `order` is when its job came, then the heaviest first; `weight` is what the planner is told of it."""

    order: tuple[float, float, int]
    work_s: float = field(compare=False)
    weight: float = field(compare=False)


@dataclass
class Container:
    """One container's life. Times in seconds of the simulation; `ended_s` is infinite while it lives."""

    number: int
    launched_s: float
    starts_s: float
    is_doomed: bool
    reclaimed_s: float
    batch: int = 0
    is_running: bool = False
    is_draining: bool = False
    ended_s: float = math.inf
    holding: list[Item] = field(default_factory=list)
    done: int = 0
    busy_slot_s: float = 0.0
    idle_since_s: float = 0.0
    own: list[Item] | None = None

    @property
    def is_alive(self) -> bool:
        return self.ended_s == math.inf

    @property
    def held(self) -> int:
        return len(self.holding)

    @property
    def paid_s(self) -> float:
        """Seconds that are billed: from the image pull on, a minute at least; nothing for one that never started."""
        if self.is_doomed:
            return 0.0
        return max(float(prices().minimum_s), math.ceil(self.ended_s - self.launched_s))


@dataclass
class Outcome:
    """What a controller achieved."""

    makespan_s: float
    usd: float
    #: Of the slot-seconds that were paid for after the start.
    idle_share: float
    containers: int
    most_at_once: int
    most_usd_per_hour: float
    left_running: int
    done: int
    #: How often the last container left.
    times_at_zero: int


class World:
    """Time, items and containers. A controller is called every `tick_s` while there is anything to do.

    Args:
        arrivals: (when, items) in order of time; a job each.
        control: looks at the world and launches, drains or stops.
        tick_s: how often.
        idle_timeout_s: a container without work leaves after so long.
        least_life_s: but not before, after its start.
        seed: of the draws.
    """

    def __init__(
        self,
        arrivals: Sequence[tuple[float, Sequence[Item]]],
        control: Callable[["World"], None],
        tick_s: float,
        idle_timeout_s: float = 20.0,
        least_life_s: float = 50.0,
        seed: int = 1,
    ) -> None:
        self._control, self._tick_s, self._seed = control, tick_s, seed
        self._idle_timeout_s, self._least_life_s = idle_timeout_s, least_life_s
        self.now_s = 0.0
        self.ready: list[Item] = []
        self.containers: list[Container] = []
        self.alive: dict[int, Container] = {}
        self.done = 0
        self._total = sum(len(items) for _, items in arrivals)
        self._events: list[tuple[float, int, Callable[[], None]]] = []
        self._count = 0
        self._tokens, self._tokens_at = float(_LAUNCH_BURST), 0.0
        self._last_done_s = 0.0
        self._most = self._zeros = 0
        for at, items in arrivals:
            self._at(at, lambda items=items: self._arrive(items))

    def run(self) -> Outcome:
        """Until everything is done and every container has left."""
        ticking = False

        def tick() -> None:
            nonlocal ticking
            self._control(self)
            ticking = bool(self.ready or self.alive)
            if ticking:
                self._at(self.now_s + self._tick_s, tick)

        while self._events:
            self.now_s, _, event = heapq.heappop(self._events)
            event()
            self._most = max(self._most, len(self.alive))
            if not ticking and (self.ready or self.alive):
                ticking = True
                self._at(self.now_s + self._tick_s / 2, tick)
        paid_s = sum(container.paid_s for container in self.containers)
        after_start_s = sum(
            max(0.0, container.ended_s - container.starts_s) * SLOTS for container in self.containers if not container.is_doomed
        )
        busy_s = sum(container.busy_slot_s for container in self.containers)
        return Outcome(
            makespan_s=self._last_done_s,
            usd=paid_s * USD_PER_S,
            idle_share=1 - busy_s / after_start_s if after_start_s else 0.0,
            containers=len(self.containers),
            most_at_once=self._most,
            most_usd_per_hour=self._most * USD_PER_S * 3600,
            left_running=len(self.alive),
            done=self.done,
            times_at_zero=self._zeros,
        )

    def launch(self, batch: int = 0, own: list[Item] | None = None) -> None:
        """One container more, as soon as the API's bucket has a token."""
        number = len(self.containers)
        draws = random.Random(f"{self._seed}/{number}")
        start_s = min(max(draws.lognormvariate(math.log(START_MEDIAN_S), START_SIGMA), START_BOUNDS_S[0]), START_BOUNDS_S[1])
        self._tokens = min(_LAUNCH_BURST, self._tokens + (self.now_s - self._tokens_at) * _LAUNCH_PER_S) - 1
        self._tokens_at = self.now_s
        launched_s = self.now_s + max(0.0, -self._tokens / _LAUNCH_PER_S)
        is_doomed = draws.randrange(FAILS_ONE_IN) == 0
        starts_s = launched_s + start_s
        reclaimed_s = starts_s + draws.expovariate(1 / SPOT_MEAN_S)
        container = Container(number, launched_s, starts_s, is_doomed, reclaimed_s, batch, own=own)
        self.containers.append(container)
        self.alive[number] = container
        self._at(container.starts_s, lambda: self._start(container))

    def drain(self, container: Container) -> None:
        """It takes nothing more, and leaves when it is done with what it holds."""
        container.is_draining = True
        self._leave_if_due(container)

    def _at(self, when_s: float, event: Callable[[], None]) -> None:
        self._count += 1
        heapq.heappush(self._events, (when_s, self._count, event))

    def _arrive(self, items: Sequence[Item]) -> None:
        for item in items:
            heapq.heappush(self.ready, item)
        self._feed()

    def _start(self, container: Container) -> None:
        if container.is_doomed:
            self._end(container)
            # A static split knows no queue; at best its script notices, and launches the same batch again.
            if container.own is not None:
                self.launch(own=container.own)
            return
        container.is_running, container.idle_since_s = True, self.now_s
        if container.own is None:
            self._at(container.reclaimed_s, lambda: self._reclaim(container))
        self._take(container)
        self._wait(container)

    def _feed(self) -> None:
        for container in list(self.alive.values()):
            if not self.ready:
                return
            self._take(container)

    def _take(self, container: Container) -> None:
        source = self.ready if container.own is None else container.own
        began_s = self.now_s
        while container.is_alive and container.is_running and not container.is_draining and container.held < SLOTS and source:
            item = heapq.heappop(self.ready) if container.own is None else container.own.pop(0)
            container.holding.append(item)
            self._at(self.now_s + item.work_s, lambda item=item: self._finish(container, item, began_s))

    def _finish(self, container: Container, item: Item, began_s: float) -> None:
        if not container.is_alive:
            return
        container.holding.remove(item)
        container.done += 1
        container.busy_slot_s += self.now_s - began_s
        self.done += 1
        self._last_done_s = self.now_s
        self._take(container)
        if not container.held:
            container.idle_since_s = self.now_s
            if container.own is not None and not container.own:
                self._end(container)
                return
            self._leave_if_due(container)
            self._wait(container)

    def _wait(self, container: Container) -> None:
        """Look again when it may leave for having nothing to do."""
        if container.is_alive and not container.held and container.own is None:
            due_s = max(container.idle_since_s + self._idle_timeout_s, container.starts_s + self._least_life_s)
            since_s = container.idle_since_s
            self._at(due_s, lambda: self._idle_out(container, since_s))

    def _idle_out(self, container: Container, since_s: float) -> None:
        if container.is_alive and not container.held and container.idle_since_s == since_s:
            self._end(container)

    def _leave_if_due(self, container: Container) -> None:
        if container.is_draining and container.is_running and not container.held:
            self._end(container)

    def _reclaim(self, container: Container) -> None:
        """Spot's notice: what runs may finish within two minutes; what does not is rendered elsewhere, from its beginning."""
        if not container.is_alive:
            return
        container.is_draining = True
        self._leave_if_due(container)
        self._at(self.now_s + SPOT_NOTICE_S, lambda: self._kill(container))

    def _kill(self, container: Container) -> None:
        if container.is_alive:
            # What it held is leased again, and made from its beginning.
            self._end(container)
            for item in container.holding:
                heapq.heappush(self.ready, item)
            self._feed()

    def _end(self, container: Container) -> None:
        container.ended_s = self.now_s
        if self.alive.pop(container.number, None) and not self.alive:
            self._zeros += 1
