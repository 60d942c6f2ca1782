"""Baseline streaq, with default settings."""

import asyncio
import sys
from collections.abc import Iterable

from body import PADDING, RECOVERY_S, REDIS_URL, WORK_S, work
from streaq import Worker

SETTINGS = "default; idle_timeout 60 s, quick: 5 s"
REQUIREMENTS = ["streaq==7.2.0", "coredis==6.9.0"]
WORKER = [sys.executable, "-m", "streaq", "run", "streaq_baseline:worker"]
worker = Worker(redis_url=REDIS_URL, idle_timeout=RECOVERY_S or 60)


@worker.task(name="job")
async def job(number: int, padding: str) -> None:
    """Run the body off the event loop, when it takes time."""
    await asyncio.to_thread(work, number, padding) if WORK_S else work(number, padding)


def enqueue(numbers: Iterable[int]) -> None:
    """Enqueue with one await each."""

    async def run() -> None:
        async with worker:
            for number in numbers:
                await job.enqueue(number, PADDING)

    asyncio.run(run())


def enqueue_bulk(numbers: Iterable[int]) -> None:
    """Enqueue with enqueue_many by 500."""

    async def run() -> None:
        listed = list(numbers)
        async with worker:
            for at in range(0, len(listed), 500):
                await worker.enqueue_many([job.enqueue(number, PADDING) for number in listed[at : at + 500]])

    asyncio.run(run())
