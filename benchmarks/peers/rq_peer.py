"""RQ, default worker: a fork per job."""

import sys
from collections.abc import Iterable

from body import PADDING, REDIS_URL, work
from redis import Redis
from rq import Queue

REQUIREMENTS = ["rq==2.12.0"]
WORKER = [sys.executable, "-m", "rq.cli", "worker", "--url", REDIS_URL, "--logging_level", "WARNING", "default"]
_queue = Queue(connection=Redis.from_url(REDIS_URL))


def enqueue(numbers: Iterable[int]) -> None:
    """One job each."""
    for number in numbers:
        _queue.enqueue(work, number, PADDING)


def enqueue_bulk(numbers: Iterable[int]) -> None:
    """enqueue_many by 500."""
    numbers = list(numbers)
    for at in range(0, len(numbers), 500):
        _queue.enqueue_many([Queue.prepare_data(work, (number, PADDING)) for number in numbers[at : at + 500]])
