"""Dramatiq on Redis, one process of eight threads (its default)."""

import sys
from collections.abc import Iterable

import dramatiq
from body import PADDING, REDIS_URL, work
from dramatiq.brokers.redis import RedisBroker

REQUIREMENTS = ["dramatiq[redis]==2.2.1"]
WORKER = [sys.executable, "-m", "dramatiq", "-p", "1", "-t", "8", "dramatiq_peer"]
dramatiq.set_broker(RedisBroker(url=REDIS_URL))
job = dramatiq.actor(actor_name="job")(work)


def enqueue(numbers: Iterable[int]) -> None:
    """One message each."""
    for number in numbers:
        job.send(number, PADDING)


enqueue_bulk = enqueue
