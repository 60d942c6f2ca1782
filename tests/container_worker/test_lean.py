"""What the worker program keeps out of its process, and that nothing misses it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

_ROOT = Path(__file__).parents[2]
#: A worker program that says what it has loaded when it leaves.
_IDLE = """
import sys
from container_worker.lean import stay_lean
stay_lean()
stay_lean()
from container_worker import lean, main
from scenequeue.settings import WorkerSettings
code = main.run(WorkerSettings.load())
put_off = {name for name in lean._LATER if type(sys.modules[name]) is lean._LaterModule}
print("loaded", *(name for name, module in sys.modules.items() if module is not None and name not in put_off))
sys.exit(code)
"""
#: What an idle worker has no use for, by what it would bring along.
_HEAVY = {
    "av", "numpy", "uharfbuzz", "PIL",  # the renderer's
    "boto3", "httpx", "http.client", "email",  # those of stores it has not met
    "_ssl", "_hashlib", "ssl", "hashlib", "hmac",  # OpenSSL
    "asyncio", "redis.asyncio.client", "redis.cluster", "redis.sentinel",
    "pydantic_settings", "dotenv", "argparse", "importlib.metadata", "zipfile", "bz2", "lzma",
    "rich", "opentelemetry", "celery",
}  # fmt: skip


def _program(text: str, **environment: str) -> str:
    ran = subprocess.run(
        [sys.executable, "-c", text], env={**os.environ, **environment}, cwd=_ROOT, capture_output=True, text=True, check=True
    )
    return ran.stdout


def test_a_worker_that_found_no_work_has_loaded_nothing_that_it_does_not_use(redis_url: str, namespace: str) -> None:
    """From its start, over its hello and waiting at the queue, to its leave."""
    said = _program(_IDLE, SCENEBURST_REDIS_URL=redis_url, SCENEBURST_NAMESPACE=namespace, SCENEBURST_IDLE_TIMEOUT_S="0.5")
    loaded = set(said.rpartition("loaded ")[2].split())
    assert "redis.client" in loaded
    assert loaded & _HEAVY == set()


def test_what_was_put_off_is_whole_when_it_is_asked_for() -> None:
    """By attribute, by name, by a submodule, and by calling what was there before."""
    said = _program(
        """
from container_worker.lean import stay_lean
stay_lean()
import asyncio, hashlib, hmac, importlib.metadata, locale, redis, secrets, shutil, sys
print(hashlib.sha1(b"").hexdigest(), "_hashlib" in sys.modules, hashlib.sha256(b"").name, "_hashlib" in sys.modules)
print(importlib.metadata.version("redis") == redis.__version__, "zipfile" in sys.modules)
print(len(importlib.metadata.entry_points(group="console_scripts")) > 0, "zipfile" in sys.modules)
print(hmac.new(b"key", b"text", "sha256").hexdigest()[:8], secrets.compare_digest("a", "a"))
print(redis.RedisCluster.__name__, redis.Redis.from_url("unix:///nowhere").ping.__name__)
print(asyncio.run(asyncio.sleep(0, "awake")), asyncio.locks.Lock is asyncio.Lock, locale.getlocale.__name__)
import http.client
print(http.client.HTTPSConnection.__name__)
try:
    importlib.metadata.version("no-such-package")
except importlib.metadata.PackageNotFoundError as error:
    print(error)
"""
    )
    assert said.splitlines() == [
        "da39a3ee5e6b4b0d3255bfef95601890afd80709 False sha256 True",
        "True False",
        "True True",
        "6afa9046 True",
        "RedisCluster ping",
        "awake True getlocale",
        "HTTPSConnection",
        "No package metadata was found for no-such-package",
    ]


def test_threads_that_ask_at_once_all_see_the_whole_module() -> None:
    """The second waits while the first has the module's code run."""
    said = _program(
        """
from container_worker.lean import stay_lean
stay_lean()
import asyncio, sys, threading
sys.setswitchinterval(1e-6)
start, seen = threading.Barrier(8), []
def ask():
    start.wait()
    seen.append(asyncio.DefaultEventLoopPolicy)
threads = [threading.Thread(target=ask) for _ in range(8)]
for thread in threads: thread.start()
for thread in threads: thread.join()
print(len(seen))
"""
    )
    assert said == "8\n"


@pytest.mark.parametrize(("url", "has_tls"), [("rediss://there", True), ("redis://there", False), ("", False)])
def test_redis_is_loaded_with_tls_where_its_address_asks_for_it(url: str, has_tls: bool) -> None:
    """Settings' names are read in any case, so this one is too."""
    program = "from container_worker.lean import stay_lean; stay_lean(); import redis.utils; print(redis.utils.SSL_AVAILABLE)"
    assert _program(program, **({"sceneburst_redis_url": url} if url else {})) == f"{has_tls}\n"


def test_who_imports_our_packages_keeps_all_of_their_libraries() -> None:
    """Only the program is lean: an application that enqueues may well be asynchronous."""
    program = "import scenequeue.queue, container_worker.loop, redis.asyncio, ssl; print(redis.asyncio.Redis.__name__)"
    assert _program(program) == "Redis\n"
