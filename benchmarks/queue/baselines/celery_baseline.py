"""Celery on Redis, one prefork child; a job is acknowledged when it has ended, and requeued if its child dies."""

import sys
from collections.abc import Iterable

from body import PADDING, RECOVERY_S, REDIS_URL, work
from celery import Celery

SETTINGS = "acks_late and reject_on_worker_lost; visibility_timeout 3600 s, quick: 5 s, looked at each second"
REQUIREMENTS = ["celery[redis]==5.7.0", "kombu==5.7.0", "redis==8.1.0", "hiredis==3.5.0"]
WORKER = [sys.executable, "-m", "celery", "-A", "celery_baseline", "worker", "-c", "1", "-l", "WARNING"]
app = Celery("bench", broker=REDIS_URL, backend=None)
app.conf.task_ignore_result = True
app.conf.task_acks_late = app.conf.task_reject_on_worker_lost = True
if RECOVERY_S:
    restore = {"unacked_restore_interval": 1, "unacked_restore_throttle": 1}
    app.conf.broker_transport_options = {"visibility_timeout": RECOVERY_S, **restore}
job = app.task(name="job")(work)


def enqueue(numbers: Iterable[int]) -> None:
    """Enqueue one message each."""
    for number in numbers:
        job.delay(number, PADDING)


enqueue_bulk = enqueue
