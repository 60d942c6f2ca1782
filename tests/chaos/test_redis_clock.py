"""True times of what is dated by a clock that was moved."""

import pytest

from chaos.faults.catalogue import causes_of
from chaos.faults.log import InjectedFault
from chaos.judge.attribution import lease_ends, unexplained
from chaos.redis_clock import ClockMoves, Span
from scenequeue.jobs.ids import ItemId
from scenequeue.jobs.job import JobEvent

_HOUR = 3_600_000


def _moves(*moves: tuple[int, int]) -> ClockMoves:
    made = ClockMoves(lambda: 300_000)
    for at_ms, offset_ms in moves:
        made.note(at_ms, offset_ms)
    return made


def _event(at_ms: int, number: int = 0, name: str = "leased") -> JobEvent:
    fields = {"container": "c1", "error": "LeaseExpired"}
    return JobEvent(id=f"{at_ms}-{number}", event=name, at_ms=at_ms, item_id=ItemId("0-0"), fields=fields)


def test_a_clock_that_was_never_moved_shows_the_true_time() -> None:
    """Also for events of the same millisecond."""
    assert _moves().when(5_000) == Span(5_000, 5_000)
    assert _moves().of_stream([_event(5_000), _event(5_000, 1), _event(6_000)]) == [
        Span(5_000, 5_000), Span(5_000, 5_000), Span(6_000, 6_000),
    ]  # fmt: skip


@pytest.mark.parametrize(("shown_ms", "true_ms"), [(5_000, 5_000), (20_000 + _HOUR, 20_000), (50_000, 50_000)])
def test_a_time_tells_which_offset_it_was_shown_with(shown_ms: int, true_ms: int) -> None:
    """Before, while and after the clock was an hour ahead."""
    assert _moves((10_000, _HOUR), (30_000, 0)).when(shown_ms) == Span(true_ms, true_ms)


def test_a_time_that_was_shown_twice_is_one_of_both() -> None:
    """By a clock that was set back by a minute; unless the first of both is too early."""
    moves = _moves((100_000, -60_000), (130_000, 0))
    assert moves.when(50_000) == Span(50_000, 110_000)
    assert moves.when(50_000, since_ms=105_000) == Span(110_000, 110_000)


def test_a_streams_events_stand_still_while_the_clock_is_behind_the_last() -> None:
    """They may be as late as the moment at which the clock has caught up, when it shows that time again."""
    moves = _moves((10_000, 60_000), (30_000, 0))
    ahead = 20_000 + 60_000
    assert moves.of_stream([_event(ahead), _event(ahead, 1), _event(100_000)]) == [
        Span(20_000, 80_000), Span(20_000, 80_000), Span(100_000, 100_000),
    ]  # fmt: skip


def test_a_loss_under_a_moved_clock_is_attributed_to_a_fault_at_its_true_time() -> None:
    """And to no other fault."""
    moves = _moves((100_000, _HOUR), (200_000, 0))
    ends = lease_ends([_event(140_000 + _HOUR), _event(150_000 + _HOUR, name="reclaimed")], moves)
    assert [(end.at_ms, end.until_ms) for end in ends] == [(150_000, 150_000)]
    assert not unexplained(ends, [InjectedFault("kill-worker", 145_000, frozenset({"c1"}), 145_000)], causes_of)
    assert unexplained(ends, [InjectedFault("kill-worker", 151_000, frozenset({"c1"}), 151_000)], causes_of) == ends
    assert unexplained(ends, [InjectedFault("kill-worker", 100_000, frozenset({"c1"}), 100_000)], causes_of) == ends


def test_a_lease_that_was_given_while_the_clock_was_ahead_expires_later() -> None:
    """By as much as the clock was set back: an ack that a fail-over has lost is missed only then."""
    moves = _moves((40_000, 87_000), (55_000, 0))
    fault = InjectedFault("fail-over", 55_000, ended_ms=56_000)
    (end,) = lease_ends([_event(53_000 + 87_000), _event(145_000, name="reclaimed")], moves)
    assert unexplained([end], [fault], causes_of) == [end]
    assert unexplained([end], [fault], causes_of, moves) == []
    earlier = InjectedFault("fail-over", 8_000, ended_ms=9_000)
    assert unexplained([end], [earlier], causes_of, moves) == [end]


def test_the_largest_step_back_is_told_of_a_span() -> None:
    """From the highest offset in it to a later one; a clock that only went ahead was not set back."""
    moves = _moves((10_000, 50_000), (20_000, 90_000), (30_000, 60_000), (40_000, 0))
    assert [moves.set_back_ms(*span) for span in ((0, 15_000), (0, 35_000), (0, 50_000), (31_000, 50_000), (41_000, 50_000))] == [
        0, 30_000, 90_000, 60_000, 0,
    ]  # fmt: skip
