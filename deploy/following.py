"""Follows the events of one CloudFormation stack until it has reached a final status."""

import time
from collections.abc import Callable, Iterator
from typing import Any

from botocore.exceptions import ClientError

from deploy.failed import Failed

_WORKING = "_IN_PROGRESS"
_DELETED = "DELETE_COMPLETE"
#: CloudFormation begins within seconds.
_BEGIN_LIMIT_S = 120.0


class Following:
    """Prints the events of an operation; create it before the operation starts, so that older events are not taken for its own.

    The stack's status alone does not suffice: for a moment it may still be that of the operation before.

    Args:
        client: boto3's CloudFormation.
        stack: its ARN; the name may belong to another stack once this one is deleted.
    """

    def __init__(self, client: Any, stack: str) -> None:
        self._client, self._stack = client, stack
        self._printed: set[str] = set()
        self._printed |= {event["EventId"] for event in self._events()}

    def to(
        self, expected: str, print_line: Callable[[str], None], poll_s: float, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """Print every event until the stack has a final status.

        Raises:
            Failed: it ended with another status, or the operation has not begun in time.
        """
        begin_by, before = clock() + _BEGIN_LIMIT_S, len(self._printed)
        while not (ended := self._step(print_line)):
            if expected == _DELETED and self._is_deleted():
                return
            if len(self._printed) == before and clock() > begin_by:
                raise Failed(f"CloudFormation has not begun within {_BEGIN_LIMIT_S:.0f} s")
            time.sleep(poll_s)
        if ended != expected:
            raise Failed(f"the stack ended as {ended}; the lines above say why. deploy/down removes what is left of it")

    def _step(self, print_line: Callable[[str], None]) -> str:
        """Print new events; returns the stack's final status, or an empty string."""
        ended = ""
        for event in reversed(list(self._events())):
            self._printed.add(event["EventId"])
            status, name = event.get("ResourceStatus", ""), event.get("LogicalResourceId", "")
            print_line(f"{status:28} {name} {event.get('ResourceStatusReason', '')}".rstrip())
            if event.get("ResourceType") == "AWS::CloudFormation::Stack" and not status.endswith(_WORKING):
                ended = status
        return ended

    def _events(self) -> Iterator[dict[str, Any]]:
        """Yield the events not printed yet, newest first."""
        try:
            for page in self._client.get_paginator("describe_stack_events").paginate(StackName=self._stack):
                for event in page["StackEvents"]:
                    if event["EventId"] in self._printed:
                        return
                    yield event
        except ClientError:
            # Retried by the next step; a deleted stack has no events.
            return

    def _is_deleted(self) -> bool:
        try:
            (found,) = self._client.describe_stacks(StackName=self._stack)["Stacks"]
        except ClientError as error:
            if "does not exist" in str(error):
                return True
            raise
        return bool(found["StackStatus"] == _DELETED)
