"""Ending all containers of a cluster: looked at anew until nothing runs, and safe beside somebody who does the same."""

from typing import Any

import pytest
from botocore.exceptions import ClientError

from deploy.containers import stop_all
from deploy.failed import Failed


def _refusal(code: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": "gone"}}, "Operation")


class Exceptions:
    """As boto3 has them."""

    class ClusterNotFoundException(Exception):
        """No such cluster."""


class Ecs:
    """A cluster whose tasks take some looks to end; its dispatcher launches one more after it was told to end."""

    exceptions = Exceptions

    def __init__(self, looks_to_end: int = 2) -> None:
        self.running = {"dispatcher": 0, "worker": 0}
        self._looks_to_end = looks_to_end
        self.stopping: dict[str, int] = {}
        self.asked: list[str] = []
        self.refuses = ""
        self.late = ["late"]

    def get_paginator(self, operation: str) -> Any:
        ecs = self

        class Pages:
            """One page of each."""

            def paginate(self, **asked: str) -> list[dict[str, Any]]:
                if operation == "list_services":
                    return [{"serviceArns": ["dispatchers"]}]
                return [{"taskArns": sorted(ecs._look() if asked["desiredStatus"] == "RUNNING" else ecs.stopping)}]

        return Pages()

    def _look(self) -> dict[str, int]:
        for name in list(self.stopping):
            self.stopping[name] -= 1
            if self.stopping[name] <= 0:
                del self.stopping[name]
                if name == "dispatcher" and self.late:
                    self.running[self.late.pop()] = 0
        return self.running

    def describe_tasks(self, cluster: str, tasks: list[str]) -> dict[str, Any]:
        return {"tasks": [{"taskArn": task, "lastStatus": "STOPPING"} for task in tasks]}

    def update_service(self, **asked: Any) -> None:
        assert asked["desiredCount"] == 0
        if self.refuses:
            raise _refusal(self.refuses)

    def stop_task(self, task: str, **_asked: str) -> None:
        self.asked.append(task)
        if self.running.pop(task, None) is not None:
            self.stopping[task] = self._looks_to_end
        if self.refuses:
            raise _refusal(self.refuses)


def test_what_a_dispatcher_launches_while_it_ends_is_stopped_too() -> None:
    """Afterwards nothing runs, and nothing is on its way to its end."""
    ecs, said = Ecs(), list[str]()
    stop_all(ecs, "videos", said.append, poll_s=0)
    assert sorted(ecs.asked) == ["dispatcher", "late", "worker"]
    assert not ecs.running
    assert not ecs.stopping
    assert said[-1] == "containers that have stopped: 3"


@pytest.mark.parametrize("code", ["ServiceNotActiveException", "InvalidParameterException"])
def test_a_service_that_drains_and_a_task_that_is_gone_are_as_they_should_be(code: str) -> None:
    """Somebody else takes the stack down at the same time."""
    ecs = Ecs()
    ecs.refuses = code
    stop_all(ecs, "videos", print, poll_s=0)
    assert not ecs.running


def test_a_refusal_of_another_kind_is_told() -> None:
    """Such as a role that may not."""
    ecs = Ecs()
    ecs.refuses = "AccessDeniedException"
    with pytest.raises(ClientError, match="AccessDenied"):
        stop_all(ecs, "videos", print, poll_s=0)


def test_what_does_not_end_within_the_limit_is_said() -> None:
    """Nothing is deleted under it."""
    clock = iter(range(0, 100_000, 100))
    with pytest.raises(Failed, match="still run after 300 s"):
        stop_all(Ecs(looks_to_end=10_000), "videos", print, poll_s=0, clock=lambda: next(clock))
