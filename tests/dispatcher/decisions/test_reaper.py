"""The reaper's verdicts."""

import pytest

from dispatcher.decisions.reaper import Action, Limits, find_reapable
from dispatcher.fleet import FleetContainer
from scenequeue.jobs.ids import ContainerId
from tests.dispatcher.ledger import NOW_MS, container, seen


@pytest.mark.parametrize(
    ("fields", "is_running", "action", "reason"),
    [
        ({}, True, None, ""),
        ({"held": 1, "beat_ms": NOW_MS - 59_000}, True, None, ""),
        ({"beat_ms": NOW_MS - 61_000}, True, Action.STOP, "silent"),
        ({"beat_ms": NOW_MS - 61_000}, None, Action.FORGET, "silent"),
        ({}, False, Action.FORGET, "ended"),
        ({"held": 2}, False, Action.FORGET, "ended"),
        ({"stop_ms": 1, "stop_by": "ann", "stop_why": "it hangs", "held": 2}, True, Action.STOP, "stopped by ann: it hangs"),
        ({"stop_ms": 1, "stop_by": "ann", "handle": ""}, None, Action.FORGET, "stopped by ann"),
        ({"stop_ms": 1, "stop_by": "ann", "state": "launched", "handle": "h"}, None, Action.STOP, "stopped by ann"),
        ({"stop_ms": 1, "stop_by": "ann"}, False, Action.FORGET, "ended"),
        ({"stop_ms": 1, "stop_by": "ann", "state": "gone"}, None, None, ""),
        ({"idle_since_ms": NOW_MS - 25_000}, True, None, ""),
        ({"idle_since_ms": NOW_MS - 31_000}, True, Action.DRAIN, "idle"),
        ({"idle_since_ms": NOW_MS - 41_000, "is_draining": True}, True, Action.STOP, "idle"),
        ({"idle_since_ms": NOW_MS - 41_000, "held": 1}, True, None, ""),
        ({"state": "launched", "intended_ms": NOW_MS - 179_000}, True, None, ""),
        ({"state": "launched", "intended_ms": NOW_MS - 181_000}, True, Action.STOP, "never reported"),
        ({"state": "intended", "intended_ms": NOW_MS - 181_000}, None, Action.FORGET, "never reported"),
    ],
)
def test_verdicts(fields: dict[str, object], is_running: "bool | None", action: "Action | None", reason: str) -> None:
    """One line per way in which a container is fine, or is not."""
    record = container(**{"state": "running", **fields})
    fleet = [] if is_running is None else [seen(record, is_running=is_running)]
    verdicts = find_reapable([record], fleet, NOW_MS, Limits())
    assert [verdict.action for verdict in verdicts] == ([action] if action else [])
    assert all(reason in verdict.reason.text for verdict in verdicts)


def test_no_item_is_the_cause_of_an_operators_stop() -> None:
    """Of silence one may be."""
    stopped, silent = container(stop_ms=1, stop_by="ann"), container(beat_ms=NOW_MS - 61_000)
    verdicts = find_reapable([stopped, silent], [seen(stopped), seen(silent)], NOW_MS, Limits())
    assert [(verdict.container_id, verdict.is_blameless) for verdict in verdicts] == [
        (stopped.container_id, True),
        (silent.container_id, False),
    ]


def test_an_old_container_drains_first_and_is_stopped_when_it_holds_nothing() -> None:
    """Maximum lifetimes are ours to enforce."""
    born = NOW_MS - 7 * 3_600_000
    old = container(started_ms=born, held=1)
    limits = Limits()
    assert [verdict.action for verdict in find_reapable([old], [seen(old)], NOW_MS, limits)] == [Action.DRAIN]
    draining = old.model_copy(update={"is_draining": True})
    assert [verdict.action for verdict in find_reapable([draining], [seen(old)], NOW_MS, limits)] == [Action.STOP]
    young = old.model_copy(update={"is_draining": True, "started_ms": NOW_MS - 6 * 3_600_000 - 5000})
    assert find_reapable([young], [seen(old)], NOW_MS, limits) == []


def test_an_unknown_container_is_stopped_only_after_it_could_have_said_hello() -> None:
    """It may have been launched a moment ago by another dispatcher."""
    stranger = FleetContainer("h", ContainerId("x"), is_running=True, started_ms=NOW_MS - 10_000)
    assert find_reapable([], [stranger], NOW_MS, Limits()) == []
    old = FleetContainer("h", ContainerId("x"), is_running=True, started_ms=NOW_MS - 200_000)
    assert [verdict.action for verdict in find_reapable([], [old], NOW_MS, Limits())] == [Action.STOP]


def test_a_container_that_said_goodbye_but_runs_on_is_stopped() -> None:
    """A hung exit is not paid for."""
    record = container("gone", ended_ms=NOW_MS - 61_000)
    assert [verdict.action for verdict in find_reapable([record], [seen(record)], NOW_MS, Limits())] == [Action.STOP]


def test_an_idle_container_stays_while_it_is_paid_for_anyway() -> None:
    """Idle for 45 s, but its paid minute is over since 5 s only; then since 15."""
    limits = Limits(min_life_s=60.0)
    for age_s, drained in ((65, 0), (75, 1)):
        young = container(started_ms=NOW_MS - age_s * 1000, idle_since_ms=NOW_MS - 45_000)
        assert len(find_reapable([young], [seen(young)], NOW_MS, limits)) == drained


def test_of_idle_containers_those_are_left_alone_that_were_launched_to_be_kept_warm() -> None:
    """The others would leave by themselves a moment later, and be replaced; one that drains already is not counted on."""
    idle = [container(idle_since_ms=NOW_MS - 35_000, batch=batch) for batch in (3, 0, 3, 0)]
    draining = container(idle_since_ms=NOW_MS - 45_000, is_draining=True)
    verdicts = find_reapable([draining, *idle], [seen(record) for record in [draining, *idle]], NOW_MS, Limits(), 2)
    assert [(verdict.container_id, verdict.action) for verdict in verdicts] == [
        (draining.container_id, Action.STOP),
        (idle[0].container_id, Action.DRAIN),
        (idle[2].container_id, Action.DRAIN),
    ]


def test_the_minimum_of_idle_containers_is_left_alone() -> None:
    """As many as the operator wants warm."""
    idle = [container(idle_since_ms=NOW_MS - 35_000) for _ in range(3)]
    assert len(find_reapable(idle, [seen(record) for record in idle], NOW_MS, Limits(), min_containers=2)) == 1
