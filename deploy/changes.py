"""Creates, describes and discards a CloudFormation change set."""

import re
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from botocore.exceptions import ClientError

from deploy.failed import Failed

_NOTHING_TO_DO = ("didn't contain changes", "No updates")
#: Status of a stack that has change sets but no resources yet.
IN_REVIEW = "REVIEW_IN_PROGRESS"
#: CloudFormation's `Replacement` -> our words.
_REPLACED = {"True": "  replaced by a new one", "Conditional": "  perhaps replaced by a new one"}
#: Resource type of the cache that holds the queue.
_QUEUE = "AWS::ElastiCache::ReplicationGroup"


def parameters_of(template: str) -> set[str]:
    """Return the names of a template's parameters."""
    section = ("\n" + template).partition("\nParameters:\n")[2]
    return set(re.findall(r"^  (\w+):", re.split(r"^\w", section, maxsplit=1, flags=re.MULTILINE)[0], re.MULTILINE))


def make(client: Any, stack: str, body: str, values: Mapping[str, str], *, is_new: bool, poll_s: float) -> dict[str, Any] | None:
    """Create a change set and return its description; None if it has no changes. A refused or empty one is discarded.

    Raises:
        Failed: CloudFormation refuses it.
    """
    made = client.create_change_set(
        StackName=stack,
        ChangeSetName=f"up-{time.time_ns()}",
        ChangeSetType="CREATE" if is_new else "UPDATE",
        TemplateBody=body,
        Parameters=[{"ParameterKey": name, "ParameterValue": value} for name, value in values.items()],
        Capabilities=["CAPABILITY_IAM"],
        Tags=[{"Key": "sceneburst:namespace", "Value": values.get("Namespace", "sceneburst")}],
    )
    try:
        found = _settled(client, made["Id"], poll_s)
    except (Failed, KeyboardInterrupt):
        discard(client, stack, made["Id"])
        raise
    if found is None or not found["Changes"]:
        discard(client, stack, made["Id"])
        return None
    return {**found, "ChangeSetId": made["Id"]}


def _settled(client: Any, change_set: str, poll_s: float) -> dict[str, Any] | None:
    while True:
        found: dict[str, Any] = client.describe_change_set(ChangeSetName=change_set)
        if found["Status"] == "FAILED":
            reason = found.get("StatusReason", "")
            if any(words in reason for words in _NOTHING_TO_DO):
                return None
            raise Failed(f"the change is refused: {reason}")
        if found["Status"] == "CREATE_COMPLETE":
            changes, following = list(found["Changes"]), found.get("NextToken")
            while following:
                page = client.describe_change_set(ChangeSetName=change_set, NextToken=following)
                changes += page["Changes"]
                following = page.get("NextToken")
            return {**found, "Changes": changes}
        time.sleep(poll_s)


def discard(client: Any, stack: str, change_set: str) -> None:
    """Delete a change set, and the stack if it was created for it alone: a stack left in review blocks the name."""
    client.delete_change_set(ChangeSetName=change_set)
    try:
        (found,) = client.describe_stacks(StackName=stack)["Stacks"]
        listed = client.list_change_sets(StackName=stack)["Summaries"]
    except ClientError:
        # The stack is gone with its change set.
        return
    others = [each for each in listed if each["StackName"] == stack and each["ChangeSetId"] != change_set]
    if found["StackStatus"] == IN_REVIEW and not others:
        client.delete_stack(StackName=stack)


def lines(changes: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """Format a line per change, with a remark if the resource is replaced."""
    for change in changes:
        each = change["ResourceChange"]
        how = _REPLACED.get(each.get("Replacement", ""), "")
        yield f"{each['Action'].lower():7} {each['LogicalResourceId']:24} {each['ResourceType']}{how}"


def loses_the_queue(changes: Sequence[Mapping[str, Any]]) -> bool:
    """Return True if the changes may remove or replace the cache, and with it all jobs."""
    queues = [each for change in changes if (each := change["ResourceChange"])["ResourceType"] == _QUEUE]
    return any(each["Action"] == "Remove" or each.get("Replacement") in _REPLACED for each in queues)
