"""RQ, default worker: a fork per job; three retries, without which a killed worker's job only counts as failed."""

import sys
from collections.abc import Iterable

from body import PADDING, RECOVERY_S, REDIS_URL, work
from redis import Redis
from rq import Queue, Retry

SETTINGS = "retry=Retry(3); maintenance each 600 s, quick: each 5 s"
REQUIREMENTS = ["rq==2.12.0", "redis==8.1.0", "hiredis==3.5.0"]
WORKER = [sys.executable, "-m", "rq.cli", "worker", "--url", REDIS_URL, "--logging_level", "WARNING", "default"]
if RECOVERY_S:
    # An idle worker checks every `worker-ttl` less 15 s.
    WORKER += ["--worker-ttl", str(round(RECOVERY_S) + 15), "--maintenance-interval", str(round(RECOVERY_S))]
    WORKER += ["--job-monitoring-interval", "5"]
_queue = Queue(connection=Redis.from_url(REDIS_URL))


def enqueue(numbers: Iterable[int]) -> None:
    """Enqueue one job each."""
    for number in numbers:
        _queue.enqueue(work, number, PADDING, retry=Retry(3))


def enqueue_bulk(numbers: Iterable[int]) -> None:
    """Enqueue with enqueue_many by 500."""
    numbers = list(numbers)
    for at in range(0, len(numbers), 500):
        _queue.enqueue_many([Queue.prepare_data(work, (number, PADDING), retry=Retry(3)) for number in numbers[at : at + 500]])
