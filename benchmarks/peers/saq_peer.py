"""SAQ on Redis, default settings."""

import asyncio
import sys
from collections.abc import Iterable

from body import PADDING, REDIS_URL, work
from saq import Queue

REQUIREMENTS = ["saq[redis]==0.26.4", "typing_extensions"]
WORKER = [sys.executable, "-m", "saq", "saq_peer.settings"]
queue = Queue.from_url(REDIS_URL)


async def job(_context: dict, *, number: int, padding: str) -> None:
    """Run the body off the event loop, as a render would have to."""
    await asyncio.to_thread(work, number, padding)


settings = {"queue": queue, "functions": [job], "concurrency": 10}


def enqueue(numbers: Iterable[int]) -> None:
    """One await each."""

    async def run() -> None:
        await queue.connect()
        for number in numbers:
            await queue.enqueue("job", number=number, padding=PADDING)
        await queue.disconnect()

    asyncio.run(run())


def enqueue_bulk(numbers: Iterable[int]) -> None:
    """gather() by 100; there is no bulk call."""

    async def run() -> None:
        await queue.connect()
        listed = list(numbers)
        for at in range(0, len(listed), 100):
            await asyncio.gather(*(queue.enqueue("job", number=number, padding=PADDING) for number in listed[at : at + 100]))
        await queue.disconnect()

    asyncio.run(run())
