"""One chaos run: submit, hit, heal, wait, judge."""

import subprocess
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from chaos.clock import now_ms
from chaos.cluster import ChaosCluster
from chaos.faults.catalogue import FAULTS
from chaos.faults.log import Hit, Hits, Strike
from chaos.judge.doubts import Doubts
from chaos.judge.effects import effects, planted, told
from chaos.judge.evidence import gather
from chaos.judge.invariants import broken
from chaos.judge.leaks import left_uploads
from chaos.scenes import PlannedJob, plan_job
from chaos.schedule import draws_for, plan_deaths, plan_faults
from chaos.submitter import chunks_of
from chaos.timers import Later
from scenequeue.errors import QueueUnavailable
from scenequeue.jobs.item import WIRE_VERSION

#: How long everything may take to end once nobody hits any more.
_QUIET_LIMIT_S = 240.0
_LEAVE_LIMIT_S = 60.0
_DISPATCHERS = 2
#: New jobs wait while so many items do, per second of the run: chaos wants work everywhere, not a backlog without end.
_BACKLOG_PER_S, _LEAST_BACKLOG, _MOST_BACKLOG = 1.0, 40, 200
_KILLED = -9


@dataclass
class Report:
    """What a run was, what came of it, and what was wrong at its end."""

    seed: int
    fleet: str = "process"
    jobs: dict[str, PlannedJob] = field(default_factory=dict)
    #: How often what was hit, and of these, how many had an effect.
    hits: dict[str, int] = field(default_factory=dict)
    effects: Counter[str] = field(default_factory=Counter)
    #: What happened to leases and requests, in numbers.
    told: dict[str, int] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def scenes(self) -> int:
        return sum(len(job.kinds) for job in self.jobs.values())


@dataclass
class _Submission:
    """A job on its way, the tries to come, and the present one."""

    job: PlannedJob
    deaths: list[int]
    program: subprocess.Popen[bytes]


class ChaosRun:
    """Drives one cluster through a time of violence.

    Args:
        cluster: what to hit.
        seed: of every draw.
        faults: names of those that may come.
        say: gets a line per event.
    """

    def __init__(self, cluster: ChaosCluster, seed: int, faults: Sequence[str], say: Callable[[str], None]) -> None:
        self._cluster, self._seed, self._faults, self._say = cluster, seed, faults, say
        self._report = Report(seed, cluster.fleet)
        self._submitting: dict[str, _Submission] = {}
        self._hits, self._later = Hits(), Later()
        self._killed: list[str] = []
        self._doubts = Doubts()
        self._vanished = 0
        self._began = time.monotonic()

    def run(self, seconds: float) -> Report:
        """Violence for so many seconds, then peace, then judgement."""
        planned = plan_faults(self._seed, seconds, {name: FAULTS[name].weight for name in self._faults})
        self._began, next_job_s = time.monotonic(), 0.0
        most_ready = max(_LEAST_BACKLOG, min(_MOST_BACKLOG, seconds * _BACKLOG_PER_S))
        while (now_s := self._elapsed_s()) < seconds:
            self._cluster.keep_dispatchers(_DISPATCHERS)
            self._later.do_due()
            self._look_after_producers()
            self._resubmit_forgotten()
            if now_s >= next_job_s:
                self._submit(most_ready)
                next_job_s = now_s + draws_for(self._seed, f"pause/{len(self._report.jobs)}").uniform(0.5, 3.0)
            while planned and now_s >= planned[0].at_s:
                fault = planned.pop(0)
                self._hit(fault.name, fault.number)
            time.sleep(0.05)
        self._tell("peace")
        self._later.do_all()
        self._end()
        self._judge()
        return self._report

    def _submit(self, most_ready: float) -> None:
        try:
            ready = self._cluster.glance.inspect.depth().counts.ready
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

    def _look_after_producers(self) -> None:
        for submission in list(self._submitting.values()):
            code = submission.program.poll()
            if code is None:
                continue
            job_id = submission.job.job_id
            del self._submitting[job_id]
            if code == 0:
                self._doubts.note_answered(job_id, now_ms())
            if code == _KILLED:
                self._killed.append(job_id)
                self._tell(f"killed the producer of {job_id}")
            if code:
                # Killed, or Redis was away for longer than a producer waits: its caller tries again.
                self._submitting[job_id] = self._try(submission.job, submission.deaths)

    def _hit(self, name: str, number: int) -> None:
        strike = FAULTS[name].strike(self._cluster, draws_for(self._seed, f"fault/{number}"))
        if strike is None:
            self._tell(f"{name} finds nothing to hit")
            return
        hit = self._hits.begin(name, strike, self._cluster.fence())
        self._tell(strike.said)
        if strike.job is not None:
            self._report.jobs[strike.job.job_id] = strike.job
            self._submitting[strike.job.job_id] = self._try(strike.job, [])
        if strike.lasts_s:
            self._later.after(strike.lasts_s, lambda: self._undo(hit, strike))

    def _undo(self, hit: Hit, strike: Strike) -> None:
        hit.containers |= strike.undo() or frozenset()
        hit.ended_ms = now_ms()
        if strike.has_worked is not None:
            hit.has_worked = strike.has_worked()
        if strike.forgets_since_ms is not None:
            self._doubts.doubt(strike.forgets_since_ms, self._submitting)

    def _resubmit_forgotten(self) -> None:
        """Submit what Redis was made to forget once more, by its id, as callers do who hear of a fail-over."""
        for job_id in self._doubts.forgotten(self._submitting, self._cluster.glance.producer.status):
            self._vanished += 1
            self._tell(f"{job_id} was forgotten, and is submitted again")
            self._submitting[job_id] = self._try(self._report.jobs[job_id], [])

    def _end(self) -> None:
        deadline = time.monotonic() + _QUIET_LIMIT_S
        while time.monotonic() < deadline:
            self._cluster.keep_dispatchers(_DISPATCHERS)
            self._look_after_producers()
            self._resubmit_forgotten()
            counts = self._cluster.queue.inspect.depth().counts
            if not self._submitting and not self._doubts.are_open and not counts.in_work:
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
        report.wrong = broken(cluster, report.jobs, evidence, self._hits.all)
        resubmitted = sum(evidence.jobs[job_id].status is not None for job_id in self._killed)
        report.hits = {**self._hits.counts(), "kill-producer": len(self._killed), "wrong-clock": len(evidence.wrong_clocks())}
        report.effects = effects(evidence, self._hits.all, len(self._killed), resubmitted, cluster.fence())
        report.effects.update(planted(evidence, list(report.jobs.values())))
        uploads = [cluster.s3_proxy.uploads[upload_id] for _, upload_id in left_uploads(cluster)]
        report.effects["kill-upload"] = sum(not upload.is_spoiled for upload in uploads)
        report.told = {
            **told(evidence),
            "resubmitted": resubmitted,
            "forgotten": self._vanished,
            **cluster.s3_proxy.done,
        }
        report.seconds = self._elapsed_s()

    def _elapsed_s(self) -> float:
        return time.monotonic() - self._began

    def _tell(self, what: str) -> None:
        self._say(f"{self._elapsed_s():6.1f} s  {what}")
