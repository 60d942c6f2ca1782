"""The simulated ECS keeps the rules of the real one that the fleet's code relies on."""

import json
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from tests.support.fargate_simulator import Simulator
from tests.support.waiting import wait_until

_SIZE = {"cpu": "1024", "memory": "2048", "containerOverrides": [{"name": "worker", "environment": []}]}


@pytest.fixture
def ecs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Simulator]:
    """Containers that run until they are told to stop."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    argv = [sys.executable, "-c", "import signal; signal.pause()"]
    with Simulator(tmp_path, argv) as simulator:
        monkeypatch.setenv("AWS_ENDPOINT_URL_ECS", simulator.url)
        yield simulator


@pytest.fixture
def client(ecs: Simulator) -> Any:
    return boto3.client("ecs", region_name="us-east-1")


def run_task(client: Any, **more: Any) -> str:
    """The ARN of a new task."""
    request: dict[str, Any] = {
        "cluster": "videos", "taskDefinition": "worker", "overrides": _SIZE, "startedBy": "me",
        "capacityProviderStrategy": [{"capacityProvider": "FARGATE", "weight": 1}],
        "networkConfiguration": {"awsvpcConfiguration": {"subnets": ["subnet-a"]}},
        "tags": [{"key": "team", "value": "film"}],
    }  # fmt: skip
    return str(client.run_task(**{**request, **more})["tasks"][0]["taskArn"])


def described(client: Any, arn: str) -> dict[str, Any]:
    """The task as DescribeTasks tells it."""
    return dict(client.describe_tasks(cluster="videos", tasks=[arn], include=["TAGS"])["tasks"][0])


@pytest.mark.parametrize("other", [{"desiredStatus": "STOPPED"}, {"family": "worker"}, {"launchType": "FARGATE"}])
def test_the_mark_is_the_only_filter_of_a_list(client: Any, other: dict[str, str]) -> None:
    """AWS, ListTasks: when startedBy is used, it must be the only one."""
    arn = run_task(client)
    assert client.list_tasks(cluster="videos", startedBy="me")["taskArns"] == [arn]
    with pytest.raises(ClientError, match="only filter"):
        client.list_tasks(cluster="videos", startedBy="me", **other)


def test_a_task_passes_through_all_its_states(client: Any, ecs: Simulator) -> None:
    """Up in thirds of the start's delay, and down until its network interface is gone; then without its tags."""
    ecs.faults.start_delay_s, ecs.faults.deprovision_s = 0.3, 0.2
    arn = run_task(client)
    states = list[str]()

    def reached(last: str) -> bool:
        status = described(client, arn)["lastStatus"]
        if status not in states[-1:]:
            states.append(status)
        return status == last

    wait_until(lambda: reached("RUNNING"), "it runs")
    assert described(client, arn)["tags"]
    client.stop_task(cluster="videos", task=arn, reason="enough")
    wait_until(lambda: reached("STOPPED"), "it has stopped")
    assert states[:4] == ["PROVISIONING", "PENDING", "ACTIVATING", "RUNNING"]
    assert states[-2:] == ["DEPROVISIONING", "STOPPED"]
    assert described(client, arn)["tags"] == []


def test_several_tasks_a_call_are_refused(client: Any) -> None:
    """ECS would launch them; here nobody may rely on it unnoticed."""
    with pytest.raises(ClientError, match="one task a call"):
        run_task(client, count=2)


def test_a_container_may_ask_about_itself_and_about_its_task(client: Any, ecs: Simulator) -> None:
    """Metadata version 4."""
    arn = run_task(client)
    about, task = (
        json.loads(urllib.request.urlopen(f"{ecs.url}/v4/{arn.rpartition('/')[2]}{path}", timeout=60).read())
        for path in ("", "/task")
    )
    assert (about["Name"], about["Limits"]) == ("worker", {"CPU": 1.0, "Memory": 2048})
    assert (task["TaskARN"], task["Family"], task["Containers"]) == (arn, "worker", [about])
