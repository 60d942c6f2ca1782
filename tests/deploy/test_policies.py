"""Least privilege, both ways, from a run of the programs themselves: each call is allowed, and each allowance is used."""

import contextlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest

from tests.deploy.iam import Account, Call, Grant, grants, needs, read_calls
from tests.deploy.left_folder import leave_working_folder
from tests.deploy.template import deploy, template
from tests.support.aws import moto_server, use_aws
from tests.support.fargate_simulator import Simulator
from tests.support.fargate_simulator.cluster import ACCOUNT
from tests.support.media import Media
from tests.support.waiting import wait_until

pytestmark = [pytest.mark.filterwarnings("ignore:Tried to parse AWS"), pytest.mark.slow]
_REGION, _STACK = "eu-west-1", "policies"
#: Which program has which policy.
_ROLES = {"producer": "ProducerPolicy", "container_worker": "WorkerPolicy", "dispatcher": "DispatcherPolicy"}
#: The application reads its Redis password by itself, in whatever language it is written; no code of ours does.
_BY_OTHERS = {("producer", "secretsmanager:GetSecretValue")}
#: What an application does: enqueue, wait, fetch.
_PRODUCER = """
import sys
from producer import Producer
with Producer() as producer:
    job = producer.submit_scenes([{"name": "a", "image": sys.argv[1], "audio": sys.argv[2]}], output=sys.argv[3],
                                 options={"resolution": "360p"})
    job.wait(120)
    job.download(sys.argv[4])
"""
#: The worker, whose heartbeats, which ask for protection, come several times a second.
_WORKER = """
import sys
from container_worker import heartbeat
from container_worker.main import main
from scenequeue.reasons import load_words
heartbeat._MAX_PAUSE_S = 0.3
load_words()
sys.exit(main())
"""
#: An upload in parts that breaks off, which the good run never does; by the code that producer and worker share.
_BROKEN_UPLOAD = """
import sys
from pathlib import Path
from scenequeue.errors import StorageUnavailable
from scenequeue.settings import ProducerSettings
from scenequeue.storages.uri import UriStorage
def break_off(_count):
    raise OSError("the disk of the source is gone")
try:
    storage = UriStorage(ProducerSettings.load())
    storage.put(Path(sys.argv[1]), sys.argv[2], metadata={}, content_type="video/mp4", on_bytes=break_off)
except StorageUnavailable:
    pass
"""
#: The end of a transcoding, whose stages would take long here.
_CLEARED_FOLDER = """
import sys
from pathlib import Path
from scenequeue.settings import WorkerSettings
from scenequeue.storages.uri import UriStorage
storage = UriStorage(WorkerSettings.load())
storage.put(Path(sys.argv[1]), sys.argv[2] + "/0/plan.json")
storage.delete_under(sys.argv[2])
"""


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory, redis_url: str) -> Iterator[tuple[list[Call], dict[str, list[Grant]], Account]]:
    """The calls of one run on the deployed stack, the policies as they are deployed, and where that was."""
    folder = tmp_path_factory.mktemp("policies")
    calls = folder / "calls"
    calls.mkdir()
    with pytest.MonkeyPatch.context() as patch, moto_server() as endpoint:
        use_aws(patch, endpoint, _REGION)
        namespace = f"policies{os.getpid()}"
        outputs = deploy(_STACK, Image="sceneburst:1", Namespace=namespace)
        allowed = {program: list(grants(_statements(policy))) for program, policy in _ROLES.items()}
        patch.setenv("PYTHONPATH", os.pathsep.join([str(Path(__file__).with_name("recorder")), str(Path.cwd())]))
        patch.setenv("RECORDED_CALLS", str(calls))
        _run_programs(folder, calls, outputs, redis_url, namespace)
        recorded = read_calls(calls)
        tags = [tag for call in recorded if call.operation == "RunTask" for tag in call.parameters["tags"]]
        (tagged,) = {tag["value"] for tag in tags if tag["key"] == "sceneburst:namespace"}
        yield recorded, allowed, Account(_REGION, ACCOUNT, outputs["ClusterName"], _roles_of_families(), tagged)


def _statements(policy: str, stack: str = _STACK) -> list[dict[str, Any]]:
    """As they are deployed, with every reference resolved."""
    iam = boto3.client("iam")
    resource = template()["Resources"][policy]
    if resource["Type"] == "AWS::IAM::ManagedPolicy":
        policies = iam.list_policies(Scope="Local")["Policies"]
        (arn,) = (each["Arn"] for each in policies if each["PolicyName"].startswith(f"{stack}-{policy}-"))
        version = iam.get_policy(PolicyArn=arn)["Policy"]["DefaultVersionId"]
        document: Any = iam.get_policy_version(PolicyArn=arn, VersionId=version)["PolicyVersion"]["Document"]
    else:
        role = _role(stack, resource["Properties"]["Roles"][0]["Ref"])["RoleName"]
        document = iam.get_role_policy(RoleName=role, PolicyName=resource["Properties"]["PolicyName"])["PolicyDocument"]
    return list((json.loads(document) if isinstance(document, str) else document)["Statement"])


def _role(stack: str, logical_id: str) -> dict[str, Any]:
    roles = boto3.client("iam").list_roles()["Roles"]
    (role,) = (each for each in roles if each["RoleName"].startswith(f"{stack}-{logical_id}-"))
    return dict(role)


def _roles_of_families() -> dict[str, list[str]]:
    """In moto, task definitions lose their roles on the way through CloudFormation; the template tells them."""
    resources = template()["Resources"].values()
    # The API's is there under a condition.
    tasks = [each["Properties"] for each in resources if each["Type"] == "AWS::ECS::TaskDefinition" and "Condition" not in each]
    return {
        task["Family"]["Sub"].replace("${AWS::StackName}", _STACK): [
            _role(_STACK, task[name]["GetAtt"].removesuffix(".Arn"))["Arn"] for name in ("ExecutionRoleArn", "TaskRoleArn")
        ]
        for task in tasks
    }


def _run_programs(folder: Path, calls: Path, outputs: dict[str, str], redis_url: str, namespace: str) -> None:
    """A scene from an application to its MP4 and back; then the worker freezes, and the dispatcher stops it."""
    bucket = outputs["BucketName"]
    (folder / "media").mkdir()
    media = Media(folder / "media")
    family = f"{_STACK}-dispatcher"
    (container,) = boto3.client("ecs").describe_task_definition(taskDefinition=family)["taskDefinition"]["containerDefinitions"]
    common = {
        **os.environ,
        "SCENEBURST_REDIS_URL": redis_url,
        "SCENEBURST_NAMESPACE": namespace,
        "SCENEBURST_INPUTS": f"s3://{bucket}/inputs",
        "SCENEBURST_FILE_ROOTS": json.dumps([str(folder)]),
    }
    given = {each["name"]: each["value"] for each in container["environment"]} | {
        "SCENEBURST_REDIS_URL": redis_url, "SCENEBURST_NAMESPACE": namespace, "SCENEBURST_TICK_S": "0.5",
        "SCENEBURST_IDLE_TIMEOUT_S": "600", "SCENEBURST_SCRATCH_DIR": str(folder / "scratch"),
    }  # fmt: skip
    logs = folder / "containers"
    logs.mkdir()
    theirs = {name: value for name, value in common.items() if name.startswith(("AWS_", "SCENEBURST_", "RECORDED_"))}
    theirs["RECORDED_AS"] = "container_worker"
    subnets = {_REGION: json.loads(given["SCENEBURST_ECS_SUBNETS"])}
    leave_working_folder(bucket, redis_url, namespace)
    with Simulator(logs, [sys.executable, "-c", _WORKER], theirs, subnets, cluster=outputs["ClusterName"]) as ecs:
        environment = {**common, **given, "AWS_ENDPOINT_URL_ECS": ecs.url}
        with _dispatching(folder, environment):
            inputs = str(media.image()), str(media.tone("long.mp3", 8.0))
            # Until a heartbeat has fallen into the work, which it seldom does not.
            for number in range(10):
                output, got = f"s3://{bucket}/outputs/job{number}", folder / f"got{number}"
                _run_python(_PRODUCER, common, "producer", *inputs, output, str(got))
                assert list(got.glob("*.mp4"))
                if any(call.operation == "UpdateTaskProtection" for call in read_calls(calls)):
                    break
            wait_until(lambda: "DeleteObjects" in {call.operation for call in read_calls(calls)}, "the folder is removed")
            (task,) = ecs.cluster.running()
            assert task.process is not None
            task.process.send_signal(signal.SIGSTOP)
        # Impatient only now, so that no load is taken for silence.
        with _dispatching(folder, {**environment, "SCENEBURST_SILENT_AFTER_S": "1"}):
            wait_until(lambda: ecs.calls["StopTask"], "the silent container is stopped")
    large = folder / "large"
    large.write_bytes(b"x" * (17 * 1024 * 1024))
    for program, where in (("producer", "inputs"), ("container_worker", "outputs")):
        _run_python(_BROKEN_UPLOAD, common, program, str(large), f"s3://{bucket}/{where}/broken")
    _run_python(_CLEARED_FOLDER, common, "container_worker", __file__, f"s3://{bucket}/outputs/.sceneburst/job1")


@contextlib.contextmanager
def _dispatching(folder: Path, environment: dict[str, str]) -> Iterator[None]:
    """A dispatcher runs in the block."""
    with (folder / "dispatcher.log").open("ab") as log:
        dispatcher = subprocess.Popen([sys.executable, "-m", "dispatcher"], env=environment, stdout=log, stderr=log)
        try:
            yield
        finally:
            dispatcher.terminate()
            dispatcher.wait(60)


def _run_python(program: str, environment: dict[str, str], recorded_as: str, *arguments: str) -> None:
    argv = [sys.executable, "-c", program, *arguments]
    environment = {**environment, "RECORDED_AS": recorded_as}
    ended = subprocess.run(argv, env=environment, capture_output=True, text=True, timeout=150, check=False)
    assert ended.returncode == 0, ended.stderr


@pytest.mark.parametrize("program", _ROLES)
def test_every_call_is_allowed_by_the_programs_policy(
    run: tuple[list[Call], dict[str, list[Grant]], Account], program: str
) -> None:
    """The very resource that it was about, under the policy's conditions."""
    calls, allowed, account = run
    of_program = [call for call in calls if call.program == program]
    assert of_program
    wanted = {need for call in of_program for need in needs(call, account)}
    refused = [need for need in wanted if not any(grant.covers(need) for grant in allowed[program])]
    assert refused == []


@pytest.mark.parametrize("program", _ROLES)
def test_everything_that_is_allowed_is_used(run: tuple[list[Call], dict[str, list[Grant]], Account], program: str) -> None:
    """Every action on every resource pattern of the policy."""
    calls, allowed, account = run
    wanted = [need for call in calls if call.program == program for need in needs(call, account)]
    unused = [grant for grant in allowed[program] if not any(grant.covers(need) for need in wanted)]
    assert [grant for grant in unused if (program, grant.action) not in _BY_OTHERS] == []


def test_no_program_calls_without_a_policy(run: tuple[list[Call], dict[str, list[Grant]], Account]) -> None:
    """Whoever calls is one of the three."""
    assert {call.program for call in run[0]} == set(_ROLES)


@pytest.mark.parametrize(("policy", "role"), [("ExecutionPolicy", "ExecutionRole"), ("ApiExecutionPolicy", "ApiExecutionRole")])
def test_ecs_itself_may_start_containers_and_nothing_more(policy: str, role: str) -> None:
    """Fetch the image of this one repository, write to their log groups, read the secrets that their tasks name."""
    resources = template()["Resources"]
    statements = resources[policy]["Properties"]["PolicyDocument"]["Statement"]
    fetch = {"ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"}
    assert {action for each in statements for action in _list(each["Action"])} == fetch | {
        "ecr:GetAuthorizationToken", "logs:CreateLogStream", "logs:PutLogEvents", "secretsmanager:GetSecretValue",
    }  # fmt: skip
    assert "ManagedPolicyArns" not in resources[role]["Properties"]
    tasks = [each["Properties"] for each in resources.values() if each["Type"] == "AWS::ECS::TaskDefinition"]
    of_role = [task["ContainerDefinitions"] for task in tasks if task["ExecutionRoleArn"] == {"GetAtt": f"{role}.Arn"}]
    theirs = [each for containers in of_role for each in containers]
    (readable,) = (each["Resource"] for each in statements if each["Action"] == "secretsmanager:GetSecretValue")
    named = {json.dumps(secret["ValueFrom"]) for each in theirs for secret in each["Secrets"]}
    assert named == {json.dumps(each) for each in readable}
    (logged,) = (each["Resource"] for each in statements if "logs:PutLogEvents" in each["Action"])
    groups = {each["LogConfiguration"]["Options"]["awslogs-group"]["Ref"] for each in theirs}
    assert {each["GetAtt"] for each in (logged if isinstance(logged, list) else [logged])} == {f"{group}.Arn" for group in groups}


@pytest.mark.parametrize(
    ("stack", "image", "repository"),
    [
        ("digest", f"{ACCOUNT}.dkr.ecr.eu-west-1.amazonaws.com/team/sceneburst@sha256:0123", "team/sceneburst"),
        ("tag", f"{ACCOUNT}.dkr.ecr.eu-west-1.amazonaws.com/sceneburst:1.2", "sceneburst"),
        ("elsewhere", "registry.example.org/sceneburst:1", "none"),
        ("short", "sceneburst", "none"),
    ],
)
def test_ecs_may_fetch_from_the_images_repository_alone(
    stack: str, image: str, repository: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By its name, whether it is named by digest or by tag; from nowhere in ECR where it is elsewhere."""
    with moto_server() as endpoint:
        use_aws(monkeypatch, endpoint, "us-west-2")
        deploy(stack, Image=image)
        statements = _statements("ExecutionPolicy", stack)
    (resource,) = (each["Resource"] for each in statements if "ecr:BatchGetImage" in each["Action"])
    assert resource == f"arn:aws:ecr:*:{ACCOUNT}:repository/{repository}"


def _list(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else value


def test_no_policy_reaches_further_than_it_must() -> None:
    """`*` only for what accepts nothing narrower; every ECS statement is bound to the cluster or its tasks."""
    # ListTasks' resource is a container instance, which Fargate has not: the condition narrows it.
    everywhere = {("DispatcherPolicy", "ecs:ListTasks")}
    everywhere |= {(policy, "ecr:GetAuthorizationToken") for policy in ("ExecutionPolicy", "ApiExecutionPolicy")}
    for name, resource in template()["Resources"].items():
        if resource["Type"] not in {"AWS::IAM::Policy", "AWS::IAM::ManagedPolicy"}:
            continue
        for statement in resource["Properties"]["PolicyDocument"]["Statement"]:
            if statement["Resource"] == "*":
                assert (name, statement["Action"]) in everywhere
            if statement["Action"] == "ecs:ListTasks":
                assert statement["Condition"] == {"ArnEquals": {"ecs:cluster": {"GetAtt": "Cluster.Arn"}}}
            assert "*" not in str(statement["Action"])
            if statement["Action"] == "ecs:StopTask":
                assert "aws:ResourceTag/sceneburst:namespace" in str(statement["Condition"])
