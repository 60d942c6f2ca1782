"""Faults of Redis: each has its effect, ends, and loses only the writes that it reports."""

import random
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from types import SimpleNamespace
from typing import cast

import pytest

from chaos.cluster import ChaosCluster
from chaos.faults.log import FaultAction
from chaos.faults.redis import fail_over, fill_aof, fill_redis, freeze_redis, move_clock, restart_redis
from chaos.redis_clock import ClockMoves
from chaos.redis_pair import RedisPair, ask, is_whole, process_of, tell
from tests.support.faketime import FakedClock, find_faketime, find_movable_redis, why_fixed
from tests.support.redis_servers import BINARIES
from tests.support.waiting import wait_until

_RNG = random.Random(1)


@pytest.fixture(params=[name for name, binary in BINARIES.items() if binary])
def pair(request: pytest.FixtureRequest) -> Iterator[RedisPair]:
    """One per kind of server."""
    with TemporaryDirectory(prefix="sb-") as folder:
        made = RedisPair(Path(folder), Path(str(BINARIES[request.param])))
        made.start()
        yield made
        made.stop()


def _cluster(pair: RedisPair) -> ChaosCluster:
    return cast("ChaosCluster", SimpleNamespace(redis=pair, lease_s=5.0))


def _injected(action: FaultAction | None) -> FaultAction:
    assert action is not None
    return action


def _undo(action: FaultAction) -> bool | None:
    action.undo()
    return action.had_effect() if action.had_effect else None


def _follows(pair: RedisPair) -> None:
    replica = pair._replica
    assert replica is not None
    wait_until(lambda: is_whole(ask(replica, "INFO") or {}), "the replica has all")
    wait_until(lambda: ask(replica, "DBSIZE") == ask(pair.primary, "DBSIZE"), "the last write too")


def test_a_frozen_redis_answers_nobody_until_it_wakes(pair: RedisPair) -> None:
    """It then executes what it was sent meanwhile; a frozen server is not frozen again."""
    action = _injected(freeze_redis(_cluster(pair), _RNG))
    tell(pair.primary, "SET", "a", "1")
    assert ask(pair.primary, "PING") is None
    assert freeze_redis(_cluster(pair), _RNG) is None
    assert fill_redis(_cluster(pair), _RNG) is None
    action.undo()
    wait_until(lambda: ask(pair.primary, "GET", "a") == "1", "it has done what it was told")


def test_a_full_redis_refuses_writes_until_there_is_room(pair: RedisPair) -> None:
    """A full server is not filled again."""
    action = _injected(fill_redis(_cluster(pair), _RNG))
    assert ask(pair.primary, "SET", "a", "1") is None
    assert fill_redis(_cluster(pair), _RNG) is None
    assert _undo(action)
    wait_until(lambda: ask(pair.primary, "SET", "a", "1"), "it takes writes")


@pytest.mark.parametrize("is_promoted", [False, True])
def test_a_full_disk_is_seen_and_passes_without_a_loss(pair: RedisPair, is_promoted: bool) -> None:
    """Every write acknowledged before, during and after is in the file; also for a promoted replica."""
    if is_promoted:
        _follows(pair)
        _injected(fail_over(_cluster(pair), _RNG)).undo()
    action = _injected(fill_aof(_cluster(pair), _RNG))
    answered = []

    def write() -> bool:
        key = f"k{len(answered)}"
        if ask(pair.primary, "SET", key, "x" * 500) is None:
            return False
        answered.append(key)
        return True

    wait_until(lambda: not write(), "it refuses writes")
    assert ask(pair.primary, "INFO", "persistence")["aof_last_write_status"] == "err"
    assert fill_aof(_cluster(pair), _RNG) is None
    assert _undo(action)
    wait_until(write, "it takes writes")
    wait_until(pair._is_synced, "all is in the file")
    restarted = _injected(restart_redis(_cluster(pair), _RNG))
    assert restarted.lost_writes_since_ms is None
    restarted.undo()
    assert ask(pair.primary, "EXISTS", *answered) == len(answered)


def test_who_is_killed_with_a_full_disk_says_since_when_it_may_have_lost_writes(pair: RedisPair) -> None:
    """It restarts with room, and with every earlier write."""
    assert ask(pair.primary, "SET", "before", "1")
    full = _injected(fill_aof(_cluster(pair), _RNG))
    since_ms = pair.unsynced_since_ms
    restarted = _injected(restart_redis(_cluster(pair), _RNG))
    assert restarted.lost_writes_since_ms == since_ms is not None
    restarted.undo()
    full.undo()
    assert ask(pair.primary, "GET", "before") == "1"
    assert ask(pair.primary, "SET", "after", "1")
    assert pair.unsynced_since_ms is None


def test_who_was_full_before_a_restart_leaves_a_full_disk_after_it_alone(pair: RedisPair) -> None:
    """With `appendfsync always` the server would exit."""
    before = _injected(fill_aof(_cluster(pair), _RNG))
    _injected(restart_redis(_cluster(pair), _RNG)).undo()
    since = _injected(fill_aof(_cluster(pair), _RNG))
    before.undo()
    assert ask(pair.primary, "CONFIG", "GET", "appendfsync") == {"appendfsync": "everysec"}
    since.undo()
    wait_until(lambda: ask(pair.primary, "SET", "after", "1"), "it takes writes")


def test_a_fail_over_forgets_what_was_answered_since_the_cut(pair: RedisPair) -> None:
    """And nothing else; the address stays, and another fail-over is possible."""
    for turn in range(2):
        assert ask(pair.primary, "SET", f"kept-{turn}", "1")
        _follows(pair)
        action = _injected(fail_over(_cluster(pair), _RNG))
        assert fail_over(_cluster(pair), _RNG) is None
        assert ask(pair.primary, "SET", f"lost-{turn}", "1")
        former = process_of(pair.primary)
        assert _undo(action)
        assert action.lost_writes_since_ms is not None
        assert former is not None
        assert not former.is_running()
        assert pair.socket.resolve() == pair.primary.socket
        assert ask(pair.primary, "EXISTS", f"lost-{turn}") == 0
        assert ask(pair.primary, "EXISTS", *(f"kept-{number}" for number in range(turn + 1))) == turn + 1


def test_a_primary_that_comes_back_is_followed_again(pair: RedisPair) -> None:
    """With all its data; also after a fail-over."""
    for turn in range(2):
        assert ask(pair.primary, "SET", f"kept-{turn}", "1")
        pair.kill()
        pair.start()
        assert ask(pair.primary, "DBSIZE") == turn + 1
        _follows(pair)
        _injected(fail_over(_cluster(pair), _RNG)).undo()
        assert ask(pair.primary, "DBSIZE") == turn + 1


def test_a_fail_over_in_which_nothing_was_written_has_no_effect(pair: RedisPair) -> None:
    """And a replica that does not follow is not promoted."""
    _follows(pair)
    assert _undo(_injected(fail_over(_cluster(pair), _RNG))) is False
    _follows(pair)
    pair.kill()
    assert fail_over(_cluster(pair), _RNG) is None
    assert restart_redis(_cluster(pair), _RNG) is None


@pytest.mark.parametrize(
    ("field", "value"),
    [("role", "master"), ("master_link_status", "down"), ("master_sync_in_progress", 1), ("aof_rewrite_in_progress", 1)],
)
def test_a_replica_that_lacks_something_takes_nothing_over(field: str, value: object) -> None:
    """In its memory or in its file."""
    whole = {
        "role": "slave", "master_link_status": "up", "master_sync_in_progress": 0, "loading": 0, "aof_enabled": 1,
        "aof_rewrite_in_progress": 0, "aof_rewrite_scheduled": 0, "aof_last_bgrewrite_status": "ok",
    }  # fmt: skip
    assert is_whole(whole)
    assert not is_whole({**whole, field: value})


@pytest.mark.skipif(bool(why_fixed()), reason=why_fixed())
def test_a_clock_jumps_and_returns(tmp_path: Path) -> None:
    """The move is recorded, only one is made at a time, and it has an effect if a dispatcher dated a plan by it."""
    library, moves = find_faketime(), ClockMoves()
    assert library is not None
    clock = FakedClock(tmp_path, library)
    with TemporaryDirectory(prefix="sb-") as folder:
        pair = RedisPair(Path(folder), find_movable_redis(), clock.environment)
        pair.start()

        def shown_ms() -> int:
            return int(ask(pair.primary, "TIME")[0]) * 1000

        def move(offset_s: int) -> None:
            clock.set(offset_s)
            moves.note(0, offset_s * 1000)

        world = SimpleNamespace(
            redis=pair, lease_s=5.0, can_move_clock=True, clock_moves=moves, planned_ms=shown_ms, move_clock=move
        )
        cluster, true_ms = cast("ChaosCluster", world), shown_ms()
        action = _injected(move_clock(cluster, _RNG))
        assert abs(shown_ms() - true_ms - moves.offset_ms) < 20_000 < abs(moves.offset_ms)
        assert move_clock(cluster, _RNG) is None
        assert _undo(action)
        assert moves.offset_ms == 0
        assert abs(shown_ms() - true_ms) < 20_000
        pair.stop()
