"""Permissions that recorded API calls need, and a check of a policy's statements against them: operation, resource and condition.

Source of the needs: AWS, Service Authorization Reference.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Call:
    """One recorded call."""

    program: str
    service: str
    operation: str
    parameters: Mapping[str, Any] = field(hash=False)

    @property
    def name(self) -> str:
        return f"{self.service}.{self.operation}"


@dataclass(frozen=True)
class Need:
    """An action on a resource, and what is known of the request."""

    action: str
    resource: str
    context: Mapping[str, str] = field(default_factory=dict, hash=False)


@dataclass(frozen=True)
class Grant:
    """One action on one resource pattern that a policy allows, under a condition."""

    action: str
    resource: str
    #: Operator, name and value.
    conditions: tuple[tuple[str, str, str], ...] = ()

    def covers(self, need: Need) -> bool:
        """Return True if this grant allows the permission."""
        matches = self.action == need.action and _fits(self.resource, need.resource)
        return matches and all(_holds(operator, need.context.get(name), value) for operator, name, value in self.conditions)


def _holds(operator: str, given: str | None, value: str) -> bool:
    return given is not None and (_fits(value, given) if operator == "StringLike" else given == value)


def _fits(pattern: str, text: str) -> bool:
    """IAM's wildcards: `*` for any characters, `?` for one."""
    return re.fullmatch(re.escape(pattern).replace(r"\*", ".*").replace(r"\?", "."), text) is not None


def read_calls(folder: Path) -> list[Call]:
    """All that was recorded."""
    lines = [line for file in sorted(folder.glob("*.jsonl")) for line in file.read_text(encoding="utf-8").splitlines()]
    return [Call(**json.loads(line)) for line in lines]


def grants(statements: Sequence[Mapping[str, Any]]) -> Iterator[Grant]:
    """Return a policy's allowing statements, one grant each."""
    for statement in statements:
        assert statement["Effect"] == "Allow"
        asked = [(operator, *pair) for operator, pairs in statement.get("Condition", {}).items() for pair in pairs.items()]
        for action in _listed(statement["Action"]):
            for resource in _listed(statement["Resource"]):
                yield Grant(action, resource, tuple(asked))


def _listed(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else value


@dataclass(frozen=True)
class Account:
    """Account and names under which the calls were made."""

    region: str
    number: str
    cluster: str
    #: Family of a task definition -> the roles it names.
    roles: Mapping[str, Sequence[str]]
    #: The namespace that the fleet tagged its tasks with, from its own RunTask calls.
    namespace: str

    def ecs(self, kind: str, name: str) -> str:
        """The ARN of something of ECS's."""
        return f"arn:aws:ecs:{self.region}:{self.number}:{kind}/{name}"


def needs(call: Call, account: Account) -> list[Need]:
    """Return the permissions that one call needs."""
    return _NEEDS[call.name](call.parameters, account)


def _object(action: str) -> Callable[[Mapping[str, Any], Account], list[Need]]:
    return lambda given, _: [Need(action, f"arn:aws:s3:::{given['Bucket']}/{given['Key']}")]


def _bucket(given: Mapping[str, Any], _account: Account) -> list[Need]:
    # HeadBucket names no prefix.
    context = {"s3:prefix": given["Prefix"]} if "Prefix" in given else {}
    return [Need("s3:ListBucket", f"arn:aws:s3:::{given['Bucket']}", context)]


def _delete_objects(given: Mapping[str, Any], account: Account) -> list[Need]:
    named = [{"Bucket": given["Bucket"], "Key": each["Key"]} for each in given["Delete"]["Objects"]]
    return [need for each in named for need in _object("s3:DeleteObject")(each, account)]


def _head_object(given: Mapping[str, Any], account: Account) -> list[Need]:
    # Without ListBucket, S3 answers 403 for an object that is not there.
    return [*_object("s3:GetObject")(given, account), *_bucket(given, account)]


def _run_task(given: Mapping[str, Any], account: Account) -> list[Need]:
    family = given["taskDefinition"].split(":")[0]
    cluster = {"ecs:cluster": account.ecs("cluster", account.cluster)}
    passed = {"iam:PassedToService": "ecs-tasks.amazonaws.com"}
    return [
        Need("ecs:RunTask", account.ecs("task-definition", f"{family}:1"), cluster),
        # Tagged as it is made, so by nobody's leave but the creator's.
        Need("ecs:TagResource", account.ecs("task", f"{account.cluster}/0123456789abcdef"), {"ecs:CreateAction": "RunTask"}),
        *(Need("iam:PassRole", role, passed) for role in account.roles[family]),
    ]


def _list_tasks(_given: Mapping[str, Any], account: Account) -> list[Need]:
    # Its resource is a container instance; Fargate has none, and only "*" matches.
    return [Need("ecs:ListTasks", "*", {"ecs:cluster": account.ecs("cluster", account.cluster)})]


def _tasks(action: str) -> Callable[[Mapping[str, Any], Account], list[Need]]:
    def needed(given: Mapping[str, Any], account: Account) -> list[Need]:
        context = {"aws:ResourceTag/sceneburst:namespace": account.namespace}
        names = [name.rpartition("/")[2] for name in given.get("tasks") or [given["task"]]]
        return [Need(action, account.ecs("task", f"{account.cluster}/{name}"), context) for name in names]

    return needed


_NEEDS: Mapping[str, Callable[[Mapping[str, Any], Account], list[Need]]] = {
    "s3.GetObject": _object("s3:GetObject"),
    "s3.HeadObject": _head_object,
    "s3.HeadBucket": _bucket,
    "s3.ListObjectsV2": _bucket,
    "s3.DeleteObjects": _delete_objects,
    "s3.PutObject": _object("s3:PutObject"),
    "s3.CreateMultipartUpload": _object("s3:PutObject"),
    "s3.UploadPart": _object("s3:PutObject"),
    "s3.CompleteMultipartUpload": _object("s3:PutObject"),
    "s3.AbortMultipartUpload": _object("s3:AbortMultipartUpload"),
    "ecs.RunTask": _run_task,
    "ecs.ListTasks": _list_tasks,
    "ecs.DescribeTasks": _tasks("ecs:DescribeTasks"),
    "ecs.StopTask": _tasks("ecs:StopTask"),
    "ecs.UpdateTaskProtection": _tasks("ecs:UpdateTaskProtection"),
}
