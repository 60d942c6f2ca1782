"""Worker, dispatcher and producers wait while Redis is unavailable, and go on afterwards, without a restart."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from chaos.judge.history import violations
from chaos.proxies.redis import BlockMode, RedisProxy
from sceneburst.local.embedded_redis import EmbeddedRedis
from scenequeue.jobs.ids import check_job_id
from scenequeue.jobs.item import ItemState, WorkItem
from scenequeue.jobs.job import JobSpec, JobState
from scenequeue.queue import SceneQueue
from scenequeue.reasons import Reason
from tests.scenequeue.jobs import put_leases_in_the_past
from tests.support.waiting import wait_until

#: How long Redis is away; `make outage` makes it the whole minute.
_OUTAGE_S = float(os.environ.get("SCENEBURST_OUTAGE_S", "6"))
#: Connections a second that a program which waits asks for at most; one that spins asks for thousands.
_TRIES_PER_S = 20
#: Share of a core that it may use in a long outage; in a short one, what it does in the first moments counts for too much.
_CORE_SHARE = 0.1 if _OUTAGE_S >= 30 else None
_WAITER = """
import sys
from producer import Producer
with Producer() as producer:
    print(producer.job("a").wait(300).state.value, flush=True)
"""
#: Submits one job after the other, each until it is taken, as the documentation tells callers to.
_SUBMITTER = """
import sys, time
from pathlib import Path
from producer import Producer
from scenequeue.errors import QueueUnavailable
from scenequeue.jobs.item import WorkItem
from scenequeue.jobs.job import JobSpec
from scenequeue.jobs.ids import check_job_id
folder = Path(sys.argv[1])
number = 0
with Producer() as producer:
    while not (folder / "enough").exists():
        item = WorkItem(kind="wait", name="s", payload={"folder": str(folder)})
        while True:
            try:
                producer.queue.producer.submit(JobSpec(job_id=check_job_id(f"more-{number}"), max_attempts=10), [[item]])
                break
            except QueueUnavailable:
                time.sleep(1)
        number += 1
        (folder / "submitted").write_text(str(number))
        time.sleep(0.5)
"""
#: Characters of the programs' log that a failure shows.
_LOG_CHARS = 20_000


@pytest.fixture
def proxy(redis_server: EmbeddedRedis) -> Iterator[RedisProxy]:
    """A way to Redis that can be closed."""
    path = Path("/tmp", f"sb-proxy-{os.getpid()}-{time.monotonic_ns()}")
    proxy = RedisProxy(path, redis_server.socket)
    yield proxy
    proxy.close()
    path.unlink(missing_ok=True)


class Programs:
    """A dispatcher, a worker that takes nothing yet, a producer that waits for a job and one that keeps submitting.

    Args:
        queue: straight to Redis, not through the proxy.
        url: the proxy's.
        namespace: the queue's.
        folder: for everything.
    """

    def __init__(self, queue: SceneQueue, url: str, namespace: str, folder: Path) -> None:
        self._folder = folder
        self.log = folder / "log.txt"
        environment = {
            **os.environ, "SCENEBURST_REDIS_URL": url, "SCENEBURST_NAMESPACE": namespace, "SCENEBURST_LEASE_S": "60",
            "SCENEBURST_STATE_DIR": str(folder / "fleet"), "SCENEBURST_TICK_S": "0.5", "SCENEBURST_MAX_CONTAINERS": "1",
            "SCENEBURST_IDLE_TIMEOUT_S": "600", "SCENEBURST_SLOTS": "1", "SCENEBURST_CONTAINER_ID": "w1",
            "SCENEBURST_SCRATCH_DIR": str(folder / "scratch"), "SCENEBURST_LOG_FORMAT": "json",
        }  # fmt: skip
        argvs = {
            "dispatcher": ["-m", "dispatcher"],
            "worker": ["-m", "tests.container_worker.worker_program"],
            "waiter": ["-c", _WAITER],
            "submitter": ["-c", _SUBMITTER, str(folder)],
        }
        with self.log.open("ab") as log:
            queue.operator.pause()
            self.running = {
                name: subprocess.Popen([sys.executable, *argv], env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
                for name, argv in argvs.items()
            }
        wait_until(queue.inspect.plan, "the dispatcher ticks")
        wait_until(lambda: [r for r in queue.inspect.containers() if r.container_id == "w1"], "the worker has said hello")
        wait_until(self.submitted, "the submitter has submitted")

    def submitted(self) -> int:
        """Return the number of jobs submitted so far."""
        path = self._folder / "submitted"
        return int(path.read_text() or 0) if path.exists() else 0

    def cpu_s(self) -> dict[str, float]:
        """Return the CPU seconds that each has used so far; asserts that all run."""
        codes = {name: program.poll() for name, program in self.running.items()}
        assert codes == dict.fromkeys(self.running), self.log.read_text()
        times = {name: psutil.Process(program.pid).cpu_times() for name, program in self.running.items()}
        return {name: float(each.user + each.system) for name, each in times.items()}

    def close(self) -> None:
        for program in self.running.values():
            program.kill()
            program.wait()
        # Shown by pytest where the test fails.
        print(self.log.read_text(errors="replace")[-_LOG_CHARS:])
        from dispatcher.fleets.process import ProcessFleet

        ProcessFleet(self._folder / "fleet").stop_all(Reason("the test is over"), grace_s=1)


@pytest.mark.slow
@pytest.mark.parametrize("how", ["refuse", "swallow"])
def test_everybody_survives_an_outage_and_nothing_is_done_twice(
    queue: SceneQueue, namespace: str, proxy: RedisProxy, tmp_path: Path, how: BlockMode
) -> None:
    """An item is in hand when Redis goes; its result is handed in when Redis is back. Nobody exits, nobody spins.

    The outage outlasts the time of its lease. Whether Redis refuses, or whatever is sent vanishes and no connection is closed.
    """
    items = [WorkItem(kind="wait", name=f"s{number}", payload={"folder": str(tmp_path)}) for number in range(4)]
    queue.producer.submit(JobSpec(job_id=check_job_id("a"), max_attempts=10), [items])
    programs = Programs(queue, proxy.url, namespace, tmp_path)
    try:
        queue.operator.resume()
        wait_until(queue.inspect.leased, "an item is in hand")
        lift = proxy.block(how)
        put_leases_in_the_past(queue)
        before, asked, submitted = programs.cpu_s(), proxy.asked.copy(), programs.submitted()
        time.sleep(_OUTAGE_S)
        tries = {name: proxy.asked[program.pid] - asked[program.pid] for name, program in programs.running.items()}
        assert {name: count for name, count in tries.items() if count > _TRIES_PER_S * _OUTAGE_S} == {}
        shares = {name: (used_s - before[name]) / _OUTAGE_S for name, used_s in programs.cpu_s().items()}
        assert _CORE_SHARE is None or max(shares.values()) <= _CORE_SHARE, shares
        (tmp_path / "go").touch()
        lift()
        _goes_on(queue, programs, submitted)
        (tmp_path / "enough").touch()
        wait_until(lambda: programs.running["submitter"].poll() == 0, "the submitter has ended")
        jobs = [status.job_id for status in queue.inspect.jobs(1000)]
        wait_until(lambda: all(queue.producer.status(job).state is JobState.DONE for job in jobs), "every job is done")
        assert len(jobs) == programs.submitted() + 1
        assert [programs.running[name].poll() for name in ("dispatcher", "worker")] == [None, None]
        assert _lines(programs.log, "dispatcher starts") == 1
    finally:
        programs.close()
    for job in jobs:
        results = list(queue.producer.results(job))
        assert violations(job, queue.producer.events(job, count=10_000), results) == []
        assert {result.state for result in results} == {ItemState.DONE.value}


def _goes_on(queue: SceneQueue, programs: Programs, submitted: int) -> None:
    """Each of the four does its part again, by itself."""
    ticked_ms = queue.inspect.now_ms()
    steps: dict[str, Callable[[], object]] = {
        "the job is done": lambda: queue.producer.status("a").state is JobState.DONE,
        "the waiting producer has heard so": lambda: programs.running["waiter"].poll() == 0,
        "the submitter submits": lambda: programs.submitted() > submitted + 1,
        "the dispatcher ticks": lambda: (queue.inspect.plan() or {}).get("at_ms", 0) > ticked_ms,
    }
    for what, has_happened in steps.items():
        wait_until(has_happened, what)


def _lines(log: Path, event: str) -> int:
    found = 0
    for line in log.read_text(errors="replace").splitlines():
        try:
            found += json.loads(line).get("event") == event
        except (ValueError, AttributeError):
            continue
    return found
