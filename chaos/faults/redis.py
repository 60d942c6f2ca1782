"""Faults of Redis: killed, frozen, full, failed over, clock moved. Each is a function of the cluster and its random draws."""

import contextlib
import random
import signal

import psutil

from chaos.clock import now_ms
from chaos.cluster import ChaosCluster
from chaos.faults.log import FaultAction
from chaos.faults.processes import resume, send_signal
from chaos.redis_pair import ask, process_of, tell
from sceneburst.local.embedded_redis import EmbeddedRedis

#: Ranges of the clock's offset in seconds: beyond every limit of a run; or beyond ten minutes, which no lock and no retry
#: lasts. Twice the largest is less than the hour after which a finished job's events expire.
_NEAR_S, _FAR_S = (40, 120), (900, 1500)
#: A plan with a date this near to the moved clock was dated by it.
_NEAR_ENOUGH_MS = 20_000


def restart_redis(cluster: ChaosCluster, draws: random.Random) -> FaultAction | None:
    """Kill Redis, and restart it from its append-only file."""
    away_s = draws.uniform(0.1, 1.5)
    if process_of(cluster.redis.primary) is None:
        return None
    since_ms = cluster.redis.kill()
    summary = f"killed redis for {away_s:.1f} s"
    return FaultAction(summary, frozenset(), away_s, cluster.redis.start, lost_writes_since_ms=since_ms)


def freeze_redis(cluster: ChaosCluster, draws: random.Random) -> FaultAction | None:
    """Stop Redis for longer than a lease, at times than a client's time-out; connections stay open without answers."""
    seconds = cluster.lease_s * draws.uniform(1.2, 2.5)
    process = _running_primary(cluster)
    if process is None or not send_signal(process, signal.SIGSTOP):
        return None
    return FaultAction(f"froze redis for {seconds:.1f} s", frozenset(), seconds, lambda: resume(process))


def fill_redis(cluster: ChaosCluster, draws: random.Random) -> FaultAction | None:
    """Set maxmemory so low that every write is refused with OOM."""
    seconds, server = cluster.lease_s * draws.uniform(0.5, 1.8), cluster.redis.primary
    if _running_primary(cluster) is None or (ask(server, "INFO", "memory") or {}).get("maxmemory") != 0:
        return None
    refused = _refused_commands(server)
    if ask(server, "CONFIG", "SET", "maxmemory", "1") is None:
        tell(server, "CONFIG", "SET", "maxmemory", "0")
        return None
    summary = f"redis is full for {seconds:.1f} s"
    free = lambda: tell(server, "CONFIG", "SET", "maxmemory", "0")  # noqa: E731
    return FaultAction(summary, frozenset(), seconds, free, had_effect=lambda: _refused_commands(server) > refused)


def fill_aof(cluster: ChaosCluster, draws: random.Random) -> FaultAction | None:
    """Leave no room for the append-only file: Redis answers every write with MISCONF until there is room.

    Needs `appendfsync everysec`; with `always` Redis would exit at once. The first write that finds no room has been
    acknowledged: a server that is killed now has lost it.
    """
    seconds, server = cluster.lease_s * draws.uniform(0.5, 1.8), cluster.redis.primary
    process = _running_primary(cluster)
    usual = psutil.Process().rlimit(psutil.RLIMIT_FSIZE)
    if process is None or process.rlimit(psutil.RLIMIT_FSIZE) != usual:
        return None
    refused = _refused_commands(server)
    cluster.redis.unsynced_since_ms = cluster.redis.unsynced_since_ms or now_ms()

    def free() -> None:
        with contextlib.suppress(psutil.Error, OSError):
            process.rlimit(psutil.RLIMIT_FSIZE, usual)
        if process_of(server) == process:
            # A server that was restarted since may be full by another fault.
            tell(server, "CONFIG", "SET", "appendfsync", "always")

    # Exactly its present size: Redis 7.0, once a replica, truncates a partial write at the wrong place and can then never
    # read its file again.
    size = max((path.stat().st_size for path in server.socket.parent.rglob("*.aof")), default=0)
    try:
        if ask(server, "CONFIG", "SET", "appendfsync", "everysec") is None:
            raise OSError
        process.rlimit(psutil.RLIMIT_FSIZE, (size, usual[1]))
    except (psutil.Error, OSError):
        free()
        return None
    summary = f"no room for redis's append-only file for {seconds:.1f} s"
    return FaultAction(summary, frozenset(), seconds, free, had_effect=lambda: _refused_commands(server) > refused)


def fail_over(cluster: ChaosCluster, draws: random.Random) -> FaultAction | None:
    """Promote a disconnected replica: writes that the primary acknowledged since the cut are lost."""
    seconds, lost, since_ms = draws.uniform(0.2, 2.0), 0, now_ms() - 1000
    if not cluster.redis.promote():
        return None

    def take_over() -> None:
        nonlocal lost
        lost = cluster.redis.fail_over()

    summary = f"redis fails over in {seconds:.1f} s to a replica that is cut off"
    return FaultAction(summary, frozenset(), seconds, take_over, lost_writes_since_ms=since_ms, had_effect=lambda: lost > 0)


def move_clock(cluster: ChaosCluster, draws: random.Random) -> FaultAction | None:
    """Move Redis's wall clock forward or back, and return it after a while."""
    offset_s = draws.choice((1, -1)) * draws.randint(*draws.choice((_NEAR_S, _FAR_S)))
    seconds, has_dated = draws.uniform(cluster.lease_s, 3 * cluster.lease_s), False
    if not cluster.can_move_clock or cluster.clock_moves.offset_ms:
        return None
    cluster.move_clock(offset_s)

    def return_() -> None:
        nonlocal has_dated
        has_dated = abs(cluster.planned_ms() - now_ms() - offset_s * 1000) < _NEAR_ENOUGH_MS
        cluster.move_clock(0)

    summary = f"redis's clock jumps by {offset_s:+d} s for {seconds:.1f} s"
    return FaultAction(summary, frozenset(), seconds, return_, had_effect=lambda: has_dated)


def _running_primary(cluster: ChaosCluster) -> psutil.Process | None:
    """Return the primary's process; None if it does not run or is stopped."""
    process = process_of(cluster.redis.primary)
    return process if process is not None and process.status() != psutil.STATUS_STOPPED else None


def _refused_commands(server: EmbeddedRedis) -> int:
    """Count the commands that failed or were rejected, as 6.2 has no error statistics of scripts.

    Not counted: CLIENT and HELLO of each new connection, which older versions do not know, and NOSCRIPT.
    """
    commands = ask(server, "INFO", "commandstats") or {}
    unknown = (ask(server, "INFO", "errorstats") or {}).get("errorstat_NOSCRIPT", {"count": 0})
    ends = [each for name, each in commands.items() if not name.startswith(("cmdstat_client", "cmdstat_hello"))]
    return sum(int(each["failed_calls"]) + int(each["rejected_calls"]) for each in ends) - int(unknown["count"])
