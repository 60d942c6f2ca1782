"""The CloudFormation template: valid, in step with the code, and deployable."""

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto.cloudformation.parsing import get_model_list

from dispatcher.fleet import SIZES
from dispatcher.fleets.fargate.fleet import FargateFleet
from dispatcher.fleets.settings import FargateSettings
from dispatcher.metrics.definitions import METRICS
from dispatcher.metrics.exporter import EMF_NAMESPACE
from scenequeue.reasons import Reason
from scenequeue.settings import ApiSettings, DispatcherSettings
from scenequeue.structure.acl import ROLES, Role, rules
from tests.deploy.template import OWN_REDIS, PATH, body_for_moto, template
from tests.dispatcher.fleets.fleet_conformance import find, request_for
from tests.support.aws import moto_server, use_aws


def test_it_passes_every_rule_there_is_for_templates() -> None:
    """The informational ones and the strict ones too."""
    program = Path(sys.executable).with_name("cfn-lint")
    strict = ["--include-checks", "I", "--configure-rule", "E3012:strict=true", "--non-zero-exit-code", "informational"]
    ended = subprocess.run([str(program), "-t", str(PATH), *strict], capture_output=True, text=True, timeout=120, check=False)
    assert (ended.returncode, ended.stdout) == (0, "")


@pytest.mark.parametrize("role", ROLES)
def test_the_caches_users_have_the_rules_of_their_roles(role: Role) -> None:
    """Word by word, as `sceneburst acl` prints them."""
    user = template()["Resources"][f"{role.capitalize()}User"]["Properties"]
    words = user["AccessString"]["Sub"].replace("${Namespace}", "films").split()
    assert words == ["on", *(rule for rule in rules(role, "films") if not rule.startswith("reset"))]


def test_there_is_a_task_definition_for_every_size() -> None:
    """CPU units and MiB as the dispatcher overrides them."""
    resources = template()["Resources"]
    found = {number: resources[f"WorkerTask{number}"]["Properties"] for number in SIZES}
    for number, size in SIZES.items():
        assert (int(found[number]["Cpu"]), int(found[number]["Memory"])) == (size.vcpu * 1024, size.memory_mib)
        assert found[number]["Family"] == {"Sub": f"${{AWS::StackName}}-worker-{number}"}
        (container,) = found[number]["ContainerDefinitions"]
        assert container["ReadonlyRootFilesystem"]
        assert container["User"] == "10001:10001"


def test_alarms_are_on_metrics_that_are_told() -> None:
    """In the namespace, and by the dimension."""
    alarms = [each["Properties"] for each in template()["Resources"].values() if each["Type"] == "AWS::CloudWatch::Alarm"]
    metrics = [alarm for alarm in alarms if "MetricName" in alarm]
    metrics += [each["MetricStat"]["Metric"] for alarm in alarms for each in alarm.get("Metrics", []) if "MetricStat" in each]
    assert {metric["MetricName"] for metric in metrics} <= {metric.cloudwatch for metric in METRICS}
    assert {"BacklogAgeSeconds", "DeadLetters", "CostPerHourUSD", "CostAnomaly"} <= {metric["MetricName"] for metric in metrics}
    assert all(metric["Namespace"] == EMF_NAMESPACE for metric in metrics)
    assert all([each["Name"] for each in metric["Dimensions"]] == ["Namespace"] for metric in metrics)


def test_no_secret_is_written_out() -> None:
    """Neither as an output, nor in the environment of a container, nor in an address."""
    text = PATH.read_text(encoding="utf-8")
    outputs = json.dumps(template()["Outputs"])
    assert "resolve:secretsmanager" not in outputs
    assert not re.search(r"rediss://\w+:", text)
    for line in text.splitlines():
        if "resolve:secretsmanager" in line:
            assert line.strip().startswith("Passwords:")


# -- deployed

pytestmark = pytest.mark.filterwarnings("ignore:Tried to parse AWS")


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    """An AWS of this module's own."""
    with moto_server() as url:
        yield url


@pytest.fixture
def deployed(endpoint: str, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> dict[str, str]:
    """The stack in moto, with a Redis of one's own."""
    use_aws(monkeypatch, endpoint, "eu-west-1")
    network = getattr(request, "param", "public")
    parameters = {**OWN_REDIS, "Image": "sceneburst:1", "AlarmEmail": "a@example.org", "Network": network}
    client = boto3.client("cloudformation")
    client.create_stack(
        StackName=f"films-{network}",
        TemplateBody=body_for_moto(),
        Parameters=[{"ParameterKey": name, "ParameterValue": value} for name, value in parameters.items()],
        Capabilities=["CAPABILITY_IAM"],
    )
    (stack,) = client.describe_stacks(StackName=f"films-{network}")["Stacks"]
    assert stack["StackStatus"] == "CREATE_COMPLETE"
    return {"stack": f"films-{network}", **{each["OutputKey"]: each["OutputValue"] for each in stack["Outputs"]}}


#: What moto's CloudFormation does not make: these are checked by cfn-lint and by the tests above alone.
_NOT_IN_MOTO = {
    *("AWS::Budgets::Budget", "AWS::CloudWatch::Alarm", "AWS::S3::BucketPolicy", "AWS::SNS::Subscription"),
    # Made without RedisHost alone, but for the secret that signs webhooks.
    *("AWS::SecretsManager::Secret", "AWS::ElastiCache::User", "AWS::ElastiCache::UserGroup"),
    # Made with ApiCount alone.
    *("AWS::ServiceDiscovery::PrivateDnsNamespace", "AWS::ServiceDiscovery::Service"),
    *("AWS::ElastiCache::SubnetGroup", "AWS::ElastiCache::ParameterGroup", "AWS::ElastiCache::ReplicationGroup"),
}


def test_moto_makes_all_of_it_but_what_is_named_here() -> None:
    """So that a resource that moto learns to make, or a new one that it cannot, is noticed."""
    known = {model.cloudformation_type() for model in get_model_list()}
    assert {each["Type"] for each in template()["Resources"].values()} - known == _NOT_IN_MOTO


def test_a_redis_of_ones_own_needs_its_addresses_and_its_passwords() -> None:
    """CloudFormation says so before it makes anything; the users are those that `sceneburst acl` prints."""
    asserted = str(template()["Rules"]["RedisOfOnesOwn"]["Assertions"])
    parameters = template()["Parameters"]
    for name in ("RedisCidr", "ProducerSecret", "WorkerSecret", "DispatcherSecret"):
        assert f"RedisHost needs {name}" in asserted
        assert parameters[name]["Default"] in asserted
    for role in ROLES:
        assert template()["Resources"][f"{role.capitalize()}User"]["Properties"]["UserName"] == {"Sub": f"${{Namespace}}-{role}"}


def test_the_api_is_configured_with_settings_that_there_are(monkeypatch: pytest.MonkeyPatch) -> None:
    """It starts with them, asks for keys, and is looked at where it listens."""
    resources = template()["Resources"]
    (container,) = resources["ApiTask"]["Properties"]["ContainerDefinitions"]
    for each in container["Environment"]:
        if isinstance(each["Value"], str):
            monkeypatch.setenv(each["Name"], each["Value"])
    named = {each["Name"] for each in (*container["Environment"], *container["Secrets"])}
    assert named <= {f"SCENEBURST_{name.upper()}" for name in ApiSettings.model_fields}
    assert {each["Name"] for each in container["Secrets"]} == {"SCENEBURST_REDIS_PASSWORD", "SCENEBURST_API_KEYS"}
    settings = ApiSettings.load(api_keys={"shop": "0" * 64})
    assert (settings.api_host, settings.api_port) == ("0.0.0.0", container["PortMappings"][0]["ContainerPort"])
    assert f"127.0.0.1:{settings.api_port}/healthz" in str(container["HealthCheck"]["Command"])
    assert resources["ApiRole"]["Properties"]["ManagedPolicyArns"] == [{"Ref": "ProducerPolicy"}]
    assert settings.api_grace_s < container["StopTimeout"]
    assert template()["Parameters"]["ApiCount"]["Default"] == 0


def test_a_dispatcher_in_a_private_network_waits_for_its_way_out() -> None:
    """Else its first start fails to fetch the image."""
    service = template()["Resources"]["Dispatchers"]
    assert {"PublicRoute", "PrivateRoutesA", "PrivateRoutesB", "ExecutionPolicy", "DispatcherPolicy"} <= set(service["DependsOn"])
    assert "{'Ref': 'PrivateRoute'}" in str(service["Properties"]["NetworkConfiguration"])


def test_every_capacity_provider_of_the_dispatchers_may_place_one() -> None:
    """ECS places nothing on a provider of weight 0, whatever its base."""
    strategy = template()["Resources"]["Dispatchers"]["Properties"]["CapacityProviderStrategy"]
    assert all(each["Weight"] > 0 for each in strategy)


@pytest.mark.parametrize("deployed", ["public", "private"], indirect=True)
def test_what_is_deployed_launches_and_stops_containers(deployed: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    """With the very environment that the template gives its dispatcher: cluster, subnets, task definitions, all of it."""
    ecs = boto3.client("ecs")
    family = f"{deployed['stack']}-dispatcher"
    (container,) = ecs.describe_task_definition(taskDefinition=family)["taskDefinition"]["containerDefinitions"]
    environment: dict[str, Any] = {each["name"]: each["value"] for each in container["environment"]}
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("SCENEBURST_REDIS_PASSWORD", "word")
    settings = DispatcherSettings.load()
    assert settings.redis_address.get_secret_value() == "rediss://sceneburst-dispatcher:word@redis.example.org:6379/0"
    assert (settings.fleet, settings.metrics_emf, settings.budget_usd_per_hour) == ("fargate", True, 10)
    fleet = FargateFleet(FargateSettings.load(namespace=settings.namespace))
    (result,) = fleet.launch([request_for("a")])
    assert result.error is None
    task = ecs.describe_tasks(cluster=deployed["ClusterName"], tasks=[result.handle], include=["TAGS"])["tasks"][0]
    assert task["taskDefinitionArn"].split("/")[1].split(":")[0] == f"{deployed['stack']}-worker-5"
    assert {"key": "sceneburst:namespace", "value": "sceneburst"} in task["tags"]
    fleet.stop(result.handle, Reason("enough"))
    ended = find(fleet, "a")
    assert ended is not None
    assert not ended.is_running
