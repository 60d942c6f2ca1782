"""FargateFleet against another simulation of ECS, moto's: list, describe, stop and tags are not of our making."""

from collections.abc import Iterator

import boto3
import pytest

from dispatcher.fleets.fargate.fleet import FargateFleet
from dispatcher.fleets.settings import FargateSettings
from scenequeue.reasons import Reason
from tests.dispatcher.fleets.fleet_conformance import find, request_for
from tests.support.aws import moto_server, use_aws


@pytest.fixture
def fleet(monkeypatch: pytest.MonkeyPatch) -> Iterator[FargateFleet]:
    """A cluster, a task definition and a subnet on a moto of its own."""
    with moto_server() as endpoint:
        use_aws(monkeypatch, endpoint)
        ecs = boto3.client("ecs", region_name="us-east-1")
        ecs.create_cluster(clusterName="videos")
        ecs.register_task_definition(
            family="worker", cpu="2048", memory="4096", networkMode="awsvpc", requiresCompatibilities=["FARGATE"],
            containerDefinitions=[{"name": "worker", "image": "worker", "memory": 4096}],
        )  # fmt: skip
        subnet = boto3.client("ec2", region_name="us-east-1").describe_subnets()["Subnets"][0]["SubnetId"]
        group = boto3.client("ec2", region_name="us-east-1").describe_security_groups()["SecurityGroups"][0]["GroupId"]
        yield FargateFleet(
            FargateSettings.load(
                ecs_cluster="videos", ecs_task_definition="worker", ecs_subnets=[subnet], ecs_security_groups=[group]
            )
        )


def test_what_is_launched_is_found_by_mark_and_tag_and_can_be_stopped(fleet: FargateFleet) -> None:
    """Moto has no tokens and no throttling, but its own idea of everything else."""
    results = fleet.launch([request_for("a"), request_for("b")])
    assert [(result.error, result.is_spot) for result in results] == [(None, True)] * 2
    assert {container.container_id for container in fleet.list()} == {"a", "b"}
    container = find(fleet, "a")
    assert container is not None
    assert container.is_running
    assert container.handle == results[0].handle
    fleet.stop(container.handle, Reason("because"))
    ended = find(fleet, "a")
    assert ended is not None
    assert not ended.is_running
    assert "because" in ended.stopped_reason.text
    fleet.stop(container.handle, Reason("again"))
