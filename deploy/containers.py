"""Ends everything that runs in a cluster, and waits until it has ended."""

import time
from collections.abc import Callable, Iterator
from typing import Any

from botocore.exceptions import ClientError

from deploy.failed import Failed

#: A dispatcher has 30 s to end and may launch until then; a container then has 120 s, and is deprovisioned.
STOP_LIMIT_S = 300.0
#: A task is listed a moment after it has been launched.
_QUIET_LOOKS = 2
#: A service or task that is going or gone; ECS words both as a wrong parameter too.
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
    """First the dispatchers, which would launch new ones; then whatever runs, looked at anew until nothing does.

    Safe twice, and while somebody else does the same: what is gone already is as it should be.

    Raises:
        Failed: something still runs at the limit.
    """
    services = list(_services(ecs, cluster))
    for service in services:
        _unless_gone(ecs.update_service, cluster=cluster, service=service, desiredCount=0)
    asked: set[str] = set()
    deadline, quiet = clock() + limit_s, 0
    while quiet < _QUIET_LOOKS:
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
    """Those that are to run, and those that are to stop and have not yet."""
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
