"""taskiq on a Redis stream, one worker process."""

import asyncio
import sys
from collections.abc import Iterable

from body import PADDING, RECOVERY_S, REDIS_URL, work
from taskiq_redis import RedisStreamBroker

SETTINGS = "stream broker, acknowledged when run; idle_timeout 600 s, quick: 5 s"
REQUIREMENTS = ["taskiq==0.13.0", "taskiq-redis==1.2.4", "redis==8.1.0", "hiredis==3.5.0"]
WORKER = [sys.executable, "-m", "taskiq", "worker", "taskiq_baseline:broker", "-w", "1", "--log-level", "WARNING"]
# A group made at "$", the default, never receives messages sent before its first worker.
_quick = {"idle_timeout": round(RECOVERY_S * 1000), "unacknowledged_lock_timeout": RECOVERY_S} if RECOVERY_S else {}
broker = RedisStreamBroker(REDIS_URL, consumer_id="0", **_quick)


@broker.task(task_name="job")
def job(number: int, padding: str) -> None:
    """Run the body; a sync task runs in taskiq's thread pool."""
    work(number, padding)


def enqueue(numbers: Iterable[int]) -> None:
    """Enqueue with one await each."""

    async def run() -> None:
        await broker.startup()
        for number in numbers:
            await job.kiq(number, PADDING)
        await broker.shutdown()

    asyncio.run(run())


def enqueue_bulk(numbers: Iterable[int]) -> None:
    """Enqueue with gather() by 100; there is no bulk call."""

    async def run() -> None:
        await broker.startup()
        listed = list(numbers)
        for at in range(0, len(listed), 100):
            await asyncio.gather(*(job.kiq(number, PADDING) for number in listed[at : at + 100]))
        await broker.shutdown()

    asyncio.run(run())
