"""FargateFleet against the simulated ECS: every way in which a launch, a list or a stop can go."""

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
import structlog
from botocore.credentials import RefreshableCredentials

from dispatcher.fleets.base import ContainerSize, LaunchRequest
from dispatcher.fleets.call_rate import TokenBucket
from dispatcher.fleets.fargate import FargateFleet
from dispatcher.fleets.fargate_api import EcsApi, session_from_surroundings
from dispatcher.fleets.settings import FargateSettings
from scenequeue.errors import FleetError, FleetMisconfigured
from scenequeue.items import ContainerId
from tests.dispatcher.fleet_conformance import FleetConformance, find, request_for
from tests.fargate_simulator import Simulator
from tests.waiting import wait_until

MakeFleet = Callable[..., FargateFleet]


@pytest.fixture(autouse=True)
def surroundings(monkeypatch: pytest.MonkeyPatch) -> None:
    """Credentials as on a developer's machine, of no worth."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    monkeypatch.delenv("AWS_ROLE_ARN", raising=False)


@pytest.fixture
def ecs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Simulator]:
    """Two regions, and tasks without a program."""
    with Simulator(tmp_path) as simulator:
        monkeypatch.setenv("AWS_ENDPOINT_URL_ECS", simulator.url)
        yield simulator


@pytest.fixture
def make_fleet(ecs: Simulator) -> MakeFleet:
    """A fleet on the simulator that waits shortly between tries."""

    def make(**values: Any) -> FargateFleet:
        defaults: dict[str, Any] = {
            "ecs_cluster": "videos",
            "ecs_task_definition": "worker",
            "ecs_regions": ["us-east-1", "us-west-2"],
            "ecs_subnets": {"us-east-1": ["subnet-a", "subnet-b"], "us-west-2": ["subnet-c"]},
        }
        settings = FargateSettings.load(**{**defaults, **values})
        api = EcsApi(settings.ecs_launches_per_s, settings.ecs_launch_burst, chance=lambda low, _high: low / 20)
        return FargateFleet(settings, api)

    return make


@pytest.fixture
def fleet(make_fleet: MakeFleet) -> FargateFleet:
    return make_fleet()


class TestFargateFleet(FleetConformance):
    """The suite that every fleet passes."""


def launches(count: int) -> list[LaunchRequest]:
    """Requests for small containers."""
    return [request_for(f"c{number}") for number in range(count)]


def placed(ecs: Simulator) -> list[tuple[str, str, str]]:
    """Where the tasks are, in the order of their launch."""
    return [(task.provider, task.subnet, task.region) for task in ecs.cluster.tasks.values()]


# -- capacity


def test_where_spot_has_no_room_on_demand_is_taken(fleet: FargateFleet, ecs: Simulator) -> None:
    """In the same subnet, and the result says that it is not Spot."""
    ecs.faults.exhausted = {("FARGATE_SPOT", "subnet-a", None)}
    (result,) = fleet.launch(launches(1))
    assert (result.error, result.is_spot, result.region) == ("", False, "us-east-1")
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
    fleet.stop(container.handle, "in the other region")
    wait_until(lambda: (found := find(fleet, "b")) is None or not found.is_running, "it has ended")


def test_without_capacity_anywhere_each_placement_is_asked_once_until_its_time_has_come(
    make_fleet: MakeFleet, ecs: Simulator
) -> None:
    """A burst of refused launches costs six calls, not six each; capacity that comes back is found."""
    fleet = make_fleet(ecs_capacity_retry_s=0.5)
    ecs.faults.exhausted = {(None, None, None)}
    first = fleet.launch([request_for("a")])
    assert "Capacity is unavailable" in first[0].error
    assert first[0].transient
    assert all(result.error and result.transient for result in fleet.launch(launches(5)))
    assert ecs.calls["RunTask"] == 6
    ecs.faults.exhausted = set()
    wait_until(lambda: not fleet.launch([request_for(f"later-{time.monotonic()}")])[0].error, "capacity is found again")


def test_spot_that_takes_a_launch_and_ends_it_later_is_passed_over_next_time(fleet: FargateFleet, ecs: Simulator) -> None:
    """The refusal comes as a stopped task, not as a failure of the call."""
    ecs.faults.exhausted = {("FARGATE_SPOT", None, None)}
    ecs.faults.is_spot_late_to_say = True
    fleet.launch([request_for("a")])
    ended = wait_until(lambda: (found := find(fleet, "a")) and not found.is_running and found, "it has ended")
    assert ended.stopped_reason.startswith("TaskFailedToStart: Capacity is unavailable")
    (result,) = fleet.launch([request_for("b")])
    assert not result.is_spot


# -- throttling


@pytest.mark.parametrize("is_disguised", [False, True])
def test_a_throttled_launch_is_made_again_and_no_error(make_fleet: MakeFleet, ecs: Simulator, is_disguised: bool) -> None:
    """Also where it comes as InvalidParameterException."""
    ecs.faults.run_task_rate, ecs.faults.is_throttling_disguised = (20, 2), is_disguised
    results = make_fleet(ecs_launches_per_s=40, ecs_launch_burst=5).launch(launches(6))
    assert [result.error for result in results] == [""] * 6
    assert ecs.calls["throttled"] > 0
    assert len(ecs.cluster.tasks) == 6


def test_what_stays_throttled_may_be_tried_at_a_later_tick(fleet: FargateFleet, ecs: Simulator) -> None:
    """A failed launch, but a transient one; nothing runs."""
    ecs.faults.run_task_rate = (0.001, 0)
    (result,) = fleet.launch(launches(1))
    assert "ThrottlingException" in result.error
    assert result.transient
    assert not ecs.cluster.tasks


def test_a_burst_beyond_the_buckets_is_launched_whole_and_logs_no_error(make_fleet: MakeFleet, ecs: Simulator) -> None:
    """Burst and rate as AWS counts them, scaled. How fast it is, benchmarks/launch_rate.py tells."""
    ecs.faults.run_task_rate = (80, 20)
    with structlog.testing.capture_logs() as logged:
        results = make_fleet(ecs_launches_per_s=80, ecs_launch_burst=20).launch(launches(60))
    assert [result.error for result in results] == [""] * 60
    assert len(ecs.cluster.tasks) == 60
    assert not logged


# -- answers that do not come


def test_a_launch_whose_answer_is_lost_starts_one_container(fleet: FargateFleet, ecs: Simulator) -> None:
    """The call is made again with the same token, and ECS answers with the task that it has started."""
    ecs.faults.lose_answer_every = 1
    (result,) = fleet.launch(launches(1))
    assert result.error == ""
    assert [task.arn for task in ecs.cluster.tasks.values()] == [result.handle]


def test_a_service_in_trouble_is_asked_again(fleet: FargateFleet, ecs: Simulator) -> None:
    """Every second call is a 500, and nobody notices."""
    ecs.faults.break_every = 2
    assert [result.error for result in fleet.launch(launches(3))] == [""] * 3
    assert len([container for container in fleet.list() if container.is_running]) == 3


def test_a_launch_that_stays_unanswered_counts_as_launched(fleet: FargateFleet, ecs: Simulator) -> None:
    """It may run: until it says hello or has failed, it is capacity, and not launched a second time."""
    ecs.faults.break_every = 1
    (result,) = fleet.launch(launches(1))
    assert (result.error, result.handle) == ("", "")


def test_an_unreachable_region_is_left_for_the_next_and_shown_as_last_seen(
    fleet: FargateFleet, ecs: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One region's outage neither stops launching nor hides the others."""
    fleet.launch([request_for("a")])
    assert find(fleet, "a")
    working = fleet._api._client
    dead = boto3.session.Session().client(
        "ecs", region_name="us-east-1", endpoint_url="http://127.0.0.1:9", config=working("us-east-1").meta.config
    )
    monkeypatch.setattr(fleet._api, "_client", lambda region: dead if region == "us-east-1" else working(region))
    (result,) = fleet.launch([request_for("b")])
    assert result.region == "us-west-2"
    assert {container.container_id for container in fleet.list()} == {"a", "b"}
    monkeypatch.setattr(fleet._api, "_client", lambda _region: dead)
    with pytest.raises(FleetError, match="not reached"):
        fleet.list()


# -- failed starts and listing


def test_a_task_that_never_starts_is_listed_as_ended(fleet: FargateFleet, ecs: Simulator) -> None:
    """Without containers and exit code, with the reason."""
    ecs.faults.fail_start_every = 2
    fleet.launch([request_for("a")])
    fleet.launch([request_for("b")])
    ended = wait_until(lambda: (found := find(fleet, "b")) and not found.is_running and found, "it has ended")
    assert ended.stopped_reason.startswith("TaskFailedToStart: CannotPullContainerError")
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


def test_other_namespaces_and_strangers_are_not_ours(make_fleet: MakeFleet) -> None:
    """Listing is by our mark."""
    make_fleet(namespace="other").launch([request_for("theirs")])
    fleet = make_fleet(namespace="ours")
    fleet.launch([request_for("mine")])
    assert {container.container_id for container in fleet.list()} == {"mine"}


def test_a_new_dispatcher_sees_what_the_old_one_launched(make_fleet: MakeFleet) -> None:
    """All that is known is at ECS."""
    make_fleet().launch([request_for("a")])
    assert find(make_fleet(), "a")


# -- ends


def test_a_spot_interruption_is_seen_with_its_code(fleet: FargateFleet, ecs: Simulator) -> None:
    """So that the ledger says why it ended."""
    fleet.launch([request_for("a")])
    wait_until(lambda: ecs.cluster.running()[0].started, "it runs")
    ecs.cluster.reclaim_spot(ecs.cluster.running()[0])
    container = find(fleet, "a")
    assert container is not None
    assert not container.is_running
    assert container.stopped_reason.startswith("SpotInterruption")


def test_stopping_what_is_gone_is_success(fleet: FargateFleet) -> None:
    """Known or not, in either region."""
    fleet.stop("arn:aws:ecs:us-west-2:123456789012:task/videos/0123", "gone long ago")
    fleet.stop("never-was", "nothing")


# -- misconfiguration


def test_what_can_never_work_is_told_apart(make_fleet: MakeFleet) -> None:
    """Not transient: an operator has to act."""
    for values in ({"ecs_task_definition": "unknown"}, {"ecs_cluster": "elsewhere"}, {"ecs_task_definition": {"arm64": "x"}}):
        (result,) = make_fleet(**values).launch(launches(1))
        assert result.error
        assert not result.transient
    with pytest.raises(FleetMisconfigured, match="Cluster not found"):
        make_fleet(ecs_cluster="elsewhere").list()
    size = LaunchRequest(ContainerId("a"), ContainerSize(3, 1000), 1)
    assert "no size" in make_fleet().launch([size])[0].error


def test_without_credentials_the_reason_is_named(fleet: FargateFleet, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """And it is not transient."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    (result,) = fleet.launch(launches(1))
    assert "credentials" in result.error
    assert not result.transient


def test_a_role_is_assumed_and_its_credentials_are_renewed(
    ecs: Simulator, s3_server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """AWS_ROLE_ARN alone; with a web identity token the variable is boto3's own business."""
    monkeypatch.setenv("AWS_ENDPOINT_URL_STS", s3_server)
    role = {"AWS_ROLE_ARN": "arn:aws:iam::123456789012:role/dispatcher", "AWS_REGION": "us-east-1"}
    credentials = session_from_surroundings(role)._session.get_credentials()
    assert isinstance(credentials, RefreshableCredentials)
    assert credentials.get_frozen_credentials().token
    own = session_from_surroundings({**role, "AWS_WEB_IDENTITY_TOKEN_FILE": "/token"})._session.get_credentials()
    assert own.access_key == "testing"


# -- pace


def test_the_bucket_lets_a_burst_through_and_then_keeps_the_rate() -> None:
    """Ten at once, then one every half second; after a refusal, from nothing."""
    now, waited = [0.0], list[float]()
    bucket = TokenBucket(2, 10, clock=lambda: now[0], sleep=waited.append)
    for _ in range(12):
        bucket.take()
    assert waited == [0.5, 1.0]
    now[0] = 100.0
    bucket.empty()
    bucket.take()
    assert waited[2:] == [0.5]


def test_the_bucket_serves_many_threads() -> None:
    """No token is spent twice."""
    waited = list[float]()
    bucket = TokenBucket(1, 5, clock=lambda: 0.0, sleep=waited.append)
    threads = [threading.Thread(target=bucket.take) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(waited) == [float(number) for number in range(1, 16)]
