"""Dramatiq on Redis, one process of eight threads (its default)."""

import sys
from collections.abc import Iterable

import dramatiq
from body import PADDING, RECOVERY_S, REDIS_URL, work
from dramatiq.brokers.redis import RedisBroker

SETTINGS = "default; heartbeat_timeout 60 s, quick: 5 s, looked at in every tenth call instead of every thousandth"
REQUIREMENTS = ["dramatiq[redis]==2.2.1", "redis==8.1.0", "hiredis==3.5.0"]
WORKER = [sys.executable, "-m", "dramatiq", "-p", "1", "-t", "8", "dramatiq_baseline"]
_quick = {"heartbeat_timeout": round(RECOVERY_S * 1000), "maintenance_chance": 100_000} if RECOVERY_S else {}
dramatiq.set_broker(RedisBroker(url=REDIS_URL, **_quick))
job = dramatiq.actor(actor_name="job")(work)


def enqueue(numbers: Iterable[int]) -> None:
    """Enqueue one message each."""
    for number in numbers:
        job.send(number, PADDING)


enqueue_bulk = enqueue
