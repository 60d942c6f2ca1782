"""Huey on Redis lists, one worker thread."""

import sys
from collections.abc import Iterable

from body import PADDING, REDIS_URL, work
from huey import RedisHuey

SETTINGS = "default: at most once; it has no setting that keeps what a killed worker held"
REQUIREMENTS = ["huey==3.5.4", "redis==8.1.0", "hiredis==3.5.0"]
WORKER = [sys.executable, "-m", "huey.bin.huey_consumer", "huey_baseline.huey", "-w", "1", "-q"]
huey = RedisHuey("bench", url=REDIS_URL, results=False)
job = huey.task(name="job")(work)


def enqueue(numbers: Iterable[int]) -> None:
    """Enqueue one message each."""
    for number in numbers:
        job(number, PADDING)


enqueue_bulk = enqueue
