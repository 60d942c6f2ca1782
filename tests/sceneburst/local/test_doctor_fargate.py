"""`sceneburst doctor` with the Fargate fleet."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import boto3
import pytest

from dispatcher.fleets.settings import FargateSettings
from sceneburst.local.checks.finding import Check
from sceneburst.local.checks.fleets import definition_problems
from sceneburst.local.doctor import examine
from tests.sceneburst.local.findings import Patch, assert_found, bad


@pytest.fixture
def on_fargate(healthy: Path, monkeypatch: Patch) -> Callable[..., list[Check]]:
    """Examines a Fargate that is as it should be, but for these variables, cluster and task definition."""
    ecs = boto3.client("ecs")

    def look(providers: tuple[str, ...] = ("FARGATE", "FARGATE_SPOT"), **variables: str | None) -> list[Check]:
        ecs.create_cluster(clusterName="doctored", capacityProviders=list(providers))
        ecs.register_task_definition(
            family="doctored", cpu="2048", memory="4096", networkMode="awsvpc", requiresCompatibilities=["FARGATE"],
            containerDefinitions=[{"name": "worker", "image": "worker", "memory": 4096}],
        )  # fmt: skip
        chosen: dict[str, str | None] = {
            "SCENEBURST_FLEET": "fargate",
            "SCENEBURST_INPUTS": None,
            "SCENEBURST_ECS_CLUSTER": "doctored",
            "SCENEBURST_ECS_TASK_DEFINITION": "doctored",
            "SCENEBURST_ECS_SUBNETS": '["subnet-1"]',
            "SCENEBURST_ECS_SECURITY_GROUPS": '["sg-1"]',
            **variables,
        }
        for name, value in chosen.items():
            monkeypatch.delenv(name, raising=False) if value is None else monkeypatch.setenv(name, value)
        try:
            return examine()
        finally:
            ecs.delete_cluster(cluster="doctored")

    return look


def test_nothing_is_wrong_with_a_healthy_fargate(on_fargate: Callable[..., list[Check]]) -> None:
    """Cluster, providers, task definition, network, region."""
    assert bad(on_fargate()) == []


@pytest.mark.parametrize(
    ("variables", "what", "said", "mend"),
    [
        ({"SCENEBURST_ECS_CLUSTER": "lost"}, "cluster", "no active cluster 'lost'", "SCENEBURST_ECS_CLUSTER"),
        ({"providers": ("FARGATE",)}, "cluster", "lacks the capacity provider FARGATE_SPOT", "put-cluster-capacity-providers"),
        ({"SCENEBURST_ECS_TASK_DEFINITION": "lost"}, "task definition", "there is no 'lost'", "SCENEBURST_ECS_TASK_DEFINITION"),
        ({"SCENEBURST_ECS_CONTAINER_NAME": "films"}, "task definition", "has no container 'films'", "one of them: worker"),
        ({"SCENEBURST_ECS_ARCHITECTURE": "arm64"}, "task definition", "is for X86_64", "SCENEBURST_ECS_ARCHITECTURE"),
        (
            {"SCENEBURST_ECS_TASK_DEFINITION": '{"x86_64": "doctored", "x86_64/4": "lost"}'},
            "task definition",
            "no 'lost'",
            "register",
        ),
        (
            {"SCENEBURST_ECS_TASK_DEFINITION": '{"amd64": "doctored"}'},
            "SCENEBURST_ECS_TASK_DEFINITION",
            "no entry is for x86_64",
            '"x86_64"',
        ),
        (
            {"SCENEBURST_ECS_TASK_DEFINITION": '{"arm64": "doctored"}', "SCENEBURST_ECS_ARCHITECTURE": "arm64"},
            *("task definition", "is for X86_64", "SCENEBURST_ECS_ARCHITECTURE"),
        ),
        ({"SCENEBURST_ECS_SECURITY_GROUPS": None}, "network", "no security group", "SCENEBURST_ECS_SECURITY_GROUPS"),
        ({"SCENEBURST_ECS_SUBNETS": "[]"}, "SCENEBURST_ECS_SUBNETS", "at least 1", "correct it"),
    ],
)
def test_a_mistake_in_fargate_is_found_with_its_mend(
    on_fargate: Callable[..., list[Check]], variables: dict[str, Any], what: str, said: str, mend: str
) -> None:
    """Before the first launch fails."""
    assert_found(on_fargate(**variables), what, said, mend)


def test_a_task_definition_for_instances_cannot_run_on_fargate() -> None:
    """ECS would say so at the first launch."""
    settings = FargateSettings.load(ecs_cluster="c", ecs_task_definition="t", ecs_subnets=["s"])
    ((problem, mend),) = definition_problems(settings, {"networkMode": "bridge", "containerDefinitions": [{"name": "worker"}]})
    assert problem.text == "cannot run on Fargate"
    assert "awsvpc" in mend


def test_a_region_that_nobody_names_is_found(on_fargate: Callable[..., list[Check]]) -> None:
    """Virginia is taken, and that is told."""
    checks = on_fargate(AWS_REGION=None, AWS_DEFAULT_REGION=None)
    assert_found(checks, "region", "none is named, and us-east-1 is taken", "AWS_REGION")
