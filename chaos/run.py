"""One chaos run: submit, hit, heal, wait, judge."""

import random
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from chaos.cluster import ChaosCluster
from chaos.faults import FAULTS, heal
from chaos.invariants import broken
from chaos.scenes import PlannedJob, plan_job
from scenequeue.errors import QueueUnavailable

#: How long everything may take to end once nobody hits any more.
_QUIET_LIMIT_S = 240.0
_LEAVE_LIMIT_S = 60.0
_DISPATCHERS = 2
#: New jobs wait while so many items do: chaos wants work everywhere, not a backlog without end.
_BACKLOG = 60


@dataclass
class Report:
    """What a run was, and what was wrong at its end."""

    seed: int
    jobs: dict[str, PlannedJob] = field(default_factory=dict)
    hits: dict[str, int] = field(default_factory=dict)
    killed_producers: int = 0
    wrong: list[str] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def scenes(self) -> int:
        return sum(len(job.kinds) for job in self.jobs.values())


class ChaosRun:
    """Drives one cluster through a time of violence.

    Args:
        cluster: what to hit.
        seed: of every draw.
        faults: names of those that may come.
        say: gets a line per event.
    """

    def __init__(self, cluster: ChaosCluster, seed: int, faults: list[str], say: Callable[[str], None]) -> None:
        self._cluster, self._draws, self._say = cluster, random.Random(seed), say
        self._faults = faults
        self._report = Report(seed)
        self._submitting: dict[str, tuple[PlannedJob, subprocess.Popen[bytes], float]] = {}
        self._began = time.monotonic()

    def run(self, seconds: float) -> Report:
        """Violence for so many seconds, then peace, then judgement."""
        next_fault_s, next_job_s = 3.0, 0.0
        while (now_s := self._elapsed_s()) < seconds:
            self._cluster.keep_dispatchers(_DISPATCHERS)
            self._look_after_producers()
            if now_s >= next_job_s:
                self._submit()
                next_job_s = now_s + self._draws.uniform(1.0, 5.0)
            if now_s >= next_fault_s:
                self._hit()
                next_fault_s = self._elapsed_s() + self._draws.expovariate(1 / 1.5)
            time.sleep(0.05)
        self._tell("peace")
        self._end()
        self._report.wrong = broken(self._cluster, self._report.jobs)
        self._report.seconds = self._elapsed_s()
        return self._report

    def _submit(self) -> None:
        try:
            ready = self._cluster.queue.inspect.depth().counts.ready
        except QueueUnavailable:
            return
        if ready > _BACKLOG:
            return
        job = plan_job(len(self._report.jobs), self._draws)
        self._report.jobs[job.job_id] = job
        self._start_producer(job)

    def _start_producer(self, job: PlannedJob) -> None:
        """Three in ten are killed at some point of their life."""
        doomed_at = time.monotonic() + self._draws.uniform(0.2, 1.2) if self._draws.random() < 0.3 else float("inf")
        self._submitting[job.job_id] = (job, self._cluster.submitter(job), doomed_at)

    def _look_after_producers(self) -> None:
        for job, program, doomed_at in list(self._submitting.values()):
            code = program.poll()
            if code is None and time.monotonic() >= doomed_at:
                program.kill()
                program.wait()
                self._report.killed_producers += 1
                self._tell(f"killed the producer of {job.job_id}")
                self._start_producer(job)
            elif code is not None:
                del self._submitting[job.job_id]
                if code:
                    # Redis was away for longer than a producer waits: its caller tries again.
                    self._start_producer(job)

    def _hit(self) -> None:
        weights = [FAULTS[name][1] for name in self._faults]
        name = self._draws.choices(self._faults, weights)[0]
        said = FAULTS[name][0](self._cluster, self._draws)
        if said:
            self._report.hits[name] = self._report.hits.get(name, 0) + 1
            self._tell(said)

    def _end(self) -> None:
        deadline = time.monotonic() + _QUIET_LIMIT_S
        while time.monotonic() < deadline:
            heal(self._cluster)
            self._cluster.keep_dispatchers(_DISPATCHERS)
            self._look_after_producers()
            counts = self._cluster.queue.inspect.depth().counts
            if not self._submitting and not counts.in_work:
                break
            time.sleep(0.2)
        deadline = time.monotonic() + _LEAVE_LIMIT_S
        while self._cluster.workers() and time.monotonic() < deadline:
            time.sleep(0.2)
        for dispatcher in self._cluster.dispatchers():
            dispatcher.terminate()
        while self._cluster.dispatchers() and time.monotonic() < deadline:
            time.sleep(0.1)

    def _elapsed_s(self) -> float:
        return time.monotonic() - self._began

    def _tell(self, what: str) -> None:
        self._say(f"{self._elapsed_s():6.1f} s  {what}")
