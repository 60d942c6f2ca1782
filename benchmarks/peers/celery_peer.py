"""Celery on Redis, default settings, one prefork child."""

import sys
from collections.abc import Iterable

from body import PADDING, REDIS_URL, work
from celery import Celery

REQUIREMENTS = ["celery[redis]==5.7.0"]
WORKER = [sys.executable, "-m", "celery", "-A", "celery_peer", "worker", "-c", "1", "-l", "WARNING"]
app = Celery("bench", broker=REDIS_URL, backend=None)
app.conf.task_ignore_result = True
job = app.task(name="job")(work)


def enqueue(numbers: Iterable[int]) -> None:
    """One message each."""
    for number in numbers:
        job.delay(number, PADDING)


enqueue_bulk = enqueue
