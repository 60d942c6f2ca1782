"""Baseline arq, with default settings."""

import asyncio
import sys
from collections.abc import Iterable

from arq import create_pool
from arq.connections import RedisSettings
from body import PADDING, RECOVERY_S, REDIS_URL, WORK_S, work

SETTINGS = "default; job_timeout 300 s, quick: 5 s, to which it adds 10"
REQUIREMENTS = ["arq==0.28.0", "redis==5.3.1", "hiredis==3.5.0"]
WORKER = [sys.executable, "-m", "arq", "arq_baseline.WorkerSettings"]


async def job(_context: dict, number: int, padding: str) -> None:
    """Run the body off the event loop when it takes time."""
    await asyncio.to_thread(work, number, padding) if WORK_S else work(number, padding)


class WorkerSettings:
    """Settings read by `arq`."""

    functions = (job,)
    job_timeout = RECOVERY_S or 300
    redis_settings = RedisSettings.from_dsn(REDIS_URL)


def enqueue(numbers: Iterable[int]) -> None:
    """Enqueue with one await each."""

    async def run() -> None:
        pool = await create_pool(WorkerSettings.redis_settings)
        for number in numbers:
            await pool.enqueue_job("job", number, PADDING)
        await pool.aclose()

    asyncio.run(run())


def enqueue_bulk(numbers: Iterable[int]) -> None:
    """Enqueue with gather() by 500; there is no bulk call."""

    async def run() -> None:
        pool = await create_pool(WorkerSettings.redis_settings)
        listed = list(numbers)
        for at in range(0, len(listed), 500):
            await asyncio.gather(*(pool.enqueue_job("job", number, PADDING) for number in listed[at : at + 500]))
        await pool.aclose()

    asyncio.run(run())
