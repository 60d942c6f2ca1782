"""Requests to ECS: boto3's own validation accepts them, and they contain what they must."""

from datetime import UTC, datetime
from typing import Any

import botocore.session
import pytest
from botocore.validate import ParamValidator

from dispatcher.fleet import SIZES, ContainerSize, LaunchRequest
from dispatcher.fleets.fargate.request import (
    Placement,
    container_from,
    cpu_and_memory,
    placements,
    region_of,
    run_task_request,
    started_by,
    task_definition,
)
from dispatcher.fleets.settings import FargateSettings
from scenequeue.errors import FleetMisconfigured, SettingsError
from scenequeue.jobs.ids import ContainerId

ARN = "arn:aws:ecs:eu-west-1:123456789012:task/videos/0123456789abcdef"


def settings(**values: Any) -> FargateSettings:
    """Two subnets in one region."""
    defaults: dict[str, Any] = {"ecs_cluster": "videos", "ecs_task_definition": "worker", "ecs_subnets": ["a", "b"]}
    return FargateSettings.load(**{**defaults, "ecs_regions": ["eu-west-1"], **values})


def request(**environment: str) -> LaunchRequest:
    """One container of the article's first size."""
    return LaunchRequest(ContainerId("c7-ab"), SIZES[1], batch=5, environment=environment)


def built(config: FargateSettings, wanted: LaunchRequest) -> dict[str, Any]:
    """The arguments at the first placement, which boto3 accepts."""
    arguments = run_task_request(wanted, placements(config)[0], config)
    shape = botocore.session.get_session().get_service_model("ecs").operation_model("RunTask").input_shape
    report = ParamValidator().validate(arguments, shape)
    assert not report.has_errors(), report.generate_report()
    return arguments


def test_a_launch_carries_size_environment_mark_tags_and_token() -> None:
    """All that later finds it, pays for it and keeps it from being launched twice."""
    arguments = built(settings(ecs_tags={"team": "film"}, ecs_security_groups=["sg"]), request(SCENEBURST_BATCH="5"))
    overrides = arguments["overrides"]
    assert (overrides["cpu"], overrides["memory"]) == ("2048", "4096")
    variables = {each["name"]: each["value"] for each in overrides["containerOverrides"][0]["environment"]}
    assert variables["SCENEBURST_BATCH"] == "5"
    assert variables["SCENEBURST_CONTAINER_ID"] == "c7-ab"
    assert arguments["capacityProviderStrategy"] == [{"capacityProvider": "FARGATE_SPOT", "weight": 1}]
    network = arguments["networkConfiguration"]["awsvpcConfiguration"]
    assert network == {"subnets": ["a"], "securityGroups": ["sg"], "assignPublicIp": "ENABLED"}
    tags = {each["key"]: each["value"] for each in arguments["tags"]}
    assert tags == {"team": "film", "sceneburst:container": "c7-ab", "sceneburst:namespace": "sceneburst"}
    assert arguments["startedBy"] == "sceneburst/sceneburst"
    assert arguments["clientToken"].startswith("c7-ab")
    assert arguments["propagateTags"] == "TASK_DEFINITION"


def test_spot_comes_before_on_demand_then_the_next_subnet_then_the_next_region() -> None:
    """In the operator's order; `only` and `never` leave one provider out."""
    both = settings(ecs_regions=["eu-west-1", "us-east-1"], ecs_subnets={"eu-west-1": ["a", "b"], "us-east-1": ["c"]})
    spot, paid = "FARGATE_SPOT", "FARGATE"
    assert placements(both) == [
        *(Placement("eu-west-1", "a", spot), Placement("eu-west-1", "a", paid)),
        *(Placement("eu-west-1", "b", spot), Placement("eu-west-1", "b", paid)),
        *(Placement("us-east-1", "c", spot), Placement("us-east-1", "c", paid)),
    ]
    assert {placement.provider for placement in placements(settings(ecs_spot="only"))} == {spot}
    assert {placement.provider for placement in placements(settings(ecs_spot="never"))} == {paid}


def test_each_placement_has_a_token_of_its_own() -> None:
    """ECS refuses a token that it knows with other arguments; and the same placement again has the same one."""
    config = settings()
    tokens = [run_task_request(request(), placement, config)["clientToken"] for placement in placements(config) * 2]
    assert len(set(tokens)) == 4
    assert tokens[:4] == tokens[4:]


@pytest.mark.parametrize(
    ("priority", "expected"),
    [(1, ("2048", "4096")), (2, ("4096", "8192")), (3, ("8192", "16384")), (4, ("16384", "32768")), (5, ("1024", "2048"))],
)
def test_every_size_of_ours_is_one_of_fargates(priority: int, expected: tuple[str, str]) -> None:
    """CPU units and MiB."""
    assert cpu_and_memory(SIZES[priority]) == expected


@pytest.mark.parametrize("size", [ContainerSize(3, 4096), ContainerSize(2, 2048), ContainerSize(8, 17408)])
def test_a_size_that_fargate_lacks_is_refused_before_the_call(size: ContainerSize) -> None:
    """With the size in words."""
    with pytest.raises(FleetMisconfigured, match="Fargate has no size"):
        cpu_and_memory(size)


def test_task_definitions_are_chosen_by_architecture_and_priority() -> None:
    """The closest entry; one name serves all."""
    config = settings(ecs_architecture="arm64", ecs_task_definition={"arm64": "small", "arm64/4": "large"})
    assert task_definition(config, SIZES[4]) == "large"
    assert task_definition(config, SIZES[1]) == "small"
    assert task_definition(settings(), SIZES[1]) == "worker"
    with pytest.raises(FleetMisconfigured, match="no entry 'x86_64'"):
        task_definition(settings(ecs_task_definition={"arm64": "small"}), SIZES[1])


def test_too_large_an_environment_is_refused_before_the_call() -> None:
    """ECS takes 8,192 characters of overrides."""
    with pytest.raises(FleetMisconfigured, match="ECS allows 8192"):
        built(settings(), request(SCENEBURST_FILE_ROOTS="x" * 8192))


def test_the_mark_of_a_namespace_has_only_what_ecs_allows() -> None:
    """And two namespaces never share one."""
    assert started_by("a.b-c_1") == "sceneburst/a/b-c_1"
    assert started_by("a.b") != started_by("a-b")


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"ecs_cluster": ""}, "SCENEBURST_ECS_CLUSTER"),
        ({"ecs_subnets": []}, "SCENEBURST_ECS_SUBNETS"),
        ({"ecs_regions": ["eu-west-1", "us-east-1"]}, "must be a map by region"),
        (
            {
                "ecs_regions": ["eu-west-1", "us-east-1"],
                "ecs_subnets": {"eu-west-1": ["a"], "us-east-1": ["c"]},
                "ecs_security_groups": ["sg"],
            },
            "SCENEBURST_ECS_SECURITY_GROUPS must be a map by region",
        ),
        ({"ecs_regions": ["eu-west-1"], "ecs_subnets": {"us-east-1": ["c"]}}, "names no subnet in eu-west-1"),
        ({"ecs_ephemeral_gib": 500}, "SCENEBURST_ECS_EPHEMERAL_GIB"),
    ],
)
def test_settings_that_cannot_work_are_named(values: dict[str, Any], message: str) -> None:
    """By their environment variable."""
    with pytest.raises(SettingsError, match=message):
        settings(**values)


def test_settings_come_from_the_environment_as_json(monkeypatch: pytest.MonkeyPatch) -> None:
    """A plain name stays a name; lists and maps are JSON."""
    monkeypatch.setenv("SCENEBURST_ECS_CLUSTER", "videos")
    monkeypatch.setenv("SCENEBURST_ECS_TASK_DEFINITION", "worker")
    monkeypatch.setenv("SCENEBURST_ECS_SUBNETS", '{"eu-west-1": ["a"]}')
    monkeypatch.setenv("SCENEBURST_ECS_SECURITY_GROUPS", '["sg"]')
    monkeypatch.setenv("AWS_REGION", "eu-west-1")
    config = FargateSettings.load()
    assert (config.ecs_task_definition, config.ecs_regions) == ("worker", ["eu-west-1"])
    assert (config.subnets_in("eu-west-1"), config.security_groups_in("eu-west-1")) == (["a"], ["sg"])
    monkeypatch.setenv("SCENEBURST_ECS_TASK_DEFINITION", '{"arm64": "w"}')
    assert FargateSettings.load().ecs_task_definition == {"arm64": "w"}


# -- what comes back


def test_a_running_task_is_a_running_container() -> None:
    """Its id from the tag, or from the variable where tags are not told."""
    task = {"taskArn": ARN, "lastStatus": "RUNNING", "createdAt": datetime.fromtimestamp(5, UTC)}
    tagged = container_from({**task, "tags": [{"key": "sceneburst:container", "value": "c1"}]})
    assert (tagged.container_id, tagged.is_running, tagged.started_ms, tagged.handle) == ("c1", True, 5000, ARN)
    variable = {"name": "SCENEBURST_CONTAINER_ID", "value": "c2"}
    assert container_from({**task, "overrides": {"containerOverrides": [{"environment": [variable]}]}}).container_id == "c2"
    assert container_from(task).container_id == ""


def test_a_task_that_failed_to_start_has_ended_without_containers() -> None:
    """No list of containers, no exit code, but a reason."""
    task = {"taskArn": ARN, "lastStatus": "STOPPED", "stopCode": "TaskFailedToStart", "stoppedReason": "no", "containers": []}
    container = container_from(task)
    assert (container.is_running, container.exit_code, container.stopped_reason.text) == (False, None, "TaskFailedToStart: no")
    assert container_from({key: value for key, value in task.items() if key != "containers"}).exit_code is None


def test_a_spot_interruption_is_told_with_its_code() -> None:
    """Running while it drains, ended afterwards."""
    task: dict[str, Any] = {"taskArn": ARN, "lastStatus": "STOPPING", "stopCode": "SpotInterruption"}
    assert container_from(task).is_running
    ended = container_from({**task, "lastStatus": "STOPPED", "containers": [{"exitCode": 10, "reason": "out"}]})
    assert (ended.is_running, ended.exit_code, ended.stopped_reason.text) == (False, 10, "SpotInterruption: out")


def test_regions_are_read_from_arns() -> None:
    """Other partitions too; what is no ARN has none."""
    assert region_of(ARN) == "eu-west-1"
    assert region_of("arn:aws-cn:ecs:cn-north-1:1:task/x") == "cn-north-1"
    assert region_of("never-was") == ""
