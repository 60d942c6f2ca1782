"""Follows CloudFormation at its work on one stack, event by event, to the end that was asked for."""

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
    """Made before the work is asked for, so that what it finds afterwards is of that work.

    A status alone would not do: for a moment it may still be the one of the work before.

    Args:
        client: boto3's CloudFormation.
        stack: its ARN; a name is taken by another stack once the first is deleted.
    """

    def __init__(self, client: Any, stack: str) -> None:
        self._client, self._stack = client, stack
        self._said: set[str] = set()
        self._said |= {event["EventId"] for event in self._events()}

    def to(self, expected: str, say: Callable[[str], None], poll_s: float, clock: Callable[[], float] = time.monotonic) -> None:
        """Say every step until the stack has come to rest.

        Raises:
            Failed: it rests as something else, or nothing has begun.
        """
        begin_by, before = clock() + _BEGIN_LIMIT_S, len(self._said)
        while not (ended := self._step(say)):
            if expected == _DELETED and self._is_deleted():
                return
            if len(self._said) == before and clock() > begin_by:
                raise Failed(f"CloudFormation has not begun within {_BEGIN_LIMIT_S:.0f} s")
            time.sleep(poll_s)
        if ended != expected:
            raise Failed(f"the stack ended as {ended}; the lines above say why. deploy/down removes what is left of it")

    def _step(self, say: Callable[[str], None]) -> str:
        """Say what is new; the stack's own final status, once there is one."""
        ended = ""
        for event in reversed(list(self._events())):
            self._said.add(event["EventId"])
            status, name = event.get("ResourceStatus", ""), event.get("LogicalResourceId", "")
            say(f"{status:28} {name} {event.get('ResourceStatusReason', '')}".rstrip())
            if event.get("ResourceType") == "AWS::CloudFormation::Stack" and not status.endswith(_WORKING):
                ended = status
        return ended

    def _events(self) -> Iterator[dict[str, Any]]:
        """Those not said yet, newest first."""
        try:
            for page in self._client.get_paginator("describe_stack_events").paginate(StackName=self._stack):
                for event in page["StackEvents"]:
                    if event["EventId"] in self._said:
                        return
                    yield event
        except ClientError:
            # Asked again at the next look; and a stack may be gone with its events.
            return

    def _is_deleted(self) -> bool:
        try:
            (found,) = self._client.describe_stacks(StackName=self._stack)["Stacks"]
        except ClientError as error:
            if "does not exist" in str(error):
                return True
            raise
        return bool(found["StackStatus"] == _DELETED)
