"""The producer of one queue, in its own environment: `sender.py MODULE worker|single|bulk|paced [COUNT]`.

Prints one JSON value. A generator yields the numbers, so that the clock starts when a connected producer asks for the first.
"""

import importlib
import json
import os
import random
import sys
import time
from collections.abc import Iterator
from pathlib import Path

WARM = 20
_WARM_LIMIT_S = 30.0


def single(module, count: int) -> float:
    """Measure items per second, one call each; the first WARM are not counted."""
    began = 0.0

    def numbers() -> Iterator[int]:
        nonlocal began
        for number in range(count + WARM):
            if number == WARM:
                began = time.perf_counter()
            yield number

    module.enqueue(numbers())
    return count / (time.perf_counter() - began)


def bulk(module, count: int) -> float:
    """Measure items per second by the queue's bulk call, if it has one."""
    began = 0.0

    def numbers() -> Iterator[int]:
        nonlocal began
        began = time.perf_counter()
        yield from range(count)

    module.enqueue_bulk(numbers())
    return count / (time.perf_counter() - began)


def paced(module, count: int) -> dict[int, int]:
    """Send one at a time to an idle worker that has begun WARM others; returns the time of each send in ns."""
    sent: dict[int, int] = {}
    wait = random.Random(1)

    def numbers() -> Iterator[int]:
        yield from range(WARM)
        deadline = time.monotonic() + _WARM_LIMIT_S
        while Path(os.environ["BENCH_LOG"]).read_bytes().count(b"\n") < WARM and time.monotonic() < deadline:
            time.sleep(0.05)
        for number in range(WARM, WARM + count):
            time.sleep(wait.uniform(0.02, 0.12))
            sent[number] = time.time_ns()
            yield number

    module.enqueue(numbers())
    return sent


def main() -> None:
    name, what = sys.argv[1:3]
    module = importlib.import_module(name)
    if what == "worker":
        print(json.dumps(module.WORKER))
    else:
        print(json.dumps({"single": single, "bulk": bulk, "paced": paced}[what](module, int(sys.argv[3]))))


if __name__ == "__main__":
    main()
