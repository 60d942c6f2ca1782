"""Following CloudFormation: an old status is not taken for the end of new work."""

from typing import Any

import pytest

from deploy.failed import Failed
from deploy.following import Following

_STACK = "AWS::CloudFormation::Stack"


class Work:
    """Tells events as CloudFormation does: newest first, all that there have been."""

    def __init__(self, *steps: list[tuple[str, str]]) -> None:
        self._steps, self._events, self._told = list(steps), list[dict[str, Any]](), 0
        self.status = "CREATE_COMPLETE"

    def get_paginator(self, _operation: str) -> "Work":
        return self

    def paginate(self, **_asked: str) -> list[dict[str, Any]]:
        for kind, status in self._steps.pop(0) if self._steps else []:
            self._told += 1
            event = {"EventId": str(self._told), "ResourceType": kind, "ResourceStatus": status, "LogicalResourceId": "x"}
            self._events.insert(0, event)
        return [{"StackEvents": self._events[:1]}, {"StackEvents": self._events[1:]}]

    def describe_stacks(self, **_asked: str) -> dict[str, Any]:
        return {"Stacks": [{"StackStatus": self.status}]}


def _follow(work: Work, expected: str) -> list[str]:
    said: list[str] = []
    Following(work, "arn").to(expected, said.append, poll_s=0)
    return said


def test_the_status_of_the_work_before_is_not_the_end_of_this() -> None:
    """The events of then are not said either."""
    work = Work([(_STACK, "CREATE_COMPLETE")], [], [], [(_STACK, "DELETE_IN_PROGRESS")], [], [(_STACK, "DELETE_COMPLETE")])
    assert [line.split()[0] for line in _follow(work, "DELETE_COMPLETE")] == ["DELETE_IN_PROGRESS", "DELETE_COMPLETE"]


def test_a_resource_that_is_complete_is_not_the_whole_stack() -> None:
    """Each of them is said."""
    work = Work([], [("AWS::S3::Bucket", "CREATE_COMPLETE")], [(_STACK, "CREATE_COMPLETE")])
    assert len(_follow(work, "CREATE_COMPLETE")) == 2


@pytest.mark.parametrize("ended", ["UPDATE_ROLLBACK_COMPLETE", "DELETE_FAILED", "DELETE_COMPLETE"])
def test_another_end_than_was_asked_for_is_a_failure(ended: str) -> None:
    """A deletion that somebody else asked for meanwhile, too."""
    with pytest.raises(Failed, match=f"ended as {ended}"):
        _follow(Work([], [(_STACK, ended)]), "UPDATE_COMPLETE")


def test_a_stack_that_is_gone_with_its_events_is_deleted() -> None:
    """After a while CloudFormation tells no more than that."""
    work = Work([])
    work.status = "DELETE_COMPLETE"
    assert _follow(work, "DELETE_COMPLETE") == []


def test_work_that_never_begins_is_not_waited_for_for_ever() -> None:
    """Two minutes by the clock."""
    clock = iter(range(0, 1000, 50))
    with pytest.raises(Failed, match="has not begun"):
        Following(Work([(_STACK, "CREATE_COMPLETE")]), "arn").to("UPDATE_COMPLETE", print, 0, lambda: next(clock))
