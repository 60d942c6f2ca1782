"""deploy/up and deploy/down against moto: what they say first, what they do, and that twice is safe."""

from collections.abc import Callable, Iterator
from typing import Any

import boto3
import pytest
import typer

from deploy import stack
from deploy.cost import at_rest, monthly
from tests.deploy.template import OWN_REDIS, body_for_moto, template
from tests.support.aws import moto_server, use_aws

pytestmark = pytest.mark.filterwarnings("ignore:Tried to parse AWS")
_PARAMETERS = [f"{name}={value}" for name, value in OWN_REDIS.items()]
Answer = Callable[..., None]


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """An AWS of this test's own."""
    with moto_server() as endpoint:
        use_aws(monkeypatch, endpoint, "eu-west-1")
        monkeypatch.setattr(stack, "_body", body_for_moto)
        monkeypatch.setattr(stack, "_POLL_S", 0.01)
        yield boto3.client("cloudformation")


@pytest.fixture
def answer(monkeypatch: pytest.MonkeyPatch) -> Answer:
    """Gives these answers to the questions that are asked, in order."""

    def give(*answers: bool) -> None:
        left = list(answers)
        monkeypatch.setattr(typer, "confirm", lambda _question: left.pop(0))

    return give


def _status(aws: Any, name: str) -> str:
    found = [each["StackStatus"] for each in aws.describe_stacks()["Stacks"] if each["StackName"] == name]
    return str(found[0]) if found else "absent"


def test_up_says_what_it_will_do_and_cost_and_does_nothing_without_a_yes(
    aws: Any, capsys: pytest.CaptureFixture[str], answer: Answer
) -> None:
    """The whole list, and the sum; neither a stack nor a change set is left."""
    answer(False)
    with pytest.raises(stack.Failed, match="nothing was done"):
        stack.up("sceneburst:1", "films-asked", _PARAMETERS)
    said = capsys.readouterr().out
    assert "Dispatchers" in said
    assert "AWS::ECS::Service" in said
    assert "a month at rest" in said
    assert _status(aws, "films-asked") == "absent"


def test_up_after_a_no_can_be_answered_with_yes(aws: Any, answer: Answer) -> None:
    """A change set that was shown and refused does not stand in the way."""
    answer(False, True)
    with pytest.raises(stack.Failed, match="nothing was done"):
        stack.up("sceneburst:1", "films-later", _PARAMETERS)
    stack.up("sceneburst:1", "films-later", _PARAMETERS)
    assert _status(aws, "films-later") == "CREATE_COMPLETE"


def test_a_stack_that_somebody_else_only_looked_at_is_made(aws: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """In review, it is as good as none."""
    asked: list[bool] = []
    monkeypatch.setattr(stack, "_describe", lambda *_: {"StackStatus": "REVIEW_IN_PROGRESS"})
    monkeypatch.setattr(stack.changes, "make", lambda *_, is_new, poll_s: asked.append(is_new))
    stack.up("sceneburst:1", "films-review", _PARAMETERS, yes=True)
    assert asked == [True]


def test_up_makes_all_of_it(aws: Any, capsys: pytest.CaptureFixture[str]) -> None:
    """Every step is said, and that the monthly budget counts by a tag which Billing does not know yet."""
    stack.up("sceneburst:1", "films-made", [*_PARAMETERS, "AlarmEmail=a@example.org"], yes=True)
    assert _status(aws, "films-made") == "CREATE_COMPLETE"
    said = capsys.readouterr().out
    assert "films-made: CREATE_COMPLETE" in said
    assert "activate that tag in Billing" in said


def test_up_again_forgets_a_parameter_that_the_template_has_lost(
    aws: Any, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """CloudFormation would refuse it; what else was asked for before stays."""
    older = _SMALL.replace("Parameters:\n", "Parameters:\n  Old: { Type: String }\n  Kept: { Type: String, Default: no }\n")
    monkeypatch.setattr(stack, "_body", lambda: older)
    stack.up("sceneburst:1", "films-older", ["Old=thing", "Kept=yes"], yes=True)
    # moto sees changes of resources alone, not of parameters.
    newer = older.replace("  Old: { Type: String }\n", "") + "  Alarms: { Type: AWS::SNS::Topic }\n"
    monkeypatch.setattr(stack, "_body", lambda: newer)
    stack.up("sceneburst:2", "films-older", yes=True)
    assert "forgets Old=thing" in capsys.readouterr().out
    (found,) = aws.describe_stacks(StackName="films-older")["Stacks"]
    assert stack._merged({"Image": "sceneburst:3"}, found) == {"Kept": "yes", "Image": "sceneburst:3"}


@pytest.mark.parametrize("name", ["films-of-the-whole-wide-company", "Films", "films--two", "1films", "films-"])
def test_a_name_that_the_caches_users_could_not_have_is_refused_first(aws: Any, name: str) -> None:
    """They are named after the stack, in 40 characters without capitals."""
    with pytest.raises(stack.Failed, match="cannot name the stack: at most 29 small letters"):
        stack.up("sceneburst:1", name, _PARAMETERS, yes=True)
    assert _status(aws, name) == "absent"
    users = [each["Properties"] for each in template()["Resources"].values() if each["Type"] == "AWS::ElastiCache::User"]
    assert all(len(user["UserId"]["Sub"].replace("${AWS::StackName}", "x" * 29)) <= 40 for user in users)


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
    assert "containers that are stopping: 1" in said
    assert _status(aws, "films-small") in {"absent", "DELETE_COMPLETE"}
    stack.down("films-small", yes=True)
    assert "nothing to do" in capsys.readouterr().out


def test_a_stack_that_is_being_changed_is_left_alone(aws: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two at once would only fail."""
    monkeypatch.setattr(stack, "_describe", lambda *_: {"StackStatus": "UPDATE_IN_PROGRESS"})
    with pytest.raises(stack.Failed, match="wait until that is over"):
        stack.up("sceneburst:1", yes=True)


def test_a_stack_that_was_never_whole_is_to_be_deleted_first(aws: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """CloudFormation changes none such."""
    monkeypatch.setattr(stack, "_describe", lambda *_: {"StackStatus": "ROLLBACK_COMPLETE"})
    with pytest.raises(stack.Failed, match="deploy/down --stack sceneburst, then this again"):
        stack.up("sceneburst:1", yes=True)


def test_a_refused_change_leaves_nothing_behind(aws: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nor does it block the name."""
    make = stack._client

    def refusing(service: str) -> Any:
        client = make(service)
        answers = {"Status": "FAILED", "StatusReason": "Template format error", "Changes": []}
        monkeypatch.setattr(client, "describe_change_set", lambda **_: answers)
        return client

    monkeypatch.setattr(stack, "_client", refusing)
    with pytest.raises(stack.Failed, match="the change is refused: Template format error"):
        stack.up("sceneburst:1", "films-refused", _PARAMETERS, yes=True)
    assert _status(aws, "films-refused") == "absent"


def _replaces_the_cache(monkeypatch: pytest.MonkeyPatch) -> None:
    """As CloudFormation would tell it; moto makes no caches."""
    make = stack._client

    def client(service: str) -> Any:
        made = make(service)
        describe = made.describe_change_set

        def with_cache(**asked: Any) -> Any:
            found = describe(**asked)
            change = {"Action": "Modify", "LogicalResourceId": "Cache", "ResourceType": "AWS::ElastiCache::ReplicationGroup"}
            return {**found, "Changes": [*found["Changes"], {"ResourceChange": {**change, "Replacement": "True"}}]}

        made.describe_change_set = with_cache
        return made

    monkeypatch.setattr(stack, "_client", client)


def test_a_change_that_loses_the_queue_says_so_and_asks_again(
    aws: Any, capsys: pytest.CaptureFixture[str], answer: Answer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first yes was for the changes, the second is for the jobs."""
    monkeypatch.setattr(stack, "_body", lambda: _SMALL)
    stack.up("sceneburst:1", "films-lost", yes=True)
    _replaces_the_cache(monkeypatch)
    answer(True, False)
    with pytest.raises(stack.Failed, match="nothing was done"):
        stack.up("sceneburst:2", "films-lost")
    said = capsys.readouterr().out
    assert "modify  Cache" in said
    assert "replaced by a new one" in said
    assert "THE CACHE IS REPLACED OR REMOVED" in said
    assert aws.describe_stacks(StackName="films-lost")["Stacks"][0]["Parameters"][0]["ParameterValue"] == "sceneburst:1"


def test_yes_alone_does_not_agree_to_lose_the_queue(aws: Any, answer: Answer, monkeypatch: pytest.MonkeyPatch) -> None:
    """A script must say that it means it."""
    monkeypatch.setattr(stack, "_body", lambda: _SMALL)
    stack.up("sceneburst:1", "films-script", yes=True)
    _replaces_the_cache(monkeypatch)
    answer(False)
    with pytest.raises(stack.Failed, match="nothing was done"):
        stack.up("sceneburst:2", "films-script", yes=True)
    stack.up("sceneburst:2", "films-script", yes=True, lose_queue=True)
    assert aws.describe_stacks(StackName="films-script")["Stacks"][0]["Parameters"][0]["ParameterValue"] == "sceneburst:2"


def test_a_parameter_that_there_is_not_is_named_with_those_there_are(aws: Any) -> None:
    """Before anything is asked of CloudFormation."""
    with pytest.raises(stack.Failed, match=r"unknown parameter Budget; there are .*BudgetPerHour"):
        stack.up("sceneburst:1", parameter=["Budget=1"], yes=True)


def test_the_parameters_are_those_of_the_template() -> None:
    """Read without CloudFormation's short forms."""
    assert stack.changes.parameters_of(stack._body()) == set(template()["Parameters"])


def test_costs_at_rest_follow_the_parameters() -> None:
    """Defaults as the template's; a NAT gateway is the dearest part where there is one."""
    defaults = {name: str(each["Default"]) for name, each in template()["Parameters"].items() if "Default" in each}
    assert monthly(defaults) == monthly({})
    assert sum(monthly({"Network": "private"}).values()) > sum(monthly({}).values()) + 20
    assert sum(monthly({"RedisHost": "r"}).values()) < sum(monthly({}).values())
    assert sum(monthly({"ApiCount": "2"}).values()) > sum(monthly({}).values()) + 20
    assert sum(monthly({"Architecture": "arm64"}).values()) < sum(monthly({}).values())
    assert at_rest({})[-1].endswith("a month at rest")
    nodes = template()["Parameters"]["CacheNodeType"]["AllowedValues"]
    assert all(monthly({"CacheNodeType": node}) for node in nodes)
