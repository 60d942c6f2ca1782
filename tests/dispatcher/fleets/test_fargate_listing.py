"""The listing of FargateFleet: new, ended, late and foreign tasks."""

import pytest
import structlog

from dispatcher.fleets.fargate.fleet import FargateFleet
from scenequeue.reasons import Reason
from tests.dispatcher.conftest import MakeFleet
from tests.dispatcher.fleets.fleet_conformance import find, launches, request_for
from tests.support.fargate_simulator import Simulator
from tests.support.waiting import wait_until


@pytest.fixture
def fleet(make_fleet: MakeFleet) -> FargateFleet:
    return make_fleet()


def test_throttled_looks_are_made_again_after_a_pause(make_fleet: MakeFleet, ecs: Simulator) -> None:
    """List, describe and stop have buckets of their own; what they refuse is no error, and no region is given up for it."""
    fleet = make_fleet(ecs_regions=["us-east-1"], ecs_subnets=["subnet-a"])
    (result,) = fleet.launch(launches(1))
    ecs.faults.list_rate = ecs.faults.describe_rate = ecs.faults.stop_rate = (5, 1)
    with structlog.testing.capture_logs() as logged:
        assert [container.container_id for container in fleet.list()] == ["c0"]
        fleet.stop(result.handle, Reason("once"))
        fleet.stop(result.handle, Reason("twice"))
        assert not fleet.list()[0].is_running
    assert not logged
    for operation in ("ListTasks", "StopTask"):
        assert ecs.calls[f"throttled {operation}"] > 0


def test_buckets_are_counted_per_region(make_fleet: MakeFleet, ecs: Simulator) -> None:
    """A full bucket in one region leaves the other's alone."""
    ecs.faults.list_rate = (0.001, 2)
    fleet = make_fleet()
    assert fleet.list() == []
    assert ecs.calls["throttled ListTasks"] == 0


def test_a_task_that_never_starts_is_listed_as_ended(fleet: FargateFleet, ecs: Simulator) -> None:
    """Without containers and exit code, with the reason."""
    ecs.faults.fail_start_every = 2
    fleet.launch([request_for("a")])
    fleet.launch([request_for("b")])
    ended = wait_until(lambda: (found := find(fleet, "b")) and not found.is_running and found, "it has ended")
    assert ended.stopped_reason.text.startswith("TaskFailedToStart: CannotPullContainerError")
    assert ended.exit_code is None


def test_what_was_launched_a_moment_ago_is_listed_though_ecs_does_not_yet(fleet: FargateFleet, ecs: Simulator) -> None:
    """Its lists are eventually consistent; nothing known looks lost meanwhile."""
    ecs.faults.listing_lag_s = 0.4
    (result,) = fleet.launch([request_for("a")])
    for _ in range(2):
        container = find(fleet, "a")
        assert container is not None
        assert container.is_running
        assert container.handle == result.handle
    wait_until(lambda: next(found.started_ms for found in fleet.list()) > 0, "ECS lists it")
    assert len(fleet.list()) == 1


def test_hundreds_of_tasks_are_described_in_pages_and_only_once(fleet: FargateFleet, ecs: Simulator) -> None:
    """A tick with nothing new costs the list calls alone."""
    for number in range(230):
        request = {
            "cluster": "videos", "taskDefinition": "worker", "startedBy": "sceneburst/sceneburst",
            "overrides": {"cpu": "1024", "memory": "2048", "containerOverrides": [{"environment": []}]},
            "tags": [{"key": "sceneburst:container", "value": f"c{number}"}],
        }  # fmt: skip
        ecs.cluster.launch("us-east-1", "FARGATE", "subnet-a", request, lacks_capacity=False)
    assert len({container.container_id for container in fleet.list()}) == 230
    assert ecs.calls["DescribeTasks"] == 3
    fleet.list()
    assert ecs.calls["DescribeTasks"] == 3


def test_other_namespaces_and_strangers_are_not_ours(make_fleet: MakeFleet, ecs: Simulator) -> None:
    """Running ones are listed by our mark; stopped ones are listed whosever they are, and described once to find out."""
    others = make_fleet(namespace="other")
    others.launch([request_for("theirs"), request_for("theirs-too")])
    fleet = make_fleet(namespace="ours")
    fleet.launch([request_for("mine"), request_for("mine-too")])
    assert {container.container_id for container in fleet.list()} == {"mine", "mine-too"}
    for each, name in ((others, "theirs"), (fleet, "mine")):
        found = find(each, name)
        assert found is not None
        each.stop(found.handle, Reason("enough"))
    assert {(each.container_id, each.is_running) for each in fleet.list()} == {("mine", False), ("mine-too", True)}
    calls = ecs.calls["DescribeTasks"]
    fleet.list()
    assert ecs.calls["DescribeTasks"] == calls


def test_a_stopped_task_has_lost_its_tags_and_is_known_by_its_variable(make_fleet: MakeFleet) -> None:
    """Also by a dispatcher that has never seen it run."""
    fleet = make_fleet()
    (result,) = fleet.launch([request_for("a")])
    fleet.stop(result.handle, Reason("enough"))
    (ended,) = make_fleet().list()
    assert (ended.container_id, ended.is_running) == ("a", False)


def test_what_ecs_has_forgotten_is_gone(fleet: FargateFleet, ecs: Simulator) -> None:
    """After about an hour it is neither listed nor described."""
    (result,) = fleet.launch([request_for("a")])
    fleet.stop(result.handle, Reason("enough"))
    assert find(fleet, "a")
    ecs.faults.remembered_s = 0.0
    assert fleet.list() == []
    fleet.stop(result.handle, Reason("long gone"))


def test_a_new_dispatcher_sees_what_the_old_one_launched(make_fleet: MakeFleet) -> None:
    """All that is known is at ECS."""
    make_fleet().launch([request_for("a")])
    assert find(make_fleet(), "a")


def test_a_spot_interruption_is_seen_with_its_code(fleet: FargateFleet, ecs: Simulator) -> None:
    """So that the ledger says why it ended."""
    fleet.launch([request_for("a")])
    wait_until(lambda: ecs.cluster.running()[0].started, "it runs")
    ecs.cluster.reclaim_spot(ecs.cluster.running()[0])
    container = find(fleet, "a")
    assert container is not None
    assert not container.is_running
    assert container.stopped_reason.text.startswith("SpotInterruption")
