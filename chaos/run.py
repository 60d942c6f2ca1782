"""Runs one chaos run: submits jobs, injects faults, undoes them, waits until all work has ended, and checks the promises."""

import subprocess
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from chaos.clock import now_ms
from chaos.cluster import ChaosCluster
from chaos.faults.catalogue import FAULTS
from chaos.faults.log import FaultAction, FaultLog, InjectedFault
from chaos.judge.effects import count_effects, count_events, count_planted
from chaos.judge.evidence import gather
from chaos.judge.invariants import broken
from chaos.judge.leaks import left_uploads
from chaos.judge.lost_jobs import LostJobs
from chaos.scenes import PlannedJob, plan_job
from chaos.schedule import draws_for, plan_deaths, plan_faults
from chaos.submitter import chunks_of
from chaos.timers import Timers
from scenequeue.errors import QueueUnavailable
from scenequeue.jobs.item import WIRE_VERSION

#: Longest time in which no item ends, once no fault is injected any more; a busy machine may need long for all of them.
_QUIET_LIMIT_S = 240.0
_LEAVE_LIMIT_S = 60.0
_DISPATCHERS = 2
#: No new job is submitted above this backlog (per second of the run), so that the work can be finished at the end.
BACKLOG_PER_S, MIN_BACKLOG, MAX_BACKLOG = 1.0, 40, 200
_KILLED = -9


@dataclass
class Report:
    """The outcome of a run: jobs, faults, effects, and broken promises."""

    seed: int
    fleet: str = "process"
    jobs: dict[str, PlannedJob] = field(default_factory=dict)
    #: Injections by fault, and how many of them had an effect; the first is a key of the JSON report.
    hits: dict[str, int] = field(default_factory=dict)
    effects: Counter[str] = field(default_factory=Counter)
    #: Numbers of events of leases and requests.
    event_counts: dict[str, int] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def scenes(self) -> int:
        return sum(len(job.kinds) for job in self.jobs.values())


@dataclass
class _Submission:
    """A job being submitted: the planned deaths of its next attempts, and the current attempt."""

    job: PlannedJob
    deaths: list[int]
    program: subprocess.Popen[bytes]


class ChaosRun:
    """Injects faults into one cluster for a while.

    Args:
        cluster: the system under test.
        seed: of all draws.
        faults: names of the faults to inject.
        print_line: called with a line per event.
    """

    def __init__(self, cluster: ChaosCluster, seed: int, faults: Sequence[str], print_line: Callable[[str], None]) -> None:
        self._cluster, self._seed, self._faults, self._print_line = cluster, seed, faults, print_line
        self._report = Report(seed, cluster.fleet)
        self._submitting: dict[str, _Submission] = {}
        self._log, self._timers = FaultLog(), Timers()
        self._killed: list[str] = []
        self._lost_jobs = LostJobs()
        self._lost_count = 0
        self._began = time.monotonic()

    def run(self, seconds: float) -> Report:
        """Inject faults for this many seconds, wait until all work has ended, and judge."""
        planned = plan_faults(self._seed, seconds, {name: FAULTS[name].weight for name in self._faults})
        self._began, next_job_s = time.monotonic(), 0.0
        most_ready = max(MIN_BACKLOG, min(MAX_BACKLOG, seconds * BACKLOG_PER_S))
        while (now_s := self._elapsed_s()) < seconds:
            self._cluster.keep_dispatchers(_DISPATCHERS)
            self._timers.run_due()
            self._restart_producers()
            self._resubmit_lost()
            if now_s >= next_job_s:
                self._submit(most_ready)
                next_job_s = now_s + draws_for(self._seed, f"pause/{len(self._report.jobs)}").uniform(0.5, 3.0)
            while planned and now_s >= planned[0].at_s:
                fault = planned.pop(0)
                self._inject(fault.name, fault.number)
            time.sleep(0.05)
        self._print("no more faults")
        self._timers.run_all()
        self._end()
        self._judge()
        return self._report

    def _submit(self, most_ready: float) -> None:
        try:
            ready = self._cluster.impatient_queue.inspect.depth().counts.ready
        except QueueUnavailable:
            return
        if ready > most_ready or len(self._submitting) > 2:
            return
        number = sum(job.version == WIRE_VERSION for job in self._report.jobs.values())
        job = plan_job(number, draws_for(self._seed, f"jobs/{number}"))
        deaths = list(plan_deaths(draws_for(self._seed, f"producers/{number}"), chunks_of(job)))
        self._report.jobs[job.job_id] = job
        self._submitting[job.job_id] = self._try(job, deaths)

    def _try(self, job: PlannedJob, deaths: list[int]) -> _Submission:
        return _Submission(job, deaths[1:], self._cluster.submitter(job, deaths[0] if deaths else 0))

    def _restart_producers(self) -> None:
        for submission in list(self._submitting.values()):
            code = submission.program.poll()
            if code is None:
                continue
            job_id = submission.job.job_id
            del self._submitting[job_id]
            if code == 0:
                self._lost_jobs.note_acknowledged(job_id, now_ms())
            if code == _KILLED:
                self._killed.append(job_id)
                self._print(f"killed the producer of {job_id}")
            if code:
                # The producer was killed, or Redis was unavailable for longer than it waits: its caller tries again.
                self._submitting[job_id] = self._try(submission.job, submission.deaths)

    def _inject(self, name: str, number: int) -> None:
        action = FAULTS[name].inject(self._cluster, draws_for(self._seed, f"fault/{number}"))
        if action is None:
            self._print(f"{name}: nothing to inject it into")
            return
        fault = self._log.begin(name, action, self._cluster.fence())
        self._print(action.summary)
        if action.job is not None:
            self._report.jobs[action.job.job_id] = action.job
            self._submitting[action.job.job_id] = self._try(action.job, [])
        if action.lasts_s:
            self._timers.after(action.lasts_s, lambda: self._undo(fault, action))

    def _undo(self, fault: InjectedFault, action: FaultAction) -> None:
        fault.containers |= action.undo() or frozenset()
        fault.ended_ms = now_ms()
        if action.had_effect is not None:
            fault.had_effect = action.had_effect()
        if action.lost_writes_since_ms is not None:
            self._lost_jobs.check_since(action.lost_writes_since_ms, self._submitting)

    def _resubmit_lost(self) -> None:
        """Submit the jobs that a fault made Redis lose again, with the same ids, as callers do after a fail-over."""
        for job_id in self._lost_jobs.find_lost(self._submitting, self._cluster.impatient_queue.producer.status):
            self._lost_count += 1
            self._print(f"{job_id} was lost by redis, and is submitted again")
            self._submitting[job_id] = self._try(self._report.jobs[job_id], [])

    def _end(self) -> None:
        deadline, ended = 0.0, -1
        while True:
            self._cluster.keep_dispatchers(_DISPATCHERS)
            self._restart_producers()
            self._resubmit_lost()
            counts = self._cluster.queue.inspect.depth().counts
            if ended != (ended := counts.done + counts.dead + counts.dropped):
                deadline = time.monotonic() + _QUIET_LIMIT_S
            if time.monotonic() > deadline:
                break
            if not self._submitting and not self._lost_jobs.has_open and not counts.in_work:
                break
            if any(job.version > WIRE_VERSION for job in self._report.jobs.values()):
                self._cluster.start_newer()
            time.sleep(0.2)
        deadline = time.monotonic() + _LEAVE_LIMIT_S
        while (self._cluster.workers() or self._cluster.is_newer_there()) and time.monotonic() < deadline:
            time.sleep(0.2)
        for dispatcher in self._cluster.dispatchers():
            dispatcher.terminate()
        while self._cluster.dispatchers() and time.monotonic() < deadline:
            time.sleep(0.1)

    def _judge(self) -> None:
        report, cluster = self._report, self._cluster
        evidence = gather(cluster, report.jobs)
        report.wrong = broken(cluster, report.jobs, evidence, self._log.all)
        resubmitted = sum(evidence.jobs[job_id].status is not None for job_id in self._killed)
        report.hits = {**self._log.counts(), "kill-producer": len(self._killed), "wrong-clock": len(evidence.wrong_clocks())}
        report.effects = count_effects(evidence, self._log.all, len(self._killed), resubmitted, cluster.fence())
        report.effects.update(count_planted(evidence, list(report.jobs.values())))
        uploads = [cluster.s3_proxy.uploads[upload_id] for _, upload_id in left_uploads(cluster)]
        report.effects["kill-upload"] = sum(not upload.is_answer_lost for upload in uploads)
        report.event_counts = {
            **count_events(evidence),
            "resubmitted": resubmitted,
            "forgotten": self._lost_count,
            **cluster.s3_proxy.done,
        }
        report.seconds = self._elapsed_s()

    def _elapsed_s(self) -> float:
        return time.monotonic() - self._began

    def _print(self, event: str) -> None:
        self._print_line(f"{self._elapsed_s():6.1f} s  {event}")
