"""arq, default settings."""

import asyncio
import sys
from collections.abc import Iterable

from arq import create_pool
from arq.connections import RedisSettings
from body import PADDING, REDIS_URL, work

REQUIREMENTS = ["arq==0.28.0"]
WORKER = [sys.executable, "-m", "arq", "arq_peer.WorkerSettings"]


async def job(_context: dict, number: int, padding: str) -> None:
    """Run the body off the event loop when it takes time."""
    await asyncio.to_thread(work, number, padding) if _takes_time() else work(number, padding)


def _takes_time() -> bool:
    import body

    return bool(body._WORK_S)


class WorkerSettings:
    """What `arq` reads."""

    functions = (job,)
    redis_settings = RedisSettings.from_dsn(REDIS_URL)


def enqueue(numbers: Iterable[int]) -> None:
    """One await each."""

    async def run() -> None:
        pool = await create_pool(WorkerSettings.redis_settings)
        for number in numbers:
            await pool.enqueue_job("job", number, PADDING)
        await pool.aclose()

    asyncio.run(run())


def enqueue_bulk(numbers: Iterable[int]) -> None:
    """gather() by 500; there is no bulk call."""

    async def run() -> None:
        pool = await create_pool(WorkerSettings.redis_settings)
        listed = list(numbers)
        for at in range(0, len(listed), 500):
            await asyncio.gather(*(pool.enqueue_job("job", number, PADDING) for number in listed[at : at + 500]))
        await pool.aclose()

    asyncio.run(run())
