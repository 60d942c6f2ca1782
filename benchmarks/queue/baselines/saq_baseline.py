"""SAQ on Redis; three attempts, without which a killed worker's job only counts as aborted."""

import asyncio
import sys
from collections.abc import Iterable

from body import PADDING, RECOVERY_S, REDIS_URL, WORK_S, work
from saq import Queue

SETTINGS = "retries=3; timeout 10 s, swept each 60 s, quick: 5 s, swept each second"
REQUIREMENTS = ["saq[redis]==0.26.4", "typing_extensions==4.16.0", "redis==7.4.1", "hiredis==3.5.0"]
WORKER = [sys.executable, "-m", "saq", "saq_baseline.settings"]
queue = Queue.from_url(REDIS_URL)


async def job(_context: dict, *, number: int, padding: str) -> None:
    """Run the body off the event loop, when it takes time."""
    await asyncio.to_thread(work, number, padding) if WORK_S else work(number, padding)


settings = {"queue": queue, "functions": [job], "concurrency": 10}
if RECOVERY_S:
    settings["timers"] = {"sweep": 1}
_SAFE = {"retries": 3, "timeout": round(RECOVERY_S) or 10}


def enqueue(numbers: Iterable[int]) -> None:
    """Enqueue with one await each."""

    async def run() -> None:
        await queue.connect()
        for number in numbers:
            await queue.enqueue("job", number=number, padding=PADDING, **_SAFE)
        await queue.disconnect()

    asyncio.run(run())


def enqueue_bulk(numbers: Iterable[int]) -> None:
    """Enqueue with gather() by 100; there is no bulk call."""

    async def run() -> None:
        await queue.connect()
        listed = list(numbers)
        for at in range(0, len(listed), 100):
            some = listed[at : at + 100]
            await asyncio.gather(*(queue.enqueue("job", number=number, padding=PADDING, **_SAFE) for number in some))
        await queue.disconnect()

    asyncio.run(run())
