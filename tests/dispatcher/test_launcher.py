"""Environment of launched containers, content of their intents, and handling of failed launches."""

from collections.abc import Callable
from typing import Any

import pytest
import structlog

from dispatcher.decisions.pricing import usd_per_hour
from dispatcher.fleet import FleetContainer, Hardware, LaunchRequest, LaunchResult
from dispatcher.snapshot import Ticked
from dispatcher.tick import Dispatcher
from scenequeue.queue import SceneQueue
from scenequeue.reasons import Reason
from scenequeue.settings import DispatcherSettings
from tests.scenequeue.jobs import submit

Configure = Callable[..., DispatcherSettings]


class PaperFleet:
    """Accepts every launch; its containers do what they are told to."""

    name = "fargate"

    def __init__(self, hardware: Hardware | None = None) -> None:
        self.hardware = hardware or Hardware()
        self.requests: list[LaunchRequest] = []
        #: What becomes of every container.
        self.fate: dict[str, Any] = {"is_running": True}

    def launch(self, requests: list[LaunchRequest]) -> list[LaunchResult]:
        self.requests += requests
        return [LaunchResult(request.container_id, handle=request.container_id, region="") for request in requests]

    def list(self) -> list[FleetContainer]:
        return [FleetContainer(request.container_id, request.container_id, **self.fate) for request in self.requests]

    def stop(self, handle: str, reason: Reason) -> None:
        """As told."""


@pytest.fixture
def configure(redis_url: str, namespace: str) -> Configure:
    """Settings of a dispatcher on the test's queue."""

    def make(**values: Any) -> DispatcherSettings:
        return DispatcherSettings.load(redis_url=redis_url, namespace=namespace, **{"fleet": "fargate", **values})

    return make


@pytest.mark.parametrize("fleet", ["fargate", "docker", "process"])
@pytest.mark.parametrize(("values", "slots"), [({}, "2"), ({"config_priority": 3}, "8"), ({"worker_slots": 5}, "5")])
def test_a_container_is_told_as_many_slots_as_the_planner_counts(
    queue: SceneQueue, configure: Configure, fleet: str, values: dict[str, int], slots: str
) -> None:
    """By itself it would take all cores of its machine, of which a quota leaves it a few."""
    paper = PaperFleet()
    submit(queue, "a", 1)
    dispatcher = Dispatcher(queue, paper, configure(fleet=fleet, **values))
    dispatcher.tick()
    (request,) = paper.requests
    assert request.environment["SCENEBURST_SLOTS"] == slots
    dispatcher.close()
    queue.producer.cancel("a")


def test_a_container_that_is_kept_warm_does_not_leave_by_itself(queue: SceneQueue, configure: Configure) -> None:
    """It would be replaced at once, and a start paid for every minute; one with a batch leaves when it idles."""
    paper = PaperFleet()
    settings = configure(min_containers=2, idle_timeout_s=20)
    submit(queue, "a", 1)
    dispatcher = Dispatcher(queue, paper, settings)
    dispatcher.tick()
    told = [(request.batch, float(request.environment["SCENEBURST_IDLE_TIMEOUT_S"])) for request in paper.requests]
    assert told == [(1, 20.0), (0, settings.max_lifetime_s)]
    dispatcher.close()
    queue.producer.cancel("a")


@pytest.mark.parametrize(("spot", "is_spot"), [("prefer", False), ("only", True), ("never", False)])
def test_an_intent_is_counted_at_the_most_that_it_may_cost(
    queue: SceneQueue, configure: Configure, spot: Any, is_spot: bool
) -> None:
    """In the dearest region, with its storage, and on demand unless only Spot is launched; until it is known where it runs."""
    hardware = Hardware("arm64", 100, ("us-east-1", "ap-northeast-1"), spot)
    submit(queue, "a", 100)
    dispatcher = Dispatcher(queue, PaperFleet(hardware), configure(policy="budget", budget_usd_per_hour=0.5))
    intents = []
    launch = dispatcher._fleet.launch
    dispatcher._fleet.launch = lambda requests: (intents.extend(queue.inspect.containers()), launch(requests))[1]  # type: ignore[method-assign]
    made = dispatcher.tick()
    assert made is not None
    each = usd_per_hour(2, 4096, "ap-northeast-1", "arm64", is_spot=is_spot, ephemeral_gib=100)
    assert len(intents) == len(made.launches) == int(0.5 / each)
    facts = {(intent.region, intent.is_spot, intent.architecture, intent.ephemeral_gib) for intent in intents}
    assert facts == {("ap-northeast-1", is_spot, "arm64", 100)}
    dispatcher.close()
    queue.producer.cancel("a")


def test_a_region_without_known_prices_is_named_once(queue: SceneQueue, configure: Configure) -> None:
    """The warning comes at the dispatcher's start, not at every tick."""
    with structlog.testing.capture_logs() as logged:
        dispatcher = Dispatcher(queue, PaperFleet(Hardware(regions=("us-east-1", "nowhere-1"))), configure())
        dispatcher.tick()
    assert [each["region"] for each in logged if each["log_level"] == "warning"] == ["nowhere-1"]
    dispatcher.close()


def test_launches_that_end_at_once_are_not_repeated_at_every_tick(
    queue: SceneQueue, configure: Configure, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A bad image: ten launches, a pause, and then one to see; the plan says why, and the numbers tell."""
    now_ms = [queue.inspect.now_ms()]
    monkeypatch.setattr(queue.inspect, "now_ms", lambda: now_ms[0])
    paper = PaperFleet()
    told: list[Ticked | None] = []
    submit(queue, "a", 100)
    dispatcher = Dispatcher(queue, paper, configure(), observe=told.append)
    dispatcher.tick()
    assert len(paper.requests) == 10
    paper.fate = {"is_running": False, "stopped_reason": Reason("other", {"text": "TaskFailedToStart: CannotPullContainerError"})}
    for _ in range(5):
        made = dispatcher.tick()
        assert made is not None
        assert made.launches == ()
    assert "not yet: the last 10 launches came to nothing" in made.why.text
    assert "CannotPullContainerError" in made.why.text
    for _ in range(5):
        now_ms[0] += 1000
        dispatcher.tick()
        if len(paper.requests) > 10:
            break
    assert len(paper.requests) == 11
    for _ in range(5):
        dispatcher.tick()
    assert len(paper.requests) == 11
    seen = told[-1]
    assert seen is not None
    assert (seen.launches, seen.launches_failed, seen.starts_failed, seen.interrupted) == (11, 0, 11, 0)
    dispatcher.close()
    queue.producer.cancel("a")


def test_what_spot_takes_is_counted_once_and_not_what_it_took_before(queue: SceneQueue, configure: Configure) -> None:
    """A dispatcher that takes over counts from its first look on."""
    paper = PaperFleet()
    submit(queue, "a", 5)
    first = Dispatcher(queue, paper, configure())
    first.tick()
    paper.fate = {"is_running": True, "is_interrupted": True}
    told: list[Ticked | None] = []
    for dispatcher in (first, Dispatcher(queue, paper, configure(), observe=told.append)):
        dispatcher.tick()
        dispatcher.tick()
        dispatcher.close()
    assert first._counters.interrupted == 1
    assert [seen.interrupted for seen in told if seen] == [0, 0]
    queue.producer.cancel("a")


def test_a_launch_is_recorded_with_its_image_and_what_it_is_for(queue: SceneQueue, configure: Configure) -> None:
    """So that it counts for that until it says hello, and that what it says then is the image's word."""
    paper = PaperFleet(Hardware(image="videos:1"))
    submit(queue, "a", 1)
    dispatcher = Dispatcher(queue, paper, configure())
    dispatcher.tick()
    (record,) = queue.inspect.containers()
    assert (record.image, record.needs, record.serves, record.structures) == ("videos:1", "render/1", "", "2")
    # It says that it is older: nothing more is launched from this image, and the plan names both.
    queue.worker.beat(record.model_copy(update={"serves": "stitch/1", "slots": 2}))
    made = dispatcher.tick()
    assert made is not None
    assert made.orders == ()
    assert "1 item waits for render/1, which containers of videos:1 do not serve" in made.why.text
    dispatcher.close()
    queue.producer.cancel("a")


def test_launches_and_plan_name_the_structures_by_which_needs_are_to_be_read(queue: SceneQueue, configure: Configure) -> None:
    """A dispatcher of another version that takes over, and what looks into the plan, call the same needs otherwise."""
    queue.structures = (2, 1)
    submit(queue, "a", 1)
    dispatcher = Dispatcher(queue, PaperFleet(), configure())
    dispatcher.tick()
    (record,) = queue.inspect.containers()
    assert record.structures == "2 1"
    assert (queue.inspect.plan() or {})["structures"] == [2, 1]
    dispatcher.close()
    queue.producer.cancel("a")


def test_a_job_in_a_newer_structure_is_told_that_the_dispatcher_is_older(queue: SceneQueue, configure: Configure) -> None:
    """Producers were upgraded first: the dispatcher sees nothing to do, and the newer program says why."""
    newer = SceneQueue(configure(), structures=(3, 2))
    paper = PaperFleet()
    submit(newer, "a", 1)
    dispatcher = Dispatcher(queue, paper, configure())
    dispatcher.tick()
    assert paper.requests == []
    waits = newer.inspect.waits_because(newer.producer.status("a"))
    assert waits is not None
    assert (waits.code, waits.parameters) == ("older_dispatcher", {"structure": 3})
    dispatcher.close()
    newer.producer.cancel("a")
    newer.close()
