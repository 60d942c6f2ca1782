"""Faults of Redis itself: killed, frozen, full, failed over, its clock moved. Each is a function of the cluster and its draws."""

import contextlib
import random
import signal

import psutil

from chaos.clock import now_ms
from chaos.cluster import ChaosCluster
from chaos.faults.log import Strike
from chaos.faults.processes import sent, wake
from chaos.redis_pair import ask, process_of, tell
from sceneburst.local.embedded_redis import EmbeddedRedis

#: How far the clock may be moved, in seconds: past every limit of a run, or past ten minutes too, which no lock and no retry
#: lasts. Between the farthest two it is less than the hour after which a finished job's events expire.
_NEAR_S, _FAR_S = (40, 120), (900, 1500)
#: What a dispatcher dates by the moved clock is so near to it.
_NEAR_ENOUGH_MS = 20_000


def restart_redis(cluster: ChaosCluster, draws: random.Random) -> Strike | None:
    """SIGKILL to Redis, and back from its append-only file."""
    away_s = draws.uniform(0.1, 1.5)
    if process_of(cluster.redis.primary) is None:
        return None
    since_ms = cluster.redis.kill()
    said = f"killed redis for {away_s:.1f} s"
    return Strike(said, frozenset(), away_s, cluster.redis.start, forgets_since_ms=since_ms)


def freeze_redis(cluster: ChaosCluster, draws: random.Random) -> Strike | None:
    """SIGSTOP past a lease, at times past what a client waits, then SIGCONT: connections stay open, and nothing is answered."""
    seconds = cluster.lease_s * draws.uniform(1.2, 2.5)
    process = _awake(cluster)
    if process is None or not sent(process, signal.SIGSTOP):
        return None
    return Strike(f"froze redis for {seconds:.1f} s", frozenset(), seconds, lambda: wake(process))


def fill_redis(cluster: ChaosCluster, draws: random.Random) -> Strike | None:
    """Its memory is full, and its policy is to evict nothing: whatever needs memory is refused with OOM."""
    seconds, server = cluster.lease_s * draws.uniform(0.5, 1.8), cluster.redis.primary
    if _awake(cluster) is None or (ask(server, "INFO", "memory") or {}).get("maxmemory") != 0:
        return None
    refused = _refused(server)
    if ask(server, "CONFIG", "SET", "maxmemory", "1") is None:
        tell(server, "CONFIG", "SET", "maxmemory", "0")
        return None
    said = f"redis is full for {seconds:.1f} s"
    free = lambda: tell(server, "CONFIG", "SET", "maxmemory", "0")  # noqa: E731
    return Strike(said, frozenset(), seconds, free, has_worked=lambda: _refused(server) > refused)


def fill_aof(cluster: ChaosCluster, draws: random.Random) -> Strike | None:
    """The disk of its append-only file is full: it answers MISCONF to whoever writes, until there is room.

    That is so with `appendfsync everysec`; with `always` it ends at once, which is another fault. The first write that finds no
    room has been answered: a server that is killed now has lost it.
    """
    seconds, server = cluster.lease_s * draws.uniform(0.5, 1.8), cluster.redis.primary
    process = _awake(cluster)
    usual = psutil.Process().rlimit(psutil.RLIMIT_FSIZE)
    if process is None or process.rlimit(psutil.RLIMIT_FSIZE) != usual:
        return None
    refused = _refused(server)
    cluster.redis.unsynced_since_ms = cluster.redis.unsynced_since_ms or now_ms()

    def free() -> None:
        with contextlib.suppress(psutil.Error, OSError):
            process.rlimit(psutil.RLIMIT_FSIZE, usual)
        tell(server, "CONFIG", "SET", "appendfsync", "always")

    # Not a byte more: a server of 7.0 that has been a replica cuts a torn write off at the wrong place, and can never read its
    # file again.
    size = max((path.stat().st_size for path in server.socket.parent.rglob("*.aof")), default=0)
    try:
        if ask(server, "CONFIG", "SET", "appendfsync", "everysec") is None:
            raise OSError
        process.rlimit(psutil.RLIMIT_FSIZE, (size, usual[1]))
    except (psutil.Error, OSError):
        free()
        return None
    said = f"no room for redis's append-only file for {seconds:.1f} s"
    return Strike(said, frozenset(), seconds, free, has_worked=lambda: _refused(server) > refused)


def fail_over(cluster: ChaosCluster, draws: random.Random) -> Strike | None:
    """A replica that was cut off takes over: what the primary has answered since the cut is forgotten."""
    seconds, lost, since_ms = draws.uniform(0.2, 2.0), 0, now_ms() - 1000
    if not cluster.redis.promote():
        return None

    def take_over() -> None:
        nonlocal lost
        lost = cluster.redis.fail_over()

    said = f"redis fails over in {seconds:.1f} s to a replica that is cut off"
    return Strike(said, frozenset(), seconds, take_over, forgets_since_ms=since_ms, has_worked=lambda: lost > 0)


def move_clock(cluster: ChaosCluster, draws: random.Random) -> Strike | None:
    """Its wall clock jumps forward or back, and returns after a while."""
    offset_s = draws.choice((1, -1)) * draws.randint(*draws.choice((_NEAR_S, _FAR_S)))
    seconds, has_dated = draws.uniform(cluster.lease_s, 3 * cluster.lease_s), False
    if not cluster.can_move_clock or cluster.clock_moves.offset_ms:
        return None
    cluster.move_clock(offset_s)

    def return_() -> None:
        nonlocal has_dated
        has_dated = abs(cluster.planned_ms() - now_ms() - offset_s * 1000) < _NEAR_ENOUGH_MS
        cluster.move_clock(0)

    said = f"redis's clock jumps by {offset_s:+d} s for {seconds:.1f} s"
    return Strike(said, frozenset(), seconds, return_, has_worked=lambda: has_dated)


def _awake(cluster: ChaosCluster) -> psutil.Process | None:
    """The primary's process; None where it does not run, or is frozen."""
    process = process_of(cluster.redis.primary)
    return process if process is not None and process.status() != psutil.STATUS_STOPPED else None


def _refused(server: EmbeddedRedis) -> int:
    """How many commands it has refused or broken off; for a script's trouble 6.2 has no name of its own.

    Not counted: what is sent with each new connection, which older ones do not know, and scripts sent for the first time.
    """
    commands = ask(server, "INFO", "commandstats") or {}
    unknown = (ask(server, "INFO", "errorstats") or {}).get("errorstat_NOSCRIPT", {"count": 0})
    ends = [each for name, each in commands.items() if not name.startswith(("cmdstat_client", "cmdstat_hello"))]
    return sum(int(each["failed_calls"]) + int(each["rejected_calls"]) for each in ends) - int(unknown["count"])
