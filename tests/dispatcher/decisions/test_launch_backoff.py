"""Conclusions that the dispatcher draws from false starts."""

import pytest

from dispatcher.codes import Code
from dispatcher.decisions.launch_backoff import is_false_start, launch_backoff
from scenequeue.jobs.container import ContainerRecord
from scenequeue.reasons import Code as QueueCode, Reason
from tests.dispatcher.ledger import NOW_MS, container

_DIED = Reason(Code.CONTAINER_ENDED, {"problem": "CannotPullContainerError"})
_EXITED = Reason(Code.CONTAINER_ENDED_WITH_CODE, {"problem": "Essential container in task exited", "exit_code": 2})
_BROKEN = Reason(QueueCode.CONTAINER_BROKEN, {"problem": "/scratch cannot be written to"})


def launched(ago_s: float, state: str = "failed", **fields: object) -> ContainerRecord:
    """Launched so long ago; in vain, and over five seconds later, unless told otherwise."""
    at_ms = NOW_MS - round(ago_s * 1000)
    defaults = {"started_ms": 0, "ended_ms": at_ms + 5000, "exit_reason": _DIED}
    return container(state, intended_ms=at_ms, launched_ms=at_ms, **{**defaults, **fields})


def test_without_false_starts_there_is_no_launch_backoff() -> None:
    """Nor because of what has only begun, was never launched, or worked and left."""
    ledger = [
        launched(3, "running", started_ms=NOW_MS - 1000, ended_ms=0),
        launched(3, "launched", ended_ms=0),
        container("failed", launched_ms=0),
        launched(60, "gone", started_ms=NOW_MS - 50_000, exit_reason="idle"),
    ]
    assert launch_backoff(ledger, NOW_MS) == (0.0, None, None)
    assert launch_backoff([], NOW_MS) == (0.0, None, None)


@pytest.mark.parametrize(("attempts", "pause_s"), [(1, 2.0), (2, 4.0), (3, 8.0), (5, 32.0), (6, 60.0), (30, 60.0)])
def test_pauses_double_from_one_round_of_false_starts_to_the_next(attempts: int, pause_s: float) -> None:
    """Counted from the end of the last; forty that were launched together are one round."""
    ledger = [launched(5.0 + 100 * round_) for round_ in range(min(attempts, 30)) for _ in range(40)]
    learnt = launch_backoff(ledger, NOW_MS)
    assert learnt.pause_s == pytest.approx(pause_s)
    assert learnt.max_launches == 1
    assert learnt.why.text == f"the last {40 * attempts} launches came to nothing (the container ended: CannotPullContainerError)"


def test_a_pause_is_over_when_its_time_is() -> None:
    """And the next is launched alone, to see."""
    assert launch_backoff([launched(6.5)] * 3, NOW_MS).pause_s == pytest.approx(0.5)
    learnt = launch_backoff([launched(60)] * 3, NOW_MS)
    assert (learnt.pause_s, learnt.max_launches) == (0.0, 1)


def test_a_clock_that_was_set_back_prolongs_no_pause() -> None:
    """A false start of the future counts, but only one of now makes the others wait."""
    future = launched(-900)
    assert launch_backoff([future], NOW_MS).pause_s == 0.0
    assert launch_backoff([future, launched(6)], NOW_MS).pause_s == pytest.approx(3.0)


def test_one_or_two_false_starts_cost_a_pause_but_no_probing() -> None:
    """One in some hundred never starts; that is no reason to be slow."""
    assert launch_backoff([launched(60), launched(70)], NOW_MS)[:2] == (0.0, None)


@pytest.mark.parametrize(
    "works",
    [
        launched(30, "running", started_ms=NOW_MS - 20_000, ended_ms=0, done=1),
        launched(90, "running", started_ms=NOW_MS - 70_000, ended_ms=0, held=1),
        launched(40, "gone", started_ms=NOW_MS - 30_000, exit_reason="idle"),
    ],
)
def test_one_that_works_ends_all_launch_backoff(works: ContainerRecord) -> None:
    """It has done something, has been there for a while, or has left as it should; what failed before is forgotten."""
    before = [launched(100)] * 5
    assert launch_backoff([*before, works], NOW_MS)[:2] == (0.0, None)
    assert launch_backoff([*before, works, launched(6)], NOW_MS).pause_s == pytest.approx(1.0)


def test_a_program_that_says_hello_and_dies_at_once_is_a_false_start_too() -> None:
    """Unless it died at its work, or with something to show for it."""
    died = launched(10, "gone", started_ms=NOW_MS - 8000, exit_reason=_EXITED)
    assert is_false_start(died)
    for fields in ({"held": 1}, {"done": 1}, {"failed": 1}, {"code": "idle"}):
        assert not is_false_start(died.model_copy(update=fields))


def test_a_launch_that_found_no_room_after_all_is_none() -> None:
    """Spot says so late; the next launch goes elsewhere, and need not wait."""
    problem = "TaskFailedToStart: Capacity is unavailable at this time. Please try again later"
    late = Reason(Code.CONTAINER_ENDED, {"problem": problem})
    assert launch_backoff([launched(6, exit_reason=late)] * 9, NOW_MS) == (0.0, None, None)


def test_what_lies_an_hour_back_is_forgotten() -> None:
    """The operator has mended it meanwhile, or nobody wanted anything."""
    assert launch_backoff([launched(4000)] * 9, NOW_MS) == (0.0, None, None)


def test_false_starts_of_one_image_say_nothing_of_another() -> None:
    """An operator who deploys one that can be pulled does not wait."""
    ledger = [launched(6, image="videos:1")] * 5
    assert launch_backoff(ledger, NOW_MS, "videos:1").max_launches == 1
    assert launch_backoff(ledger, NOW_MS, "videos:2") == (0.0, None, None)


def test_one_that_left_because_its_surroundings_were_broken_is_a_false_start() -> None:
    """Or the next would be launched into the same folder at once, and so on."""
    broken = launched(10, "gone", started_ms=NOW_MS - 8000, exit_reason=_BROKEN)
    assert is_false_start(broken)
    assert not is_false_start(broken.model_copy(update={"done": 3}))
