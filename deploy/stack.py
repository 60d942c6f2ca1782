"""Creates, changes or deletes Sceneburst's stack; says what that does and costs beforehand, and is safe twice.

    deploy/up IMAGE [--stack NAME] [--parameter Name=Value …] [--yes [--lose-queue]]
    deploy/down [--stack NAME] [--yes]

Credentials and region are AWS's own: a role, a profile, its environment variables.
"""

import os
import re
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import boto3
import typer
from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError, NoRegionError
from rich.console import Console

from deploy import changes, containers
from deploy.cost import COSTS_AS_OF, at_rest
from deploy.failed import Failed
from deploy.following import Following

TEMPLATE = Path(__file__).with_name("sceneburst.yaml")
_POLL_S = 3.0
#: The cache's users are named "<stack>-<role>", at most 40 characters; "-dispatcher" is the longest suffix.
MAX_STACK_NAME = 40 - len("-dispatcher")
#: Statuses of a stack that was never complete and can only be deleted.
_NEVER_COMPLETE = frozenset({"CREATE_FAILED", "ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "DELETE_FAILED"})

out = Console(highlight=False, soft_wrap=True)
StackName = Annotated[str, typer.Option("--stack", help="Name of the CloudFormation stack.")]
Yes = Annotated[bool, typer.Option("--yes", help="Do not ask for confirmation.")]
Lose = Annotated[bool, typer.Option("--lose-queue", help="With --yes: agree to a change that replaces the cache.")]


def up(
    image: Annotated[str, typer.Argument(help="Address of the image, from which ECS can pull it.", show_default=False)],
    stack: StackName = "sceneburst",
    parameter: Annotated[
        list[str] | None, typer.Option("--parameter", help="Name=Value; the names are in sceneburst.yaml.")
    ] = None,
    yes: Yes = False,
    lose_queue: Lose = False,
) -> None:
    """Make the stack, or change it to what is asked for now; nothing happens when it is so already."""
    _check_name(stack)
    asked = {**_pairs(parameter or []), "Image": image}
    client = _client("cloudformation")
    existing = _describe(client, stack)
    status = existing["StackStatus"] if existing else changes.IN_REVIEW
    if status.endswith("_IN_PROGRESS") and status != changes.IN_REVIEW:
        raise Failed(f"{stack} is {status}: wait until that is over")
    if status in _NEVER_COMPLETE:
        raise Failed(f"{stack} is {status}, which nothing mends: deploy/down --stack {stack}, then this again")
    is_new = status == changes.IN_REVIEW
    values = _merged(asked, existing)
    out.print(f"[bold]{'make' if is_new else 'change'} stack {stack}[/] in {client.meta.region_name}")
    change_set = changes.make(client, stack, _body(), values, is_new=is_new, poll_s=_POLL_S)
    if change_set is None:
        out.print("it is as asked for already: nothing to do")
        return
    try:
        _print_changes(change_set["Changes"], values)
        count = len(change_set["Changes"])
        _confirm("1 change" if count == 1 else f"{count} changes", is_sure=yes)
        if changes.loses_the_queue(change_set["Changes"]):
            out.print("[bold red]THE CACHE IS REPLACED OR REMOVED, AND WITH IT EVERY JOB THAT WAITS OR RUNS.[/]")
            out.print("  let the queue run empty first, or answer no and leave the cache's parameters as they are")
            _confirm("that, and lose the queue", is_sure=yes and lose_queue)
    except (Failed, typer.Abort):
        changes.discard(client, stack, change_set["ChangeSetId"])
        raise
    following = Following(client, _stack_id(client, stack))
    client.execute_change_set(ChangeSetName=change_set["ChangeSetId"])
    _follow(following, "CREATE_COMPLETE" if is_new else "UPDATE_COMPLETE", stack)
    for output in (_describe(client, stack) or {}).get("Outputs", []):
        out.print(f"  {output['OutputKey']:22} {output['OutputValue']}")


def _print_changes(changed: list[dict[str, Any]], values: Mapping[str, str]) -> None:
    for line in changes.lines(changed):
        out.print(f"  {line}")
    for line in at_rest(values):
        out.print(f"  {line}")
    out.print(f"  (us-east-1 list prices of {COSTS_AS_OF}; containers, media and traffic cost what is used)")
    if values.get("AlarmEmail"):
        out.print("  the monthly budget counts what is tagged sceneburst:namespace: activate that tag in Billing, under cost")
        out.print("  allocation tags (once, and a day after the first costs), else it counts nothing and no mail comes")


def down(stack: StackName = "sceneburst", yes: Yes = False) -> None:
    """Stop all containers and delete the stack; the bucket with its videos stays."""
    client = _client("cloudformation")
    existing = _describe(client, stack)
    if existing is None:
        out.print(f"there is no stack {stack} in {client.meta.region_name}: nothing to do")
        return
    outputs = {each["OutputKey"]: each["OutputValue"] for each in existing.get("Outputs", [])}
    out.print(f"[bold]delete stack {stack}[/] in {client.meta.region_name}")
    out.print("  stops every dispatcher and container, and waits for them; what they work on is lost with the queue")
    out.print("  deletes the queue (a last snapshot of the cache is kept), logs, passwords, roles and network")
    out.print(f"  keeps the bucket {outputs.get('BucketName', 'of the stack')} and all that is in it")
    _confirm("all that", is_sure=yes)
    with out.status("containers end, which takes two minutes at most …"):
        containers.stop_all(_client("ecs"), stack, lambda line: out.print(f"  {line}"), poll_s=_POLL_S)
    following = Following(client, existing["StackId"])
    # A second call changes nothing.
    client.delete_stack(StackName=existing["StackId"])
    _follow(following, "DELETE_COMPLETE", stack)


def _check_name(stack: str) -> None:
    # Names of cache users have no capitals.
    if len(stack) > MAX_STACK_NAME or not re.fullmatch(r"[a-z][a-z0-9]*(-[a-z0-9]+)*", stack):
        raise Failed(
            f"{stack!r} cannot name the stack: at most {MAX_STACK_NAME} small letters, digits and single hyphens, a letter "
            "first, since the cache's users are named after it"
        )


def _pairs(parameters: list[str]) -> dict[str, str]:
    pairs = {name: value for name, _, value in (each.partition("=") for each in parameters)}
    known = changes.parameters_of(_body())
    if unknown := sorted(set(pairs) - known):
        raise Failed(f"unknown parameter {', '.join(unknown)}; there are {', '.join(sorted(known))}")
    return pairs


def _client(service: str) -> Any:
    # boto3 reads only AWS_DEFAULT_REGION.
    clients: Any = boto3
    return clients.client(service, region_name=os.environ.get("AWS_REGION"))


def _body() -> str:
    return TEMPLATE.read_text(encoding="utf-8")


def _describe(client: Any, stack: str) -> dict[str, Any] | None:
    try:
        return dict(client.describe_stacks(StackName=stack)["Stacks"][0])
    except ClientError as error:
        if "does not exist" in str(error):
            return None
        raise


def _stack_id(client: Any, stack: str) -> str:
    return str((_describe(client, stack) or {}).get("StackId", stack))


def _merged(asked: Mapping[str, str], existing: Mapping[str, Any] | None) -> dict[str, str]:
    """Keep earlier parameters unless they are given again or the template no longer has them."""
    before = {each["ParameterKey"]: each["ParameterValue"] for each in (existing or {}).get("Parameters", [])}
    known = changes.parameters_of(_body())
    for name in sorted(set(before) - known):
        out.print(f"  forgets {name}={before[name]}: the template has no such parameter any more")
    return {**{name: value for name, value in before.items() if name in known}, **asked}


def _confirm(what: str, *, is_sure: bool) -> None:
    if not is_sure and not typer.confirm(f"do {what}?"):
        raise Failed("nothing was done")


def _follow(following: Following, expected: str, stack: str) -> None:
    with out.status("CloudFormation works …"):
        following.to(expected, lambda line: out.print(f"  {line}"), _POLL_S)
    out.print(f"{stack}: {expected}")


def main(command: Any) -> None:
    """Run `up` or `down`; print every foreseeable error as one line."""
    sys.argv[0] = f"deploy/{command.__name__}"
    try:
        typer.run(command)
    except (NoCredentialsError, NoRegionError) as error:
        raise SystemExit(f"{error}: log in to AWS first (aws configure, or a role), and set AWS_REGION") from None
    except (Failed, ClientError, BotoCoreError) as error:
        raise SystemExit(f"error: {error}") from None
