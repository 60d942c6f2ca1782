"""Nobody needs a supervisor: worker, dispatcher and a waiting producer sit out a Redis that is gone, and go on."""

import os
import random
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from chaos.history import violations
from chaos.proxies import RedisProxy
from console.embedded_redis import EmbeddedRedis
from scenequeue.items import ItemState, JobSpec, JobState, WorkItem, check_job_id
from scenequeue.queue import SceneQueue
from tests.waiting import wait_until

#: How long Redis is away; `SCENEBURST_OUTAGE_S=60` for the whole minute.
_OUTAGE_S = float(os.environ.get("SCENEBURST_OUTAGE_S", "6"))
#: Share of a core above which a program that waits is spinning.
_SPINNING = 0.35
_WAITER = """
import sys
from producer import Producer
with Producer() as producer:
    print(producer.job("a").wait(300).state.value, flush=True)
"""


@pytest.fixture
def proxy(redis_server: EmbeddedRedis, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisProxy]:
    """A way to Redis that can be closed."""
    path = Path("/tmp", f"sb-proxy-{os.getpid()}-{time.monotonic_ns()}")
    proxy = RedisProxy(path, redis_server.socket)
    yield proxy
    proxy.close()
    path.unlink(missing_ok=True)


@pytest.mark.slow
def test_everybody_survives_an_outage_and_nothing_is_done_twice(
    queue: SceneQueue, namespace: str, proxy: RedisProxy, tmp_path: Path
) -> None:
    """An item is in hand when Redis goes; its result is handed in when Redis is back. Nobody exits, nobody spins."""
    environment = {
        **os.environ, "SCENEBURST_REDIS_URL": proxy.url, "SCENEBURST_NAMESPACE": namespace, "SCENEBURST_LEASE_S": "2",
        "SCENEBURST_STATE_DIR": str(tmp_path / "fleet"), "SCENEBURST_TICK_S": "0.5", "SCENEBURST_MAX_CONTAINERS": "1",
        "SCENEBURST_IDLE_TIMEOUT_S": "30", "SCENEBURST_SLOTS": "1", "SCENEBURST_CONTAINER_ID": "w1",
        "SCENEBURST_SCRATCH_DIR": str(tmp_path / "scratch"),
    }  # fmt: skip
    items = [WorkItem(kind="wait", name=f"s{number}", payload={"folder": str(tmp_path)}) for number in range(4)]
    queue.producer.submit(JobSpec(job_id=check_job_id("a"), max_attempts=10), [items])
    (tmp_path / "log").touch()
    with (tmp_path / "log").open("ab") as log:
        programs = {
            "dispatcher": [sys.executable, "-m", "dispatcher"],
            "worker": [sys.executable, "-m", "tests.container_worker.worker_program"],
            "waiter": [sys.executable, "-c", _WAITER],
        }
        queue.operator.pause()
        started = {name: subprocess.Popen(argv, env=environment, stdout=log, stderr=log) for name, argv in programs.items()}
    try:
        wait_until(queue.inspect.plan, "the dispatcher ticks", 30)
        wait_until(lambda: [r for r in queue.inspect.containers() if r.container_id == "w1"], "the worker has said hello", 30)
        queue.operator.resume()
        wait_until(queue.inspect.leased, "an item is in hand", 30)
        proxy.is_blocked = True
        proxy.cut(1.0, random.Random(1))
        before = {name: _cpu_s(program) for name, program in started.items()}
        time.sleep(_OUTAGE_S)
        for name, program in started.items():
            assert program.poll() is None, (name, (tmp_path / "log").read_text()[-2000:])
            assert (_cpu_s(program) - before[name]) / _OUTAGE_S < _SPINNING, name
        (tmp_path / "go").touch()
        proxy.is_blocked = False
        wait_until(lambda: queue.producer.status("a").state is JobState.DONE, "the job is done", 60)
        assert started["waiter"].wait(30) == 0
        assert [started[name].poll() for name in ("dispatcher", "worker")] == [None, None]
    finally:
        for program in started.values():
            program.kill()
            program.wait()
        from dispatcher.fleets.process import ProcessFleet

        ProcessFleet(tmp_path / "fleet").stop_all("the test is over", grace_s=1)
    assert violations("a", queue.producer.events("a", count=10_000)) == []
    assert [result.state for result in queue.producer.results("a")] == [ItemState.DONE.value] * 4


def _cpu_s(program: subprocess.Popen[bytes]) -> float:
    times = psutil.Process(program.pid).cpu_times()
    return float(times.user + times.system)
