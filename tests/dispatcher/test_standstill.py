"""The reason that nothing more is launched is decided purely, and told to whoever waits."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from dispatcher.fleets.base import FleetContainer, Hardware, LaunchRequest, LaunchResult
from dispatcher.planner import Plan, Policy
from dispatcher.standstill import standstill
from dispatcher.tick import Dispatcher
from dispatcher.wishes import Order
from producer import Producer
from scenequeue.errors import FleetError, InvalidScenes
from scenequeue.items import ContainerRecord
from scenequeue.names import ContainerId
from scenequeue.queue import SceneQueue
from scenequeue.settings import DispatcherSettings, ProducerSettings
from tests.media import Media
from tests.scenequeue.jobs import submit

_MADE = Plan((), "", 5, 5, 0, 0, 0.0)
_NO_ROOM = "us-east-1a/FARGATE_SPOT: RESOURCE:CPU; us-east-1a/FARGATE: Capacity is unavailable at this time."


def _records(count: int, **more: Any) -> list[ContainerRecord]:
    return [ContainerRecord(container_id=ContainerId(f"c{number}"), **more) for number in range(count)]


@pytest.mark.parametrize(
    ("made", "records", "policy", "problem", "vain", "code"),
    [
        (replace(_MADE, ready=0), [], Policy(), _NO_ROOM, "", None),
        (replace(_MADE, orders=(Order(5, 1),)), [], Policy(), "", "", None),
        (_MADE, [], Policy(), _NO_ROOM, "", "no_capacity"),
        (_MADE, [], Policy(), "AccessDenied: not allowed", "", "launches_fail"),
        (_MADE, [], Policy(), "", "the last launch came to nothing (exit 1)", "false_starts"),
        (_MADE, [], Policy(budget_usd_per_hour=0.01), "", "", "over_budget"),
        (_MADE, _records(2), Policy(max_containers=2), "", "", "all_at_work"),
        (_MADE, _records(2, is_draining=True), Policy(max_containers=2), "", "", "all_drain"),
        (_MADE, _records(2, state="gone"), Policy(max_containers=2), "", "", None),
        (replace(_MADE, running=3), _records(3), Policy(max_parallel_tasks=3), "", "", "all_at_work"),
        (replace(_MADE, running=3), _records(3), Policy(max_parallel_tasks=3, policy="deadline"), "", "", None),
    ],
)
def test_a_standstill_has_a_reason(
    made: Plan, records: Sequence[ContainerRecord], policy: Policy, problem: str, vain: str, code: str | None
) -> None:
    """With the fleet's own words, or the bound that holds."""
    reason = standstill(made, records, policy, problem, vain)
    assert (reason.code if reason else None) == code
    assert reason is None or problem in reason.text


class _Refusing:
    """A fleet that starts nothing, or cannot be seen."""

    name = "refusing"
    hardware = Hardware()

    def __init__(self) -> None:
        self.is_blind = False

    def launch(self, requests: list[LaunchRequest]) -> list[LaunchResult]:
        return [LaunchResult(request.container_id, error=_NO_ROOM) for request in requests]

    def list(self) -> list[FleetContainer]:
        if self.is_blind:
            raise FleetError("throttled")
        return []

    def stop(self, handle: str, reason: str) -> None:
        """There is nothing to stop."""


def test_who_waits_for_a_job_learns_the_fleets_own_reason(queue: SceneQueue, redis_url: str, namespace: str) -> None:
    """No capacity; then a fleet that cannot be seen; then no dispatcher at all."""
    settings = DispatcherSettings.load(redis_url=redis_url, namespace=namespace)
    fleet = _Refusing()
    dispatcher = Dispatcher(queue, fleet, settings)
    submit(queue, "a", 3)
    with Producer(settings=ProducerSettings.load(redis_url=redis_url, namespace=namespace)) as producer:
        job = producer.job("a")
        dispatcher.tick()
        with pytest.raises(TimeoutError, match="RESOURCE:CPU"):
            job.wait(0.01)
        fleet.is_blind = True
        assert dispatcher.tick() is None
        assert "throttled" in job.status().waits_because.text  # type: ignore[union-attr]
        assert (queue.inspect.plan() or {})["ready"] == 3
        queue._connection.client.delete(queue._connection.keys.plan)
        assert job.status().waits_because.code == "no_dispatcher"  # type: ignore[union-attr]
        job.cancel()
    dispatcher.close()


def test_the_plan_says_where_containers_run_and_what_they_share(queue: SceneQueue, redis_url: str, namespace: str) -> None:
    """As producers read it; a relative root is that of the dispatcher's own folder."""
    settings = DispatcherSettings.load(redis_url=redis_url, namespace=namespace, file_roots=["/srv", "here"], tick_s=60)
    dispatcher = Dispatcher(queue, _Refusing(), settings)
    dispatcher.tick()
    plan = queue.inspect.plan() or {}
    assert (plan["fleet"], plan["file_roots"][0], plan["waits_because"]) == ("process", "/srv", None)
    assert plan["file_roots"][1].startswith("/")
    # A dispatcher that ticks once a minute is not taken for gone between two ticks.
    assert queue._connection.client.ttl(queue._connection.keys.plan) > 200
    dispatcher.close()


def test_a_dispatcher_without_roots_lets_no_local_file_in(
    queue: SceneQueue, redis_url: str, namespace: str, media: Media
) -> None:
    """`sceneburst dispatcher` beside a Redis of one's own: the setting is named before anything is enqueued."""
    dispatcher = Dispatcher(queue, _Refusing(), DispatcherSettings.load(redis_url=redis_url, namespace=namespace))
    dispatcher.tick()
    scene = {"name": "a", "image": media.image(), "audio": media.tone()}
    with (
        Producer(settings=ProducerSettings.load(redis_url=redis_url, namespace=namespace)) as producer,
        pytest.raises(InvalidScenes, match="no local files at all; start it with SCENEBURST_FILE_ROOTS="),
    ):
        producer.submit_scenes([scene], output=media.folder)
    assert queue.inspect.depth().counts.total == 0
    dispatcher.close()
