"""Measures speed and size of one queue while no other runs."""

import contextlib
import statistics
import time
from typing import Any

from benchmarks.queue.baselines.sender import WARM
from benchmarks.queue.harness import Baseline, Log, Sizes, pause

#: A drain ends after this time; its rate is that of the items begun by then.
DRAIN_LIMIT_S = 6.0
#: Time limit from process start to the first item.
MAX_FIRST_ITEM_S = 30.0
#: Time limit for many workers to start.
MAX_START_S = 120.0
Row = dict[str, Any]


def enqueue_single(baseline: Baseline, sizes: Sizes) -> Row:
    return {"enqueue_single_per_s": baseline.send("single", sizes.single)}


def _used_bytes(baseline: Baseline) -> int:
    return int(baseline.redis.info("memory", "used_memory"))


def fill_and_drain_1(baseline: Baseline, sizes: Sizes) -> Row:
    """Measure the bulk rate, the bytes of a waiting item, the drain by one process, and the bytes it leaves in Redis."""
    before = _used_bytes(baseline)
    rate = baseline.send("bulk", sizes.items)
    row: Row = {"enqueue_bulk_per_s": rate, "bytes_per_item": (_used_bytes(baseline) - before) / sizes.items}
    row["drain_1_per_s"], row["first_item_s"], is_all = drain(baseline, sizes, 1)
    if is_all:
        row["bytes_left_per_item"] = max(0.0, (_used_bytes(baseline) - before) / sizes.items)
    return row


def drain_2(baseline: Baseline, sizes: Sizes) -> Row:
    baseline.send("bulk", sizes.items)
    return {"drain_2_per_s": drain(baseline, sizes, 2)[0]}


def drain_1_acks_each(baseline: Baseline, sizes: Sizes) -> Row:
    """Measure our drain with an ack for each item, as the baselines always do."""
    if baseline.name != "ours":
        return {}
    baseline.send("bulk", sizes.items)
    return {"drain_1_acks_each_per_s": drain(baseline, sizes, 1, BENCH_ACKS_EACH="1")[0]}


def drain(baseline: Baseline, sizes: Sizes, processes: int, **more: str) -> tuple[float, float, bool]:
    """Return items per second while all processes worked, seconds from process start to the first item, True if all began."""
    logs = [baseline.new_log() for _ in range(processes)]
    with contextlib.ExitStack() as stack:
        workers = [stack.enter_context(baseline.worker(log, **more)) for log in logs]
        deadline = time.monotonic() + MAX_FIRST_ITEM_S
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
        raise RuntimeError(f"no item began within {MAX_FIRST_ITEM_S:.0f} s: {baseline.last_errors()}")
    first_s = (min(at[0] for at in times if at) - workers[0].started_ns) / 1e9
    return rate_of(times), first_s, is_all


def rate_of(times: list[list[int]]) -> float:
    """Return items per second while all processes worked; over the whole drain if that was only a short part of it.

    Args:
        times: start times of the items of each process, in ns, ascending.
    """
    everything = sorted(at for one in times for at in one)
    if all(times):
        start, end = max(one[0] for one in times), min(one[-1] for one in times)
        within = [at for at in everything if start <= at <= end]
        if len(within) * 4 >= len(everything):
            everything = within
    return (len(everything) - 1) / max(1e-9, (everything[-1] - everything[0]) / 1e9)


def idle(baseline: Baseline, sizes: Sizes) -> Row:
    """Measure the time from a send to the start of its job on a warm idle worker, and that worker's memory."""
    log = baseline.new_log()
    with baseline.worker(log) as worker:
        sent = baseline.send("paced", sizes.sends, log=log)
        pause(1.0)
        memory = worker.pss_mb()
    waits = _waits_ms(baseline, log, sent)
    p99 = waits[max(0, round(len(waits) * 0.99) - 1)]
    return {"idle_p50_ms": statistics.median(waits), "idle_p99_ms": p99, "pss_mb": memory}


def idle_among_many(baseline: Baseline, sizes: Sizes) -> Row:
    """Measure the same of ours among many idle workers, and the steps that all of them run for one item.

    Steps are calls of scripts, those of the sender aside. An idle worker looks by itself as well, rarely here.
    """
    if baseline.name != "ours":
        return {}
    log = baseline.new_log()
    with contextlib.ExitStack() as stack:
        for _ in range(sizes.workers):
            stack.enter_context(baseline.worker(log, BENCH_SWEEP_S="60", BENCH_WAIT_S="5"))
        deadline = time.monotonic() + MAX_START_S
        while int(baseline.redis.info("clients", "blocked_clients")) < sizes.workers:
            if time.monotonic() > deadline:
                raise RuntimeError(f"not all of {sizes.workers} workers wait for work: {baseline.last_errors()}")
            pause(0.05)
        before = _steps(baseline)
        sent = baseline.send("paced", sizes.sends, log=log)
        pause(0.5)
        steps = _steps(baseline) - before
    count = sizes.sends + WARM
    return {
        "idle_many_p50_ms": statistics.median(_waits_ms(baseline, log, sent)),
        "idle_many_steps_per_item": round((steps - count) / count, 2),
    }


def _steps(baseline: Baseline) -> int:
    """Return the number of scripts that the server has run."""
    return int(baseline.redis.info("commandstats", "cmdstat_evalsha").partition("calls=")[2].partition(",")[0])


def _waits_ms(baseline: Baseline, log: Log, sent: dict[str, int]) -> list[float]:
    """Return the milliseconds from each send to the start of its job, ascending.

    Raises:
        RuntimeError: a tenth or more of the jobs have not begun.
    """
    began = {number: at for at, number in reversed(log.read().began)}
    waits = sorted((began[int(number)] - at) / 1e6 for number, at in sent.items() if int(number) in began)
    if len(waits) < len(sent) * 0.9:
        raise RuntimeError(f"{len(waits)} of {len(sent)} items began: {baseline.last_errors()}")
    return waits
