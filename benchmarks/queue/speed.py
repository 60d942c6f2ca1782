"""The queue benchmark's figures of speed and size, each of one system that has the machine to itself."""

import contextlib
import statistics
import time
from typing import Any

from benchmarks.queue.harness import Sizes, System, pause

#: A drain is cut after so long; its rate is that of what began until then.
DRAIN_LIMIT_S = 6.0
#: Nothing begun for so long after process start: the system does not work here.
FIRST_LIMIT_S = 30.0
Row = dict[str, Any]


def enqueue_single(system: System, sizes: Sizes) -> Row:
    return {"enqueue_single_per_s": system.send("single", sizes.single)}


def _used_bytes(system: System) -> int:
    return int(system.redis.info("memory", "used_memory"))


def fill_and_drain_1(system: System, sizes: Sizes) -> Row:
    """Bulk rate, what a waiting item takes in Redis, the drain by one process, and what that leaves in Redis."""
    before = _used_bytes(system)
    rate = system.send("bulk", sizes.items)
    row: Row = {"enqueue_bulk_per_s": rate, "bytes_per_item": (_used_bytes(system) - before) / sizes.items}
    row["drain_1_per_s"], row["first_item_s"], is_all = drain(system, sizes, 1)
    if is_all:
        row["bytes_left_per_item"] = max(0.0, (_used_bytes(system) - before) / sizes.items)
    return row


def drain_2(system: System, sizes: Sizes) -> Row:
    system.send("bulk", sizes.items)
    return {"drain_2_per_s": drain(system, sizes, 2)[0]}


def drain_1_acks_each(system: System, sizes: Sizes) -> Row:
    """Ours alone: each item handed in by a call of its own. The others do so anyway, and some of them take many at once too."""
    if system.name != "ours":
        return {}
    system.send("bulk", sizes.items)
    return {"drain_1_acks_each_per_s": drain(system, sizes, 1, BENCH_ACKS_EACH="1")[0]}


def drain(system: System, sizes: Sizes, processes: int, **more: str) -> tuple[float, float, bool]:
    """Items per second while all `processes` were at work, seconds from process start to the first item, whether all began."""
    logs = [system.new_log() for _ in range(processes)]
    with contextlib.ExitStack() as stack:
        workers = [stack.enter_context(system.worker(log, **more)) for log in logs]
        deadline = time.monotonic() + FIRST_LIMIT_S
        is_begun = False
        while (count := sum(len(log.read().began) for log in logs)) < sizes.items and time.monotonic() < deadline:
            if count and not is_begun:
                is_begun, deadline = True, time.monotonic() + DRAIN_LIMIT_S
            pause(0.05)
        is_all = count >= sizes.items
        if is_all:
            pause(0.3)  # for the last acknowledgements
    times = [sorted(at for at, _ in log.read().began) for log in logs]
    if not any(times):
        raise RuntimeError(f"no item began within {FIRST_LIMIT_S:.0f} s: {system.last_words()}")
    first_s = (min(at[0] for at in times if at) - workers[0].started_ns) / 1e9
    return rate_of(times), first_s, is_all


def rate_of(times: list[list[int]]) -> float:
    """Items per second between the last process's first item and the first process's last; all of it when that is short.

    Args:
        times: per process when its items began, in ns, ascending.
    """
    everything = sorted(at for one in times for at in one)
    if all(times):
        start, end = max(one[0] for one in times), min(one[-1] for one in times)
        within = [at for at in everything if start <= at <= end]
        if len(within) * 4 >= len(everything):
            everything = within
    return (len(everything) - 1) / max(1e-9, (everything[-1] - everything[0]) / 1e9)


def idle(system: System, sizes: Sizes) -> Row:
    """From just before a send to the job's first line, on a warm idle worker; then that worker's memory."""
    log = system.new_log()
    with system.worker(log) as worker:
        sent = {int(number): at for number, at in system.send("paced", sizes.sends, log=log).items()}
        pause(1.0)
        memory = worker.pss_mb()
    began = {number: at for at, number in reversed(log.read().began)}
    waits = sorted((began[number] - at) / 1e6 for number, at in sent.items() if number in began)
    if len(waits) < sizes.sends * 0.9:
        raise RuntimeError(f"{len(waits)} of {sizes.sends} items began: {system.last_words()}")
    p99 = waits[max(0, round(len(waits) * 0.99) - 1)]
    return {"idle_p50_ms": statistics.median(waits), "idle_p99_ms": p99, "pss_mb": memory}
