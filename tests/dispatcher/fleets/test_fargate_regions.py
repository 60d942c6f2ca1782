"""Several regions: one that is out of reach, hangs or is misconfigured leaves the others at work."""

from typing import Any

import boto3
import pytest
import structlog
from botocore.exceptions import ConnectTimeoutError

from dispatcher.fleets.fargate.api import MAX_SILENT_ATTEMPTS, EcsRefused
from dispatcher.fleets.fargate.ecs_errors import EcsProblem
from dispatcher.fleets.fargate.fleet import FargateFleet
from dispatcher.fleets.fargate.listing import REGION_RETRY_S
from scenequeue.errors import FleetError
from tests.dispatcher.conftest import MakeFleet, put_out_of_reach
from tests.dispatcher.fleets.fleet_conformance import find, launches, request_for
from tests.support.fargate_simulator import Simulator


@pytest.fixture
def fleet(make_fleet: MakeFleet) -> FargateFleet:
    return make_fleet()


def test_an_unreachable_region_is_left_for_the_next_and_shown_as_last_seen(
    fleet: FargateFleet, ecs: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One region's outage neither stops launching nor hides the others."""
    fleet.launch([request_for("a")])
    assert find(fleet, "a")
    working = fleet._api._client
    dead = boto3.session.Session().client(
        "ecs", region_name="us-east-1", endpoint_url="http://127.0.0.1:9", config=working("us-east-1", is_read=True).meta.config
    )
    monkeypatch.setattr(
        fleet._api, "_client", lambda region, *, is_read: dead if region == "us-east-1" else working(region, is_read=is_read)
    )
    (result,) = fleet.launch([request_for("b")])
    assert result.region == "us-west-2"
    assert {container.container_id for container in fleet.list()} == {"a", "b"}
    monkeypatch.setattr(fleet._api, "_client", lambda _region, *, is_read: dead)
    with pytest.raises(FleetError, match="not reached"):
        fleet.list()


def test_a_region_that_swallows_everything_is_asked_twice_and_then_left_alone(
    make_fleet: MakeFleet, ecs: Simulator, hanging: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither its looks nor its launches hold the healthy region up, until half a minute is over."""
    now = [0.0]
    fleet = make_fleet(clock=lambda: now[0])
    put_out_of_reach(fleet, "us-east-1", hanging, monkeypatch)
    tried = list[str]()
    client = fleet._api._client
    monkeypatch.setattr(
        fleet._api, "_client", lambda region, *, is_read: (tried.append(region), client(region, is_read=is_read))[1]
    )
    assert fleet.list() == []
    results = fleet.launch(launches(5))
    assert [(result.error, result.region) for result in results] == [(None, "us-west-2")] * 5
    assert len(fleet.list()) == 5
    # Two time-outs, and none after them: neither for the five launches nor for the second listing.
    assert tried.count("us-east-1") == MAX_SILENT_ATTEMPTS
    calls = ecs.calls["ListTasks"]
    now[0] += REGION_RETRY_S + 1
    fleet.list()
    assert ecs.calls["ListTasks"] == calls + 2
    assert fleet.launch([request_for("later")])[0].region == "us-west-2"


def test_a_region_that_is_out_of_reach_is_left_with_all_its_placements(
    make_fleet: MakeFleet, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Four placements, but one time-out."""
    fleet = make_fleet()
    tries = list[str]()
    working = fleet._api._client

    def client(region: str, *, is_read: bool) -> Any:
        tries.append(region)
        if region == "us-east-1":
            raise ConnectTimeoutError(endpoint_url="https://ecs")
        return working(region, is_read=is_read)

    monkeypatch.setattr(fleet._api, "_client", client)
    (result,) = fleet.launch(launches(1))
    assert (result.error, result.region) == (None, "us-west-2")
    assert tries == ["us-east-1"] * MAX_SILENT_ATTEMPTS + ["us-west-2"]


def test_a_misconfigured_region_leaves_the_others_at_work(make_fleet: MakeFleet, ecs: Simulator) -> None:
    """Neither hidden nor stopped: it is passed over, and a launch that finds no room elsewhere may be tried again."""
    for wrong, right, subnet in (("eu-west-1", "us-east-1", "subnet-a"), ("us-east-1", "us-west-2", "subnet-c")):
        subnets = {wrong: ["subnet-of-nobody"], right: [subnet]}
        for regions in ([wrong, right], [right, wrong]):
            fleet = make_fleet(ecs_regions=regions, ecs_subnets=subnets)
            (result,) = fleet.launch([request_for(f"{wrong}-{regions[0]}")])
            assert (result.error, result.region) == (None, right)
            assert find(fleet, f"{wrong}-{regions[0]}")
    ecs.faults.exhausted = {(None, None, "us-west-2")}
    (result,) = fleet.launch([request_for("b")])
    assert "Capacity is unavailable" in result.error.text
    assert "subnet ID does not exist" in result.error.text
    assert result.transient


def test_a_region_that_may_not_be_looked_at_does_not_blind_the_others(
    make_fleet: MakeFleet, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A cluster that is missing there is told as a warning; only where it is so everywhere, it is an error."""
    fleet = make_fleet()
    fleet.launch([request_for("a")])
    ask = fleet._api._call

    def refused(region: str, operation: str, request: Any, **more: Any) -> Any:
        if region == "us-west-2":
            raise EcsRefused(EcsProblem("ClusterNotFoundException", "Cluster not found."))
        return ask(region, operation, request, **more)

    monkeypatch.setattr(fleet._api, "_call", refused)
    with structlog.testing.capture_logs() as logged:
        assert {container.container_id for container in fleet.list()} == {"a"}
    assert [each["log_level"] for each in logged] == ["warning"]
    assert "us-west-2" in logged[0]["error"]
