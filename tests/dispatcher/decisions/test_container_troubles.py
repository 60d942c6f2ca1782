"""Launches that are refused, and containers that start in vain, are lost or are silent."""

import pytest

from dispatcher.codes import Code
from dispatcher.decisions.container_troubles import (
    losses,
    name_of_error,
    place_of_error,
    refusals,
    silent_containers,
    starts_in_vain,
)
from scenequeue.jobs.container import ContainerRecord
from scenequeue.reasons import Code as QueueCode, Reason
from tests.dispatcher.ledger import NOW_MS, container

_FULL = Reason(
    Code.PLACEMENT_REFUSES,
    {"provider": "FARGATE", "subnet": "subnet-a", "region": "eu-central-1", "problem": "RESOURCE:FARGATE: no capacity now"},
)
_DENIED = Reason(Code.ECS_REFUSES, {"region": "us-east-1", "problem": "AccessDeniedException: User arn:aws:iam::1:x is not …"})


def _refused(ago_s: float, problem: Reason = _FULL) -> ContainerRecord:
    at_ms = NOW_MS - round(ago_s * 1000)
    return container("failed", intended_ms=at_ms, launched_ms=0, started_ms=0, beat_ms=0, ended_ms=at_ms, exit_reason=problem)


def _launched(ago_s: float, state: str = "running", **fields: object) -> ContainerRecord:
    at_ms = NOW_MS - round(ago_s * 1000)
    return container(state, **{"intended_ms": at_ms, "launched_ms": at_ms, "region": "eu-central-1", **fields})


_PULL = Reason(QueueCode.OTHER, {"text": "TaskFailedToStart: CannotPullContainerError: pull x: no such image"})
_TAKEN_BACK = Reason(QueueCode.OTHER, {"text": "SpotInterruption: Your Spot Task was interrupted."})
_NO_FILE = Reason(Code.PROCESS_NOT_STARTED, {"path": "/x", "problem": "[Errno 2] No such file or directory: '/x'"})


@pytest.mark.parametrize(
    ("problem", "name", "place"),
    [
        (_FULL, "RESOURCE:FARGATE", "FARGATE eu-central-1"),
        (_DENIED, "AccessDeniedException", "us-east-1"),
        (Reason(QueueCode.SEVERAL, {"reasons": (_FULL, _DENIED)}), "RESOURCE:FARGATE", "FARGATE eu-central-1"),
        (Reason(Code.CONTAINER_ENDED, {"problem": _PULL}), "CannotPullContainerError", ""),
        (Reason(Code.LOST_AT_WORK, {"problem": Reason(Code.CONTAINER_ENDED, {"problem": _TAKEN_BACK})}), "SpotInterruption", ""),
        (_NO_FILE, "process_not_started", ""),
        (Reason(Code.ENGINE_REFUSES, {"problem": "error: no such image"}), "engine_refuses", ""),
        (Reason(Code.LOST_AT_WORK, {"items": 2, "problem": Reason(Code.SILENT, {"silent_s": 61.0})}), "silent", ""),
        (Reason(QueueCode.SEVERAL, {"reasons": ()}), "several", ""),
        (Reason("newer", {"problem": 5}), "newer", ""),
    ],
)
def test_a_fleet_s_error_has_its_own_name_and_place(problem: Reason, name: str, place: str) -> None:
    """Else the code of the reason inside."""
    assert (name_of_error(problem), place_of_error(problem)) == (name, place)


def test_refused_launches_are_counted_from_the_last_try_back_to_one_that_worked() -> None:
    """By name and place; since when, also if that is longer than an hour; and when the next try is due."""
    ledger = [
        *(_refused(10) for _ in range(4)), _refused(10, _DENIED), _refused(4000), _refused(4000),
        _launched(5000), _refused(6000),
    ]  # fmt: skip
    full, denied = refusals(ledger, None, NOW_MS, NOW_MS + 40_000)
    assert (full.name, full.place, full.last_hour) == ("RESOURCE:FARGATE", "FARGATE eu-central-1", 4)
    assert (full.since_ms, full.last_ms, full.next_ms) == (NOW_MS - 4_000_000, NOW_MS - 10_000, NOW_MS + 40_000)
    assert full.problem == _FULL
    assert set(full.containers) == {each.container_id for each in ledger[:4]} | {ledger[5].container_id}
    assert (denied.name, denied.last_hour, denied.since_ms) == ("AccessDeniedException", 1, NOW_MS - 10_000)


def test_a_try_that_worked_ends_the_refusals_and_one_with_a_refusal_does_not() -> None:
    """Nor does an intent that nothing has become of yet."""
    assert refusals([_refused(10), _launched(5)], None, NOW_MS, None) == ()
    assert len(refusals([_refused(10), _refused(5), _launched(5)], None, NOW_MS, None)) == 1
    assert refusals([], _FULL, NOW_MS, None) == ()


def test_a_fleet_that_does_not_answer_has_refused_the_last_launches_as_far_as_anybody_knows() -> None:
    """Their intents stay, as the containers may have started."""
    silent = Reason(Code.ENGINE_SILENT, {"socket": "/x", "problem": "timed out"})
    asked = [_launched(5, "intended", launched_ms=0) for _ in range(3)]
    (trouble,) = refusals([*asked, _launched(50)], silent, NOW_MS, None)
    assert (trouble.name, trouble.last_hour, trouble.problem) == ("engine_silent", 3, silent)
    assert refusals(asked, None, NOW_MS, None) == ()


def test_containers_that_start_in_vain_are_named_until_a_later_one_works() -> None:
    """With the fleet's own name of what ended them."""
    pull = Reason(Code.CONTAINER_ENDED, {"problem": "CannotPullContainerError: no such image"})
    vain = [
        _launched(100 - n, "failed", started_ms=0, image="a:1", exit_reason=pull, ended_ms=NOW_MS - 1000 * (90 - n))
        for n in range(3)
    ]
    (trouble,) = starts_in_vain(vain, NOW_MS, "a:1", None)
    assert (trouble.name, trouble.place, trouble.last_hour) == ("CannotPullContainerError", "eu-central-1", 3)
    assert (trouble.since_ms, trouble.last_ms) == (NOW_MS - 90_000, NOW_MS - 88_000)
    assert starts_in_vain(vain, NOW_MS, "a:2", None) == ()
    assert starts_in_vain([*vain, _launched(9, image="a:1", done=1)], NOW_MS, "a:1", None) == ()


def test_lost_containers_are_those_that_worked_and_said_no_goodbye() -> None:
    """Within the last hour; neither those that left by themselves, nor false starts."""
    killed = Reason(Code.LOST_AT_WORK, {"items": 2, "problem": Reason(Code.SILENT, {"silent_s": 61.0})})
    ledger = [
        _launched(500, "gone", done=3, exit_reason=killed, ended_ms=NOW_MS - 60_000),
        _launched(500, "gone", held=1, exit_reason=killed, ended_ms=NOW_MS - 30_000),
        _launched(9000, "gone", done=3, exit_reason=killed, ended_ms=NOW_MS - 4_000_000),
        _launched(500, "gone", done=3, exit_reason=Reason("idle"), ended_ms=NOW_MS - 30_000),
        _launched(500, "gone", exit_reason=Reason(Code.CONTAINER_EXITED), ended_ms=NOW_MS - 30_000),
        _launched(500),
    ]
    (trouble,) = losses(ledger, NOW_MS)
    assert (trouble.name, trouble.last_hour, trouble.since_ms) == ("silent", 2, NOW_MS - 60_000)


def test_a_container_is_silent_after_half_of_the_time_after_which_it_is_given_up() -> None:
    """The longest silent one first."""
    ledger = [
        _launched(500, beat_ms=NOW_MS - 29_000),
        _launched(500, beat_ms=NOW_MS - 31_000, held=2),
        _launched(500, "draining", beat_ms=NOW_MS - 90_000),
        _launched(500, "gone", beat_ms=NOW_MS - 90_000),
        _launched(500, "launched", beat_ms=0),
    ]
    assert [(each.container_id, each.since_ms, each.held) for each in silent_containers(ledger, NOW_MS, 60)] == [
        (ledger[2].container_id, NOW_MS - 90_000, 0),
        (ledger[1].container_id, NOW_MS - 31_000, 2),
    ]
