"""taskiq on a Redis stream, one worker process."""

import asyncio
import sys
from collections.abc import Iterable

from body import PADDING, REDIS_URL, work
from taskiq_redis import RedisStreamBroker

REQUIREMENTS = ["taskiq==0.13.0", "taskiq-redis==1.2.4"]
WORKER = [sys.executable, "-m", "taskiq", "worker", "taskiq_peer:broker", "-w", "1", "--log-level", "WARNING"]
broker = RedisStreamBroker(REDIS_URL, consumer_id="0")


@broker.task(task_name="job")
def job(number: int, padding: str) -> None:
    """A sync task runs in taskiq's thread pool."""
    work(number, padding)


def enqueue(numbers: Iterable[int]) -> None:
    """One await each."""

    async def run() -> None:
        await broker.startup()
        for number in numbers:
            await job.kiq(number, PADDING)
        await broker.shutdown()

    asyncio.run(run())


def enqueue_bulk(numbers: Iterable[int]) -> None:
    """gather() by 100; there is no bulk call."""

    async def run() -> None:
        await broker.startup()
        listed = list(numbers)
        for at in range(0, len(listed), 100):
            await asyncio.gather(*(job.kiq(number, PADDING) for number in listed[at : at + 100]))
        await broker.shutdown()

    asyncio.run(run())
