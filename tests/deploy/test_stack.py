"""deploy/up and deploy/down against moto: what they say first, what they do, and that twice is safe."""

from collections.abc import Iterator
from typing import Any

import boto3
import pytest
import typer

from deploy import stack
from deploy.cost import at_rest, monthly
from tests.aws import moto_server, use_aws
from tests.deploy.template import body_for_moto, template

pytestmark = pytest.mark.filterwarnings("ignore:Tried to parse AWS")
_PARAMETERS = ["RedisHost=redis.example.org"]


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """An AWS of this test's own; its CloudFormation knows no secrets, so they are there already."""
    with moto_server() as endpoint:
        use_aws(monkeypatch, endpoint, "eu-west-1")
        monkeypatch.setattr(stack, "_body", body_for_moto)
        monkeypatch.setattr(stack, "_POLL_S", 0.01)
        yield boto3.client("cloudformation")


def _status(aws: Any, name: str) -> str:
    found = [each["StackStatus"] for each in aws.describe_stacks()["Stacks"] if each["StackName"] == name]
    return str(found[0]) if found else "absent"


def test_up_says_what_it_will_do_and_cost_and_does_nothing_without_a_yes(
    aws: Any, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The whole list, and the sum."""
    monkeypatch.setattr(typer, "confirm", lambda _question: False)
    with pytest.raises(stack.Failed, match="nothing was done"):
        stack.up("sceneburst:1", "films-asked", _PARAMETERS)
    said = capsys.readouterr().out
    assert "Dispatchers" in said
    assert "AWS::ECS::Service" in said
    assert "a month at rest" in said
    assert _status(aws, "films-asked") in {"absent", "REVIEW_IN_PROGRESS"}


def test_up_makes_all_of_it(aws: Any, capsys: pytest.CaptureFixture[str]) -> None:
    """Every step is said."""
    stack.up("sceneburst:1", "films-made", _PARAMETERS, yes=True)
    assert _status(aws, "films-made") == "CREATE_COMPLETE"
    assert "films-made: CREATE_COMPLETE" in capsys.readouterr().out


#: moto cannot delete a network that is in use; a cluster and a bucket it can.
_SMALL = """
Parameters:
  Image: { Type: String }
Conditions:
  IsNamed: !Not [!Equals [!Ref Image, ""]]
Resources:
  Cluster:
    Type: AWS::ECS::Cluster
    Properties: { ClusterName: !Sub "${AWS::StackName}" }
  Worker:
    Type: AWS::ECS::TaskDefinition
    Properties:
      Family: !Sub "${AWS::StackName}-worker-1"
      ContainerDefinitions: [{ Name: worker, Image: !Ref Image, Memory: 512 }]
"""


def test_down_stops_the_containers_first_and_twice_is_safe(
    aws: Any, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It says what is lost and what stays; without a stack there is nothing to do."""
    monkeypatch.setattr(stack, "_body", lambda: _SMALL)
    stack.up("sceneburst:1", "films-small", yes=True)
    ecs = boto3.client("ecs")
    default = [{"Name": "default-for-az", "Values": ["true"]}]
    subnet = boto3.client("ec2").describe_subnets(Filters=default)["Subnets"][0]["SubnetId"]
    ecs.run_task(
        cluster="films-small", taskDefinition="films-small-worker-1", launchType="FARGATE",
        networkConfiguration={"awsvpcConfiguration": {"subnets": [subnet]}},
    )  # fmt: skip
    stack.down("films-small", yes=True)
    said = capsys.readouterr().out
    assert "keeps the bucket" in said
    assert "1 containers are stopping" in said
    assert _status(aws, "films-small") in {"absent", "DELETE_COMPLETE"}
    stack.down("films-small", yes=True)
    assert "nothing to do" in capsys.readouterr().out


def test_a_parameter_that_there_is_not_is_named_with_those_there_are(aws: Any) -> None:
    """Before anything is asked of CloudFormation."""
    with pytest.raises(stack.Failed, match=r"unknown parameter Budget; there are .*BudgetPerHour"):
        stack.up("sceneburst:1", parameter=["Budget=1"], yes=True)


def test_a_stack_that_is_being_changed_is_left_alone(aws: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two at once would only fail."""
    monkeypatch.setattr(stack, "_describe", lambda *_: {"StackStatus": "UPDATE_IN_PROGRESS"})
    with pytest.raises(stack.Failed, match="wait until that is over"):
        stack.up("sceneburst:1", yes=True)


def test_costs_at_rest_follow_the_parameters() -> None:
    """Defaults as the template's; a NAT gateway is the dearest part where there is one."""
    defaults = {name: str(each["Default"]) for name, each in template()["Parameters"].items() if "Default" in each}
    assert monthly(defaults) == monthly({})
    assert sum(monthly({"Network": "private"}).values()) > sum(monthly({}).values()) + 20
    assert sum(monthly({"RedisHost": "r"}).values()) < sum(monthly({}).values())
    assert sum(monthly({"Architecture": "arm64"}).values()) < sum(monthly({}).values())
    assert at_rest({})[-1].endswith("a month at rest")
    nodes = template()["Parameters"]["CacheNodeType"]["AllowedValues"]
    assert all(monthly({"CacheNodeType": node}) for node in nodes)
