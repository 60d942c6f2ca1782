"""Runs programs of two versions on one queue: version 2 of today beside a version that keeps the queue in structure 3."""

import json
import random
import subprocess
from pathlib import Path
from typing import Self

import psutil

from dispatcher.fleets.process import ProcessFleet
from scenequeue.jobs.container import ContainerRecord
from scenequeue.jobs.ids import check_job_id
from scenequeue.jobs.item import WorkItem
from scenequeue.jobs.job import JobSpec
from scenequeue.queue import SceneQueue
from scenequeue.reasons import Reason
from scenequeue.settings import SceneburstSettings
from tests.chaos.program_versions import MAX_CONTAINERS, NAMESPACE, OLD, PRODUCER, Version, start_program
from tests.chaos.two_structures import StructuresView, judge
from tests.support.processes import is_alive
from tests.support.redis_servers import BINARIES, Server
from tests.support.waiting import wait_until

ITEMS_OF_JOB = 4
#: Waits are for what must happen; how long that takes on a busy machine is no part of the promise.
PATIENCE_S = 90.0


class Programs:
    """Redis, dispatchers with the containers that they launch, and producers, in one folder; a `with` block ends all of them.

    Args:
        folder: an empty one.
        seed: of the choice whom to kill.
    """

    def __init__(self, folder: Path, seed: int) -> None:
        self._folder, self._draws = folder, random.Random(seed)
        self._server = Server(str(BINARIES["path"] or BINARIES["6.2"]))
        #: What is in the keys of each structure.
        self.redis = StructuresView(self._server.admin, NAMESPACE)
        (folder / "out").mkdir()
        settings = SceneburstSettings.load(redis_url=self._server.url, namespace=NAMESPACE)
        #: Sees both structures.
        self.queue = SceneQueue(settings, structures=(3, 2))
        self.log = folder / "log.txt"
        self._dispatchers: list[subprocess.Popen[bytes]] = []
        self._producers: dict[str, subprocess.Popen[bytes]] = {}
        #: Jobs that the test itself has submitted.
        self._submitted: list[str] = []
        self._version = OLD
        #: Containers and dispatchers killed so far.
        self.kills = 0
        #: Changes of the dispatcher's version so far.
        self.changes = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for program in (*self._dispatchers, *self._producers.values()):
            program.kill()
            program.wait()
        ProcessFleet(self._folder / "fleet").stop_all(Reason("the test is over"), grace_s=1)
        self.queue.close()
        self._server.close()
        # Shown by pytest where the test fails.
        print(self.log.read_text(errors="replace")[-20_000:])

    # -- programs

    def upgrade_dispatcher(self, version: Version) -> None:
        """Start a dispatcher of this version beside the one that acts, and kill that one, so that it takes over."""
        self.changes += 1
        before, started = self._dispatchers[:], self._starts()
        self._start_dispatcher(version)
        wait_until(lambda: self._starts() > started, "it has started", PATIENCE_S)
        self._kill(before)
        self._wait_for_plan(f"a dispatcher of version {version} acts")

    def kill_dispatcher(self) -> None:
        """Kill the dispatcher that acts, and start another of its version."""
        self._kill(self._dispatchers)
        self._start_dispatcher(self._version)

    def stop_all_but_producers(self) -> None:
        """Let the dispatcher end, so that it is in the middle of no launch, and kill the containers, whatever they do."""
        for each in self._dispatchers:
            each.terminate()
            each.wait()
        self._dispatchers.clear()
        for process in self.containers().values():
            process.kill()
            self.kills += 1
        wait_until(lambda: not self.containers(), "no container runs")

    def _kill(self, dispatchers: list[subprocess.Popen[bytes]]) -> None:
        for each in dispatchers[:]:
            each.kill()
            each.wait()
            self.kills += 1
            self._dispatchers.remove(each)

    def _starts(self) -> int:
        return self.log.read_text(errors="replace").count('"event": "dispatcher starts"') if self.log.exists() else 0

    def _start_dispatcher(self, version: Version) -> None:
        self._version = version
        self._dispatchers.append(self._start(version, "-m", "dispatcher"))

    def start_producer(self, name: str, version: Version) -> None:
        """Submit jobs with this name from now on; returns when there is one more."""
        submitted, folder = self.submitted(name), str(self._folder)
        self._producers[name] = self._start(version, "-c", PRODUCER, name, folder, str(ITEMS_OF_JOB))
        wait_until(lambda: self.submitted(name) > submitted, f"{name} submits", PATIENCE_S)

    def upgrade_producer(self, name: str, version: Version) -> None:
        """Kill it, and start it in another version, which submits the last job again: nobody has told it of the answer."""
        self._producers[name].kill()
        self._producers[name].wait()
        submitted = self.submitted(name)
        (self._folder / f"{name}.submitted").write_text(str(submitted - 1))
        self.start_producer(name, version)
        wait_until(lambda: self.submitted(name) > submitted + 1, f"{name} goes on", PATIENCE_S)

    def stop_producer(self, name: str) -> None:
        """Let it end after the job that it submits."""
        (self._folder / f"{name}.enough").touch()
        assert self._producers[name].wait(PATIENCE_S) == 0, self.log.read_text()

    def _start(self, version: Version, *arguments: str) -> subprocess.Popen[bytes]:
        return start_program(version, self._server.url, self._folder, self.log, *arguments)

    # -- containers

    def containers(self) -> dict[str, psutil.Process]:
        """Return the containers that run, by id."""
        found = {}
        for record in sorted((self._folder / "fleet").glob("*.json")):
            try:
                process = psutil.Process(json.loads(record.read_text())["pid"])
                if is_alive(process) and process.cmdline()[-1:] == [record.stem]:
                    found[record.stem] = process
            except (OSError, ValueError, KeyError, psutil.Error):
                continue
        return found

    def kill_container(self) -> None:
        """Kill a container that works, chosen by the seed."""

        def at_work() -> list[str]:
            holders = {item.container_id for item in self.queue.inspect.leased()}
            return [name for name in self.containers() if name in holders]

        name = self._draws.choice(wait_until(at_work, "a container works", PATIENCE_S))
        if process := self.containers().get(name):
            process.kill()
            self.kills += 1

    def drain_containers(self) -> None:
        """Drain the containers that are there, as an operator does who has deployed a newer image."""
        there = [*self.containers()]
        for name in there:
            self.queue.dispatcher.drain(name)
        wait_until(lambda: not set(there) & set(self.containers()), "they have left", PATIENCE_S)

    def launched(self) -> list[ContainerRecord]:
        """Return all containers that a dispatcher has launched so far."""
        return [record for record in self.queue.inspect.containers() if record.launched_ms]

    def wait_until_launched(self) -> None:
        """Wait until a container has said hello that this dispatcher's image was launched for."""
        wait_until(lambda: [each for each in self.launched() if each.started_ms], "a container has said hello", PATIENCE_S)

    def comes_to_rest(self) -> None:
        """Wait until all containers have left by themselves, and assert that none is launched then."""
        wait_until(lambda: not self.containers(), "the containers have left", PATIENCE_S)
        count = len(self.launched())
        self.ticks()
        assert len(self.launched()) == count

    # -- the queue

    def wait_until_drained(self, structure: int) -> None:
        """Wait until nothing is left to do in one structure."""
        wait_until(lambda: not self.redis.waits(structure), f"structure {structure} is drained", PATIENCE_S)

    def leave_work(self) -> None:
        """Submit two jobs to structure 3: one that is worked on, and one that waits, as the queue is paused then."""
        self.submit("held", 6, 1.0)
        wait_until(lambda: self.queue.producer.status("held").counts.leased, "it is worked on", PATIENCE_S)
        self.queue.operator.pause()
        self.submit("kept", 20, 0.02)

    def why(self, job_id: str) -> str:
        """Return the code of the reason that a job waits."""
        reason = self.queue.inspect.waits_because(self.queue.producer.status(job_id))
        return reason.code if reason else ""

    def goes_on(self, items: int = 36) -> None:
        """Wait until so many more items are done; a container is killed meanwhile, and the dispatcher."""
        begun = self.redis.done()
        for share, kill in ((1, self.kill_container), (2, self.kill_dispatcher), (3, lambda: None)):
            wait_until(lambda least=begun + items * share // 3: self.redis.done() >= least, "work goes on", PATIENCE_S)
            kill()

    def ticks(self, count: int = 5) -> None:
        """Wait for so many further ticks of the dispatcher that acts."""
        for _ in range(count):
            self._wait_for_plan("the dispatcher ticks")

    def _wait_for_plan(self, description: str) -> None:
        before = self.queue.inspect.plan() or {"at_ms": 0}
        structures = [*map(int, self._version.structures.split())]

        def is_newer() -> bool:
            made = self.queue.inspect.plan() or {"at_ms": 0}
            return made["at_ms"] > before["at_ms"] and made["structures"] == structures

        wait_until(is_newer, description, PATIENCE_S)

    def submit(self, name: str, items: int, seconds: float) -> None:
        """Submit a job to structure 3."""
        outputs = [self._output(name, at).as_uri() for at in range(items)]
        made = [WorkItem(kind="sleep", name="note", payload={"seconds": seconds, "output": output}) for output in outputs]
        self.queue.producer.submit(JobSpec(job_id=check_job_id(name), max_attempts=20), [made])
        self._submitted.append(name)

    def _output(self, job_id: str, number: int) -> Path:
        return self._folder / "out" / f"{job_id}-{number}"

    def submitted(self, name: str) -> int:
        """Return how many jobs a producer knows that it has submitted."""
        path = self._folder / f"{name}.submitted"
        return int(path.read_text()) if path.exists() else 0

    def judge(self) -> None:
        """Wait until everything is done, and assert that nothing was lost, done twice, or leased by who does not serve it."""
        wait_until(lambda: not self.redis.waits(2) + self.redis.waits(3), "nothing is left to do", PATIENCE_S)
        expected = [f"{name}-{number}" for name in self._producers for number in range(self.submitted(name))]
        judge(self.queue, self.redis, [*expected, *self._submitted], self._folder / "out")

    def judge_launches(self) -> None:
        """Assert that there were no more launches than kills and changes of the version explain."""
        print(f"{len(self.launched())} launches, {self.kills} kills, {self.changes} changes of the dispatcher's version")
        assert len(self.launched()) <= self.kills + MAX_CONTAINERS * (self.changes + 1)
