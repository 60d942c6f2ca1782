"""Least privilege, both ways: what the code calls is allowed, and nothing else is."""

from pathlib import Path
from typing import Any

import boto3
import botocore.client
import pytest

from dispatcher.fleets.fargate import FargateFleet
from dispatcher.fleets.settings import FargateSettings
from scenequeue.errors import StorageUnavailable
from scenequeue.settings import ProducerSettings
from scenequeue.storage import UriStorage
from scenequeue.storage_s3 import MULTIPART_BYTES
from tests.conftest import S3
from tests.deploy.template import actions, template
from tests.dispatcher.fleet_conformance import request_for
from tests.fargate_simulator import Simulator

#: An API call -> what a policy must allow for it. Source: AWS, Service Authorization Reference.
_NEEDS: dict[str, set[str]] = {
    "s3.GetObject": {"s3:GetObject"},
    # Without ListBucket, S3 answers 403 for an object that is not there.
    "s3.HeadObject": {"s3:GetObject", "s3:ListBucket"},
    "s3.HeadBucket": {"s3:ListBucket"},
    "s3.PutObject": {"s3:PutObject"},
    "s3.CreateMultipartUpload": {"s3:PutObject"},
    "s3.UploadPart": {"s3:PutObject"},
    "s3.CompleteMultipartUpload": {"s3:PutObject"},
    "s3.AbortMultipartUpload": {"s3:AbortMultipartUpload"},
    # The tasks have roles, and are tagged as they are made.
    "ecs.RunTask": {"ecs:RunTask", "ecs:TagResource", "iam:PassRole"},
    "ecs.ListTasks": {"ecs:ListTasks"},
    "ecs.DescribeTasks": {"ecs:DescribeTasks"},
    "ecs.StopTask": {"ecs:StopTask"},
}


@pytest.fixture
def called(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """The API calls that boto3 really makes, as "service.Operation"."""
    calls: set[str] = set()
    make = botocore.client.BaseClient._make_api_call

    def record(self: Any, operation: str, arguments: Any) -> Any:
        calls.add(f"{self.meta.service_model.service_name}.{operation}")
        return make(self, operation, arguments)

    monkeypatch.setattr(botocore.client.BaseClient, "_make_api_call", record)
    return calls


def _needed(called: set[str]) -> set[str]:
    return {action for call in called for action in _NEEDS[call]}


def test_the_storage_roles_allow_what_storage_does_and_nothing_more(s3: S3, called: set[str], tmp_path: Path) -> None:
    """Small and large uploads, one that breaks off, downloads, a look at what is not there."""
    storage = UriStorage(ProducerSettings.load())
    small, large = tmp_path / "small", tmp_path / "large"
    small.write_bytes(b"x")
    large.write_bytes(b"x" * (MULTIPART_BYTES + 1))
    for file in (small, large):
        storage.put(file, f"{s3.uri}/outputs/{file.name}", metadata={}, content_type="video/mp4")
    storage.get(f"{s3.uri}/outputs/small", tmp_path / "got", max_bytes=10)
    assert storage.stat(f"{s3.uri}/outputs/none") is None
    storage.check_writable(f"{s3.uri}/outputs")
    with pytest.raises(StorageUnavailable):
        storage.put(large, f"{s3.uri}/outputs/broken", metadata={}, content_type="video/mp4", on_bytes=_break_off)
    assert actions("WorkerPolicy") == _needed(called)
    assert actions("ProducerPolicy") == {*_needed(called), "secretsmanager:GetSecretValue"}


def _break_off(_count: int) -> None:
    raise OSError("the disk of the source is gone")


def test_the_dispatchers_role_allows_what_the_fleet_does_and_nothing_more(
    tmp_path: Path, called: set[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Launch, list, describe, stop."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    with Simulator(tmp_path) as ecs:
        monkeypatch.setenv("AWS_ENDPOINT_URL_ECS", ecs.url)
        settings = FargateSettings.load(
            ecs_cluster="videos", ecs_task_definition="worker", ecs_subnets=["subnet-a"], ecs_regions=["us-east-1"]
        )
        fleet = FargateFleet(settings)
        (result,) = fleet.launch([request_for("a")])
        fleet.list()
        fleet.stop(result.handle, "enough")
        fleet.list()
    assert actions("DispatcherPolicy") == _needed(called)


def test_no_policy_reaches_further_than_it_must() -> None:
    """`*` only for ListTasks, which has no resource on Fargate; every ECS statement is bound to the cluster or its tasks."""
    for name, resource in template()["Resources"].items():
        if resource["Type"] not in {"AWS::IAM::RolePolicy", "AWS::IAM::ManagedPolicy"}:
            continue
        for statement in resource["Properties"]["PolicyDocument"]["Statement"]:
            if statement["Resource"] == "*":
                assert (name, statement["Action"]) == ("DispatcherPolicy", "ecs:ListTasks")
                assert statement["Condition"] == {"ArnEquals": {"ecs:cluster": {"GetAtt": "Cluster.Arn"}}}
            assert "*" not in str(statement["Action"])
            if statement["Action"] == "ecs:StopTask":
                assert "aws:ResourceTag/sceneburst:namespace" in str(statement["Condition"])


def test_the_fleet_marks_what_it_launches_as_the_stop_policy_demands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A container without the tag could never be stopped."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    with Simulator(tmp_path) as ecs:
        monkeypatch.setenv("AWS_ENDPOINT_URL_ECS", ecs.url)
        settings = FargateSettings.load(
            namespace="films", ecs_cluster="videos", ecs_task_definition="worker", ecs_subnets=["subnet-a"],
            ecs_regions=["us-east-1"],
        )  # fmt: skip
        FargateFleet(settings).launch([request_for("a")])
        client = boto3.client("ecs", region_name="us-east-1")
        arns = client.list_tasks(cluster="videos")["taskArns"]
        (task,) = client.describe_tasks(cluster="videos", tasks=arns, include=["TAGS"])["tasks"]
    assert {"key": "sceneburst:namespace", "value": "films"} in task["tags"]
