"""Simulates Fargate by discrete events: containers start slowly, fail, hang, are reclaimed, and work on items; with costs.

Every controller runs in the same world with the same draws: a container's start-up time, whether it starts at all, and when
Spot takes it are drawn by its number.
"""

import heapq
import math
import random
from collections.abc import Callable
from dataclasses import dataclass, field

from benchmarks.autoscale.loads import RATE, Item, Load
from container_worker.in_flight import AHEAD_S
from dispatcher.decisions.pricing import prices, usd_per_hour
from dispatcher.fleet import SIZES
from dispatcher.fleets.settings import FargateSettings
from scenequeue.settings import DispatcherSettings

SIZE = SIZES[1]
SLOTS = 2
USD_PER_S = usd_per_hour(SIZE.vcpu, SIZE.memory_mib) / 3600
#: From launch to the program's start: log-normal, clipped (AWS: 30 to 60 s for an image of some hundred MB).
START_MEDIAN_S, START_SIGMA, START_BOUNDS_S = 42.0, 0.2, (30.0, 60.0)
#: One in this many containers never starts (AWS users report 1 in 100 to 300). Half of those end by themselves; the others
#: hang, and are paid for until they are stopped.
FAILS_ONE_IN = 200
#: Mean time until Spot takes a container, and how long it may drain.
SPOT_MEAN_S, SPOT_NOTICE_S = 8 * 3600.0, 120.0
#: Fargate's quota on launches; RunTask's own, on calls of up to ten containers each, is reached later.
_LAUNCH_PER_S, _LAUNCH_BURST = 20.0, 100
#: Idle time-out and minimum lifetime of a worker, from its settings.
IDLE_TIMEOUT_S = float(DispatcherSettings.model_fields["idle_timeout_s"].default)
MIN_LIFETIME_S = float(FargateSettings.model_fields["ecs_min_lifetime_s"].default)
#: As scripts/ack.lua: older measurements count half once there is an hour of video.
_RATE_WINDOW_S = 3600.0


@dataclass
class Container:
    """One container's life. Times in seconds of the simulation; `ended_s` is infinite while it lives."""

    number: int
    launched_s: float
    starts_s: float
    fails: bool
    hangs: bool
    reclaimed_s: float
    batch: int = 0
    is_running: bool = False
    is_draining: bool = False
    ended_s: float = math.inf
    working: list[Item] = field(default_factory=list)
    #: Times at which a slot's next item is leased and fetched.
    ahead_s: list[float] = field(default_factory=list)
    #: Leased and fetched while all slots are busy.
    prepared: list[Item] = field(default_factory=list)
    done: int = 0
    busy_slot_s: float = 0.0
    idle_since_s: float = 0.0
    #: A fixed list of items instead of the queue.
    own: list[Item] | None = None

    @property
    def held(self) -> int:
        return len(self.working) + len(self.prepared)

    @property
    def paid_s(self) -> float:
        """Billed seconds: from the image pull on, at least a minute; none if it ended before it started."""
        if self.fails and not self.hangs:
            return 0.0
        return max(float(prices().minimum_s), math.ceil(self.ended_s - self.launched_s))


class World:
    """Time, items and containers. A controller is called every `tick_s` while there is work or a container.

    Args:
        load: jobs ordered by time.
        control: launches, drains or stops containers.
        tick_s: seconds between two calls of it.
        idle_timeout_s: idle time after which a container exits.
        min_lifetime_s: minimum lifetime of a container.
        health_check_s: the platform ends a container that has not started by then; infinite without a health check.
        seed: seed of the draws.
        known_rate: rate measured on earlier jobs, in processing seconds per second of video; 0 if there were none.
    """

    def __init__(
        self,
        load: Load,
        control: Callable[["World"], None],
        tick_s: float,
        idle_timeout_s: float = IDLE_TIMEOUT_S,
        min_lifetime_s: float = MIN_LIFETIME_S,
        health_check_s: float = math.inf,
        seed: int = 1,
        known_rate: float = RATE,
    ) -> None:
        self._control, self._tick_s, self._seed = control, tick_s, seed
        self._idle_timeout_s, self._least_life_s, self._health_check_s = idle_timeout_s, min_lifetime_s, health_check_s
        self.now_s = 0.0
        self.load = load
        self.ready: list[Item] = []
        self.ready_weight = 0.0
        self.containers: list[Container] = []
        self.alive: dict[int, Container] = {}
        #: (time, number of containers) at every change.
        self.counts: list[tuple[float, int]] = [(0.0, 0)]
        self.jobs_left = {number: len(job.items) for number, job in enumerate(load)}
        self.job_done_s: dict[int, float] = {}
        self.rate_weight = 600.0 if known_rate else 0.0
        self.rate_busy_s = known_rate * self.rate_weight
        self._events: list[tuple[float, int, Callable[[], None]]] = []
        self._count = 0
        self._tokens, self._tokens_at = float(_LAUNCH_BURST), 0.0
        for job in load:
            self._at(job.at_s, lambda job=job: self._arrive(job.items))

    def run(self) -> None:
        """Run until everything is done and every container has exited."""
        is_ticking = False

        def tick() -> None:
            nonlocal is_ticking
            self._control(self)
            is_ticking = bool(self.ready or self.alive)
            if is_ticking:
                self._at(self.now_s + self._tick_s, tick)

        while self._events:
            self.now_s, _, event = heapq.heappop(self._events)
            event()
            if not is_ticking and (self.ready or self.alive):
                is_ticking = True
                self._at(self.now_s + self._tick_s / 2, tick)

    @property
    def rates(self) -> dict[str, float]:
        """Return the rates measured so far, as the queue gives them to the planner."""
        return {"render": self.rate_busy_s / self.rate_weight} if self.rate_weight else {}

    def launch(self, batch: int = 0, own: list[Item] | None = None) -> None:
        """Launch a container as soon as the API's bucket has a token."""
        number = len(self.containers)
        draws = random.Random(f"{self._seed}/{number}")
        start_s = min(max(draws.lognormvariate(math.log(START_MEDIAN_S), START_SIGMA), START_BOUNDS_S[0]), START_BOUNDS_S[1])
        self._tokens = min(_LAUNCH_BURST, self._tokens + (self.now_s - self._tokens_at) * _LAUNCH_PER_S) - 1
        self._tokens_at = self.now_s
        launched_s = self.now_s + max(0.0, -self._tokens / _LAUNCH_PER_S)
        fails, hangs = draws.randrange(FAILS_ONE_IN) == 0, draws.random() < 0.5
        starts_s = launched_s + start_s
        reclaimed_s = starts_s + draws.expovariate(1 / SPOT_MEAN_S)
        container = Container(number, launched_s, starts_s, fails, fails and hangs, reclaimed_s, batch, own=own)
        self.containers.append(container)
        self.alive[number] = container
        self.counts.append((self.now_s, len(self.alive)))
        self._at(container.starts_s, lambda: self._start(container))

    def drain(self, container: Container) -> None:
        """Drain a container: it leases nothing more, releases items that have not begun, and exits when the rest is done."""
        container.is_draining = True
        self._give_back(container, container.prepared)
        if container.is_running and not container.working:
            self.end(container)

    def end(self, container: Container) -> None:
        """End a container; other containers start its items again."""
        if self.alive.pop(container.number, None) is None:
            return
        container.ended_s = self.now_s
        self.counts.append((self.now_s, len(self.alive)))
        self._give_back(container, container.prepared)
        self._give_back(container, container.working)
        # Without a queue, a script can at best notice it, and launch the same batch again.
        if container.own:
            self.launch(own=container.own)

    def deal_out(self) -> list[Item]:
        """Remove and return all ready items, in the order of submission, for controllers without a queue."""
        items = sorted(self.ready, key=lambda item: item.order[2])
        self.ready.clear()
        self.ready_weight = 0.0
        return items

    def _at(self, when_s: float, event: Callable[[], None]) -> None:
        self._count += 1
        heapq.heappush(self._events, (when_s, self._count, event))

    def _arrive(self, items: tuple[Item, ...]) -> None:
        for item in items:
            heapq.heappush(self.ready, item)
            self.ready_weight += item.weight
        self._feed()

    def _start(self, container: Container) -> None:
        if container.number not in self.alive:
            return
        if container.hangs:
            if self._health_check_s < math.inf:
                self._at(container.launched_s + self._health_check_s, lambda: self.end(container))
            return
        if container.fails:
            self.end(container)
            return
        container.is_running, container.idle_since_s = True, self.now_s
        self._at(container.reclaimed_s, lambda: self._reclaim(container))
        self._take(container)
        self._wait(container)

    def _feed(self) -> None:
        for container in list(self.alive.values()):
            if not self.ready:
                return
            self._take(container)

    def _take(self, container: Container) -> None:
        """Lease an item for every slot that is or will soon be free, as the worker does."""
        source = self.ready if container.own is None else container.own
        while source and container.is_running and not container.is_draining:
            soon_free = sum(ahead_s <= self.now_s for ahead_s in container.ahead_s)
            if container.held >= SLOTS + soon_free:
                return
            if container.own is None:
                item = heapq.heappop(self.ready)
                self.ready_weight -= item.weight
            else:
                item = container.own.pop(0)
            container.prepared.append(item)
            self._begin(container)

    def _begin(self, container: Container) -> None:
        while container.prepared and len(container.working) < SLOTS:
            item, began_s = container.prepared.pop(0), self.now_s
            container.working.append(item)
            done_s = began_s + item.work_s
            ahead_s = max(began_s, done_s - AHEAD_S)
            container.ahead_s.append(ahead_s)
            self._at(ahead_s, lambda: self._take(container))
            self._at(done_s, lambda item=item, began_s=began_s: self._finish(container, item, began_s))

    def _finish(self, container: Container, item: Item, began_s: float) -> None:
        if container.number not in self.alive:
            return
        place = container.working.index(item)
        del container.working[place], container.ahead_s[place]
        container.done += 1
        container.busy_slot_s += self.now_s - began_s
        self._note(item)
        self._begin(container)
        self._take(container)
        if container.held:
            return
        container.idle_since_s = self.now_s
        if container.is_draining or container.own is not None:
            self.end(container)
        else:
            self._wait(container)

    def _note(self, item: Item) -> None:
        self.jobs_left[item.job] -= 1
        if not self.jobs_left[item.job]:
            self.job_done_s[item.job] = self.now_s
        self.rate_busy_s += item.work_s
        self.rate_weight += item.weight
        if self.rate_weight > _RATE_WINDOW_S:
            self.rate_busy_s, self.rate_weight = self.rate_busy_s / 2, self.rate_weight / 2

    def _wait(self, container: Container) -> None:
        """Schedule the check of its idle time-out."""
        if not container.held and container.own is None:
            due_s = max(container.idle_since_s + self._idle_timeout_s, container.starts_s + self._least_life_s)
            since_s = container.idle_since_s
            if due_s < math.inf:
                self._at(due_s, lambda: self._idle_out(container, since_s))

    def _idle_out(self, container: Container, since_s: float) -> None:
        if not container.held and container.idle_since_s == since_s:
            self.end(container)

    def _reclaim(self, container: Container) -> None:
        """Reclaim by Spot: running items may finish within two minutes; the others are done elsewhere."""
        if container.number in self.alive:
            self.drain(container)
            self._at(self.now_s + SPOT_NOTICE_S, lambda: self.end(container))

    def _give_back(self, container: Container, items: list[Item]) -> None:
        if container.own is not None:
            container.own[:0] = items
        else:
            for item in items:
                heapq.heappush(self.ready, item)
                self.ready_weight += item.weight
        was_any = bool(items)
        items.clear()
        if was_any:
            self._feed()
