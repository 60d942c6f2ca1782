"""What the worker program keeps out of its process, and that nothing misses it."""

import subprocess
import sys

import redis

_PROGRAM = """
import sys
from container_worker.lean import stay_lean
stay_lean()
stay_lean()
import container_worker.main
import redis, structlog
from pydantic import BaseModel
heavy = ("redis.asyncio.client", "rich", "opentelemetry", "boto3", "httpx", "http.client", "av", "numpy", "celery", "uharfbuzz")
print(*(name for name in heavy if sys.modules.get(name) is not None))
print(redis.__version__, redis.Redis.from_url("unix:///nowhere").ping.__name__)
"""


def test_the_worker_program_loads_nothing_that_an_idle_worker_does_not_use() -> None:
    """Neither the renderer's libraries nor those of stores it has not met, nor what its libraries bring along."""
    ran = subprocess.run([sys.executable, "-c", _PROGRAM], capture_output=True, text=True, check=True)
    loaded, whole = ran.stdout.splitlines()
    assert loaded == ""
    assert whole == f"{redis.__version__} ping"


def test_who_imports_our_packages_keeps_all_of_their_libraries() -> None:
    """Only the program is lean: an application that enqueues may well be asynchronous."""
    program = "import scenequeue.queue, container_worker.loop, redis.asyncio; print(redis.asyncio.Redis.__name__)"
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert ran.stdout == "Redis\n"
