"""FargateFleet against the simulated ECS: every way in which a launch or a stop can go."""

import pytest
import structlog

from dispatcher.fleet import ContainerSize, LaunchRequest
from dispatcher.fleets.fargate.fleet import FargateFleet
from scenequeue.errors import FleetMisconfigured
from scenequeue.jobs.ids import ContainerId
from scenequeue.reasons import Reason
from tests.dispatcher.conftest import MakeFleet
from tests.dispatcher.fleets.fleet_conformance import FleetConformance, find, launches, request_for
from tests.support.fargate_simulator import Simulator
from tests.support.waiting import wait_until


@pytest.fixture
def fleet(make_fleet: MakeFleet) -> FargateFleet:
    return make_fleet()


class TestFargateFleet(FleetConformance):
    """The suite that every fleet passes."""


def placed(ecs: Simulator) -> list[tuple[str, str, str]]:
    """Return the placements of the tasks, in the order of their launch."""
    return [(task.provider, task.subnet, task.region) for task in ecs.cluster.tasks.values()]


def test_where_spot_has_no_room_on_demand_is_taken(fleet: FargateFleet, ecs: Simulator) -> None:
    """In the same subnet, and the result says that it is not Spot."""
    ecs.faults.exhausted = {("FARGATE_SPOT", "subnet-a", None)}
    (result,) = fleet.launch(launches(1))
    assert (result.error, result.is_spot, result.region) == (None, False, "us-east-1")
    assert placed(ecs) == [("FARGATE", "subnet-a", "us-east-1")]


def test_a_full_subnet_leads_to_the_next_and_a_full_region_to_the_next(fleet: FargateFleet, ecs: Simulator) -> None:
    """In the operator's order."""
    ecs.faults.exhausted = {(None, "subnet-a", None)}
    fleet.launch([request_for("a")])
    ecs.faults.exhausted = {(None, None, "us-east-1")}
    (result,) = fleet.launch([request_for("b")])
    assert placed(ecs) == [("FARGATE_SPOT", "subnet-b", "us-east-1"), ("FARGATE_SPOT", "subnet-c", "us-west-2")]
    assert (result.region, result.is_spot) == ("us-west-2", True)
    container = find(fleet, "b")
    assert container is not None
    fleet.stop(container.handle, Reason("in the other region"))
    wait_until(lambda: (found := find(fleet, "b")) is None or not found.is_running, "it has ended")


def test_without_capacity_anywhere_each_placement_is_asked_once_until_its_time_has_come(
    make_fleet: MakeFleet, ecs: Simulator
) -> None:
    """A burst of refused launches costs six calls, not six each; capacity that comes back is found."""
    now = [0.0]
    fleet = make_fleet(clock=lambda: now[0], ecs_capacity_retry_s=60)
    ecs.faults.exhausted = {(None, None, None)}
    first = fleet.launch([request_for("a")])
    assert "Capacity is unavailable" in first[0].error.text
    assert first[0].transient
    assert first[0].lacks_capacity
    assert all(result.transient and result.lacks_capacity for result in fleet.launch(launches(5)))
    assert ecs.calls["RunTask"] == 6
    ecs.faults.exhausted = set()
    assert fleet.launch([request_for("sooner")])[0].lacks_capacity
    now[0] += 60
    assert not fleet.launch([request_for("later")])[0].error


@pytest.mark.parametrize(("reason", "lacks_capacity"), [("RESOURCE:ENI", True), ("RESOURCE:CPU", True), ("MISSING", False)])
def test_a_failure_by_its_code_alone_is_known_for_missing_capacity(
    fleet: FargateFleet, monkeypatch: pytest.MonkeyPatch, reason: str, lacks_capacity: bool
) -> None:
    """ECS says it in a code, whose message may say nothing."""
    monkeypatch.setattr(fleet._api, "run_task", lambda *_: {"tasks": [], "failures": [{"reason": reason}]})
    (result,) = fleet.launch([request_for("a")])
    assert reason in result.error.text
    assert result.lacks_capacity is lacks_capacity


def test_spot_that_takes_a_launch_and_ends_it_later_is_passed_over_next_time(fleet: FargateFleet, ecs: Simulator) -> None:
    """The refusal comes as a stopped task, not as a failure of the call."""
    ecs.faults.exhausted = {("FARGATE_SPOT", None, None)}
    ecs.faults.is_spot_late_to_say = True
    fleet.launch([request_for("a")])
    ended = wait_until(lambda: (found := find(fleet, "a")) and not found.is_running and found, "it has ended")
    assert ended.stopped_reason.text.startswith("TaskFailedToStart: Capacity is unavailable")
    (result,) = fleet.launch([request_for("b")])
    assert not result.is_spot


@pytest.mark.parametrize("is_disguised", [False, True])
def test_a_throttled_launch_is_made_again_and_no_error(make_fleet: MakeFleet, ecs: Simulator, is_disguised: bool) -> None:
    """Also where it comes as InvalidParameterException."""
    ecs.faults.throttles_left, ecs.faults.is_throttling_disguised = 3, is_disguised
    results = make_fleet(ecs_launches_per_s=40, ecs_launch_burst=5).launch(launches(6))
    assert [result.error for result in results] == [None] * 6
    assert ecs.calls["throttled"] == 3
    assert len(ecs.cluster.tasks) == 6


def test_what_stays_throttled_may_be_tried_at_a_later_tick(fleet: FargateFleet, ecs: Simulator) -> None:
    """A failed launch, but a transient one; nothing runs."""
    ecs.faults.run_task_rate = (0.001, 0)
    (result,) = fleet.launch(launches(1))
    assert "ThrottlingException" in result.error.text
    assert result.transient
    assert not ecs.cluster.tasks


def test_a_burst_beyond_the_buckets_is_launched_whole_and_logs_no_error(make_fleet: MakeFleet, ecs: Simulator) -> None:
    """Burst and rate as AWS counts them, scaled. How fast it is, benchmarks/launch_rate.py tells."""
    ecs.faults.run_task_rate = (80, 20)
    with structlog.testing.capture_logs() as logged:
        results = make_fleet(ecs_launches_per_s=80, ecs_launch_burst=20).launch(launches(60))
    assert [result.error for result in results] == [None] * 60
    assert len(ecs.cluster.tasks) == 60
    assert not logged


def test_a_launch_whose_answer_is_lost_starts_one_container(fleet: FargateFleet, ecs: Simulator) -> None:
    """The call is made again with the same token, and ECS answers with the task that it has started."""
    ecs.faults.lose_answer_every = 1
    (result,) = fleet.launch(launches(1))
    assert result.error is None
    assert [task.arn for task in ecs.cluster.tasks.values()] == [result.handle]


def test_a_service_in_trouble_is_asked_again(fleet: FargateFleet, ecs: Simulator) -> None:
    """Every second call is a 500, and nobody notices."""
    ecs.faults.break_every = 2
    assert [result.error for result in fleet.launch(launches(3))] == [None] * 3
    assert len([container for container in fleet.list() if container.is_running]) == 3


def test_a_launch_that_stays_unanswered_counts_as_launched(fleet: FargateFleet, ecs: Simulator) -> None:
    """It may run: until it says hello or has failed, it is capacity, and not launched a second time."""
    ecs.faults.break_every = 1
    (result,) = fleet.launch(launches(1))
    assert (result.error, result.handle) == (None, "")


def test_stopping_what_is_gone_is_success(fleet: FargateFleet) -> None:
    """Known or not, in either region."""
    fleet.stop("arn:aws:ecs:us-west-2:123456789012:task/videos/0123", Reason("gone long ago"))
    fleet.stop("never-was", Reason("nothing"))


def test_what_can_never_work_is_told_apart(make_fleet: MakeFleet) -> None:
    """Not transient: an operator has to act."""
    for values in ({"ecs_task_definition": "unknown"}, {"ecs_cluster": "elsewhere"}, {"ecs_task_definition": {"arm64": "x"}}):
        (result,) = make_fleet(**values).launch(launches(1))
        assert result.error
        assert not result.transient
    with pytest.raises(FleetMisconfigured, match="Cluster not found"):
        make_fleet(ecs_cluster="elsewhere").list()
    size = LaunchRequest(ContainerId("a"), ContainerSize(3, 1000), 1)
    assert "no size" in make_fleet().launch([size])[0].error.text
