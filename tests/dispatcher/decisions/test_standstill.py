"""The reason that nothing more is launched is decided purely, and told to whoever waits."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from dispatcher.codes import Code
from dispatcher.decisions.planner import Plan, plan
from dispatcher.decisions.planning.backlog import one_need
from dispatcher.decisions.planning.launch_limits import Order
from dispatcher.decisions.planning.policy import Policy
from dispatcher.decisions.standstill import Rejection, standstill
from dispatcher.fleet import FleetContainer, Hardware, LaunchRequest, LaunchResult
from dispatcher.tick import Dispatcher
from producer import Producer
from scenequeue.errors import FleetError, InvalidScenes, reason_for
from scenequeue.jobs.container import ContainerRecord
from scenequeue.jobs.ids import ContainerId
from scenequeue.jobs.wishes import JobWishes, WishedJob
from scenequeue.queue import SceneQueue
from scenequeue.reasons import Reason
from scenequeue.settings import DispatcherSettings, ProducerSettings
from tests.scenequeue.jobs import submit
from tests.support.media import Media

_MADE = Plan((), Reason(Code.PLAN_AT_REST), 5, 5, 0, 0, 0.0)
_NO_ROOM = Rejection(
    reason_for("us-east-1a/FARGATE_SPOT: RESOURCE:CPU; us-east-1a/FARGATE: Capacity is unavailable at this time."),
    lacks_capacity=True,
)


def _records(count: int, **more: Any) -> list[ContainerRecord]:
    return [ContainerRecord(container_id=ContainerId(f"c{number}"), **more) for number in range(count)]


@pytest.mark.parametrize(
    ("made", "records", "policy", "rejection", "vain", "code"),
    [
        (replace(_MADE, ready=0), [], Policy(), _NO_ROOM, None, None),
        (replace(_MADE, orders=(Order(5, 1),)), [], Policy(), None, None, None),
        (_MADE, [], Policy(), _NO_ROOM, None, "no_capacity"),
        (_MADE, [], Policy(), Rejection(reason_for("AccessDenied: not allowed"), lacks_capacity=False), None, "launches_fail"),
        (_MADE, [], Policy(), None, Reason(Code.STARTS_IN_VAIN, {"launches": 1, "problem": "exit 1"}), "false_starts"),
        (_MADE, [], Policy(budget_usd_per_hour=0.01), None, None, "over_budget"),
        (replace(_MADE, cut_usd_per_hour=2.0), [], Policy(budget_usd_per_hour=1), None, None, "over_budget"),
        (replace(_MADE, running=2), _records(2), Policy(max_containers=2), None, None, "all_at_work"),
        (replace(_MADE, starting=2), _records(2), Policy(max_containers=2), None, None, None),
        (_MADE, _records(2, is_draining=True), Policy(max_containers=2), None, None, "all_drain"),
        (_MADE, _records(2, state="gone"), Policy(max_containers=2), None, None, None),
        (replace(_MADE, at_work=3, running=1), _records(3), Policy(max_parallel_tasks=3), None, None, "all_at_work"),
        (replace(_MADE, at_work=3, starting=3), _records(3), Policy(max_parallel_tasks=3), None, None, None),
    ],
)
def test_a_standstill_has_a_reason(
    made: Plan,
    records: Sequence[ContainerRecord],
    policy: Policy,
    rejection: Rejection | None,
    vain: Reason | None,
    code: str | None,
) -> None:
    """With the fleet's own words, or the bound that holds."""
    reason = standstill(made, records, policy, rejection, vain)
    assert (reason.code if reason else None) == code
    assert reason is None or rejection is None or rejection.problem.text.rstrip(".") in reason.text


@pytest.mark.parametrize("state", ["intended", "running"])
def test_containers_that_run_and_start_are_counted_where_all_are_at_work(state: str) -> None:
    """Both are among those that the setting allows."""
    records, policy = [*_records(2, state=state, batch=5), *_records(1, state="running", batch=5)], Policy(max_parallel_tasks=3)
    reason = standstill(plan(one_need(20), records, policy, {}, 0), records, policy, None, None)
    assert reason is not None
    assert (reason.parameters["containers"], reason.parameters["setting"]) == (3, "SCENEBURST_MAX_PARALLEL_TASKS")


@pytest.mark.parametrize(
    ("made", "records", "policy", "limit"),
    [
        (_MADE, [], Policy(budget_usd_per_hour=0.01), "budget_usd_per_hour"),
        (replace(_MADE, running=2), _records(2), Policy(max_containers=2), "max_containers"),
        (replace(_MADE, at_work=3, running=1), _records(3), Policy(max_parallel_tasks=3), "max_parallel_tasks"),
    ],
)
def test_a_bound_says_where_it_was_set_and_how_to_raise_it(
    made: Plan, records: Sequence[ContainerRecord], policy: Policy, limit: str
) -> None:
    """The setting of the environment, or the operator who changed the limit at run time."""
    ours, others = standstill(made, records, policy, None, None, {"launches_per_tick": "ann@films"}), {limit: "ann@films"}
    assert ours is not None
    assert f"SCENEBURST_{limit.upper()}" in ours.text
    assert ours.text.endswith(f"; raise it where the dispatcher is started, or at once by `sceneburst limits set {limit}=…`")
    theirs = standstill(made, records, policy, None, None, others)
    assert theirs is not None
    assert "SCENEBURST_" not in theirs.text
    assert theirs.text.endswith(f"; ann@films set this limit; raise it by `sceneburst limits set {limit}=…`")


@pytest.mark.parametrize(("others", "own", "code"), [(0, 3, None), (5, 3, None), (5, 0, "all_at_work")])
def test_containers_of_a_jobs_own_wishes_do_not_count_against_the_setting(others: int, own: int, code: str | None) -> None:
    """It holds for jobs without wishes alone, and says nothing where none of those waits."""
    job = WishedJob("j", False, 20, 20, 20.0, JobWishes(max_parallel_tasks=3, min_scenes_per_batch=1))
    records = [*_records(own, state="running", batch=5, for_job="j"), *_records(3 - own, state="running", batch=1)]
    policy = Policy(max_parallel_tasks=3, policy="batch")
    made = replace(plan(one_need(20 + others, jobs=(job,)), records, policy, {}, 0), orders=())
    reason = standstill(made, records, policy, None, None)
    assert (reason.code if reason else None) == code


def test_a_budget_that_a_jobs_wished_size_exceeds_is_told_with_its_price() -> None:
    """The operator's own size would fit."""
    job = WishedJob("j", False, 20, 20, 20.0, JobWishes(config_priority=4))
    policy = Policy(budget_usd_per_hour=0.5)
    reason = standstill(plan(one_need(20, jobs=(job,)), [], policy, {}, 0), [], policy, None, None)
    assert reason is not None
    assert reason.parameters["usd_per_hour_each"] == round(policy.usd_per_hour_of(4), 4)


class _Refusing:
    """A fleet that starts nothing, or cannot be seen."""

    name = "refusing"
    hardware = Hardware()

    def __init__(self) -> None:
        self.is_blind = False

    def launch(self, requests: list[LaunchRequest]) -> list[LaunchResult]:
        return [LaunchResult(request.container_id, error=_NO_ROOM.problem, lacks_capacity=True) for request in requests]

    def list(self) -> list[FleetContainer]:
        if self.is_blind:
            raise FleetError("throttled")
        return []

    def stop(self, handle: str, reason: Reason) -> None:
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
