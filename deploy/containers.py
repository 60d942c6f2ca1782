"""Stops all services and tasks of a cluster, and waits until they have stopped."""

import time
from collections.abc import Callable, Iterator
from typing import Any

from botocore.exceptions import ClientError

from deploy.failed import Failed

#: A dispatcher has 30 s to stop and may launch until then; a container has 120 s after that, and is deprovisioned.
STOP_LIMIT_S = 300.0
#: Listings without a task before all count as stopped, as a task is listed only a moment after its launch.
_QUIET_LISTINGS = 2
#: Errors for a service or task that is stopping or gone; ECS also reports these as an invalid parameter.
_GONE = frozenset(
    {"ServiceNotActiveException", "ServiceNotFoundException", "ClusterNotFoundException", "InvalidParameterException"}
)


def stop_all(
    ecs: Any,
    cluster: str,
    say: Callable[[str], None],
    *,
    poll_s: float,
    limit_s: float = STOP_LIMIT_S,
    clock: Callable[[], float] = time.monotonic,
) -> None:
    """Stop the services first, as dispatchers would launch new tasks, then all tasks until none is listed.

    Safe twice, and at the same time as another run: tasks that are gone already are ignored.

    Raises:
        Failed: something still runs at the limit.
    """
    services = list(_services(ecs, cluster))
    for service in services:
        _unless_gone(ecs.update_service, cluster=cluster, service=service, desiredCount=0)
    asked: set[str] = set()
    deadline, quiet = clock() + limit_s, 0
    while quiet < _QUIET_LISTINGS:
        running = set(_tasks(ecs, cluster))
        quiet = 0 if running else quiet + 1
        for task in sorted(running - asked):
            _unless_gone(ecs.stop_task, cluster=cluster, task=task, reason="the stack is taken down")
        if new := running - asked:
            asked |= new
            say(f"containers that are stopping: {len(new)}")
        if clock() > deadline:
            raise Failed(f"containers of {cluster} that still run after {limit_s:.0f} s: {len(running)}; run deploy/down again")
        time.sleep(poll_s)
    say(f"containers that have stopped: {len(asked)}" if asked else "no container runs")


def _services(ecs: Any, cluster: str) -> Iterator[str]:
    try:
        for page in ecs.get_paginator("list_services").paginate(cluster=cluster):
            yield from page["serviceArns"]
    except ecs.exceptions.ClusterNotFoundException:
        return


def _tasks(ecs: Any, cluster: str) -> Iterator[str]:
    """Yield the tasks that run and those that are stopping."""
    try:
        for status in ("RUNNING", "STOPPED"):
            for page in ecs.get_paginator("list_tasks").paginate(cluster=cluster, desiredStatus=status):
                if status == "RUNNING":
                    yield from page["taskArns"]
                elif page["taskArns"]:
                    told = ecs.describe_tasks(cluster=cluster, tasks=page["taskArns"])["tasks"]
                    yield from (each["taskArn"] for each in told if each["lastStatus"] != "STOPPED")
    except ecs.exceptions.ClusterNotFoundException:
        return


def _unless_gone(call: Callable[..., object], **arguments: object) -> None:
    try:
        call(**arguments)
    except ClientError as error:
        if error.response["Error"]["Code"] not in _GONE:
            raise
