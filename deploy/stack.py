"""Puts Sceneburst's stack up, or takes it down; says what that does and costs before doing it, and is safe twice.

    deploy/up IMAGE [--stack NAME] [--parameter Name=Value …] [--yes]
    deploy/down [--stack NAME] [--yes]

Credentials and region are AWS's own: a role, a profile, its environment variables.
"""

import os
import re
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any

import boto3
import typer
from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError, NoRegionError
from rich.console import Console

from deploy.cost import COSTS_AS_OF, at_rest

TEMPLATE = Path(__file__).with_name("sceneburst.yaml")
_POLL_S = 3.0
_GONE = "does not exist"
_WORKING = ("_IN_PROGRESS",)

out = Console(highlight=False, soft_wrap=True)
StackName = Annotated[str, typer.Option("--stack", help="Name of the CloudFormation stack.")]
Yes = Annotated[bool, typer.Option("--yes", help="Do not ask.")]


class Failed(Exception):
    """One line that says what was wrong, and what to do."""


def up(
    image: Annotated[str, typer.Argument(help="The image to run, as ECS can pull it.", show_default=False)],
    stack: StackName = "sceneburst",
    parameter: Annotated[list[str] | None, typer.Option("--parameter", help="Name=Value, as in sceneburst.yaml.")] = None,
    yes: Yes = False,
) -> None:
    """Make the stack, or change it to what is asked for now; nothing happens when it is so already."""
    asked = {**_pairs(parameter or []), "Image": image}
    client = _client("cloudformation")
    existing = _describe(client, stack)
    if existing and existing["StackStatus"].endswith(_WORKING):
        raise Failed(f"{stack} is {existing['StackStatus']}: wait until that is over")
    is_new = existing is None or existing["StackStatus"] == "REVIEW_IN_PROGRESS"
    values = _merged(asked, existing)
    out.print(f"[bold]{'make' if is_new else 'change'} stack {stack}[/] in {client.meta.region_name}")
    change_set = _change_set(client, stack, values, existing if not is_new else None)
    if change_set is None:
        out.print("it is as asked for already: nothing to do")
        return
    for change in change_set["Changes"]:
        each = change["ResourceChange"]
        out.print(f"  {each['Action'].lower():7} {each['LogicalResourceId']:24} {each['ResourceType']}")
    for line in at_rest(values):
        out.print(f"  {line}")
    out.print(f"  (us-east-1 list prices of {COSTS_AS_OF}; containers, media and traffic cost what is used)")
    _confirm(f"{len(change_set['Changes'])} changes", is_sure=yes)
    client.execute_change_set(ChangeSetName=change_set["ChangeSetId"])
    _follow(client, stack)
    for output in _existing(client, stack).get("Outputs", []):
        out.print(f"  {output['OutputKey']:22} {output['OutputValue']}")


def down(stack: StackName = "sceneburst", yes: Yes = False) -> None:
    """Stop all containers and delete the stack; the bucket with its videos stays."""
    client = _client("cloudformation")
    existing = _describe(client, stack)
    if existing is None:
        out.print(f"there is no stack {stack} in {client.meta.region_name}: nothing to do")
        return
    outputs = {each["OutputKey"]: each["OutputValue"] for each in existing.get("Outputs", [])}
    out.print(f"[bold]delete stack {stack}[/] in {client.meta.region_name}")
    out.print("  stops every dispatcher and container; what they work on is lost with the queue")
    out.print("  deletes the queue (a last snapshot of the cache is kept), logs, passwords, roles and network")
    out.print(f"  keeps the bucket {outputs.get('BucketName', 'of the stack')} and all that is in it")
    _confirm("all that", is_sure=yes)
    _stop_containers(stack)
    client.delete_stack(StackName=stack)
    _follow(client, stack)


def _pairs(parameters: list[str]) -> dict[str, str]:
    pairs = {name: value for name, _, value in (each.partition("=") for each in parameters)}
    section = _body().partition("\nParameters:\n")[2].partition("\nConditions:\n")[0]
    known = set(re.findall(r"^  (\w+):$", section, re.MULTILINE))
    if unknown := sorted(set(pairs) - known):
        raise Failed(f"unknown parameter {', '.join(unknown)}; there are {', '.join(sorted(known))}")
    return pairs


def _client(service: str) -> Any:
    # boto3 itself reads only AWS_DEFAULT_REGION.
    clients: Any = boto3
    return clients.client(service, region_name=os.environ.get("AWS_REGION"))


def _body() -> str:
    return TEMPLATE.read_text(encoding="utf-8")


def _describe(client: Any, stack: str) -> dict[str, Any] | None:
    try:
        return dict(client.describe_stacks(StackName=stack)["Stacks"][0])
    except ClientError as error:
        if _GONE in str(error):
            return None
        raise


def _existing(client: Any, stack: str) -> dict[str, Any]:
    return _describe(client, stack) or {}


def _merged(asked: Mapping[str, str], existing: Mapping[str, Any] | None) -> dict[str, str]:
    """What was asked for before stays, where it is not asked for anew."""
    before = {each["ParameterKey"]: each["ParameterValue"] for each in (existing or {}).get("Parameters", [])}
    return {**before, **asked}


def _change_set(client: Any, stack: str, values: Mapping[str, str], existing: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """What would be done; None when that is nothing."""
    made = client.create_change_set(
        StackName=stack,
        ChangeSetName=f"up-{int(time.time())}",
        ChangeSetType="UPDATE" if existing else "CREATE",
        TemplateBody=_body(),
        Parameters=[{"ParameterKey": name, "ParameterValue": value} for name, value in values.items()],
        Capabilities=["CAPABILITY_IAM"],
        Tags=[{"Key": "sceneburst:namespace", "Value": values.get("Namespace", "sceneburst")}],
    )
    while True:
        found: dict[str, Any] = client.describe_change_set(ChangeSetName=made["Id"])
        if found["Status"] == "FAILED":
            reason = found.get("StatusReason", "")
            client.delete_change_set(ChangeSetName=made["Id"])
            if "didn't contain changes" in reason or "No updates" in reason:
                return None
            raise Failed(f"the change is refused: {reason}")
        if found["Status"] == "CREATE_COMPLETE":
            return {**found, "ChangeSetId": made["Id"]} if found["Changes"] else None
        time.sleep(_POLL_S)


def _stop_containers(cluster: str) -> None:
    """First the dispatchers, which would launch new ones; then whatever runs. The cluster is named after the stack."""
    ecs = _client("ecs")
    try:
        services = ecs.list_services(cluster=cluster)["serviceArns"]
    except ecs.exceptions.ClusterNotFoundException:
        return
    for service in services:
        ecs.update_service(cluster=cluster, service=service, desiredCount=0)
    stopped = 0
    for task in _tasks(ecs, cluster):
        ecs.stop_task(cluster=cluster, task=task, reason="the stack is taken down")
        stopped += 1
    out.print(f"  {stopped} containers are stopping")


def _tasks(ecs: Any, cluster: str) -> Iterator[str]:
    for page in ecs.get_paginator("list_tasks").paginate(cluster=cluster):
        yield from page["taskArns"]


def _confirm(what: str, *, is_sure: bool) -> None:
    if not is_sure and not typer.confirm(f"do {what}?"):
        raise Failed("nothing was done")


def _follow(client: Any, stack: str) -> None:
    """Say each step that CloudFormation takes until it is done."""
    said: set[str] = set()
    arn = _existing(client, stack).get("StackId", stack)
    with out.status("CloudFormation works …"):
        while True:
            for event in _events(client, arn):
                if event["EventId"] not in said:
                    said.add(event["EventId"])
                    reason = event.get("ResourceStatusReason", "")
                    out.print(f"  {event.get('ResourceStatus', ''):28} {event.get('LogicalResourceId', '')} {reason}")
            found = _describe(client, arn)
            status = found["StackStatus"] if found else "DELETE_COMPLETE"
            if not status.endswith(_WORKING):
                break
            time.sleep(_POLL_S)
    if status not in {"CREATE_COMPLETE", "UPDATE_COMPLETE", "DELETE_COMPLETE"}:
        raise Failed(f"{stack} ended as {status}; the lines above say why. deploy/down removes what is left of it")
    out.print(f"{stack}: {status}")


def _events(client: Any, stack: str) -> list[dict[str, Any]]:
    try:
        return list(reversed(client.describe_stack_events(StackName=stack)["StackEvents"]))
    except ClientError:
        return []


def main(command: Any) -> None:
    """Run one of the two; every foreseeable error is a line."""
    sys.argv[0] = f"deploy/{command.__name__}"
    try:
        typer.run(command)
    except (NoCredentialsError, NoRegionError) as error:
        raise SystemExit(f"{error}: log in to AWS first (aws configure, or a role), and set AWS_REGION") from None
    except (Failed, ClientError, BotoCoreError) as error:
        raise SystemExit(f"error: {error}") from None
