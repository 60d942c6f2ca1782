"""Counts the effects of a run's faults: a fault without effect has tested nothing."""

from collections import Counter
from collections.abc import Iterable, Sequence

from chaos.faults.log import InjectedFault
from chaos.faults.processes import NO_CONTAINER
from chaos.judge.evidence import Evidence
from chaos.judge.newer_version import count_left_to_newer
from chaos.scenes import KINDS, PlannedJob
from scenequeue.reasons import Code

_LOST = frozenset({"ContainerLost", "LeaseExpired"})
#: Log events of workers and dispatchers that show a fault's effect.
REDIS_GONE = ("redis does not answer; running items go on", "heartbeat failed; running items go on")
RESULT_REFUSED = "result refused: lease lost or job cancelled"
FAILURE_REFUSED = "failure not counted: lease lost"
LEASE_LOST = "lease lost"
CONTAINER_LEAVES = "container leaves"
TICK_SKIPPED = "tick skipped: redis does not answer"
LAUNCH_FAILED = "launch failed"
#: Faults whose effect shows in the errors of attempts.
_ERRORS = {
    "kill-encoder": {"LimitExceeded", "ToolFailed"}, "freeze-encoder": {"LimitExceeded"}, "spoil-s3": {"StorageUnavailable"},
    "fill-disk": {"DiskFull"},
}  # fmt: skip
#: Present in every run without being drawn.
STANDING = ("kill-producer", "wrong-clock", *(name for name, kind in KINDS.items() if kind.error))


def count_effects(
    evidence: Evidence, injected: Sequence[InjectedFault], killed_producers: int, resubmitted: int, fence: int
) -> Counter[str]:
    """Count the injections of each fault that had the intended effect.

    Args:
        evidence: evidence of the run.
        injected: all faults of the run.
        killed_producers: number of producers killed inside a submission.
        resubmitted: number of their jobs that exist.
        fence: the dispatchers' last fencing number.
    """
    search = _EffectSearch(evidence, fence)
    counted = Counter({fault.name: 0 for fault in injected})
    counted.update(fault.name for fault in injected if search.has_effect(fault))
    if "newer-version" in counted:
        counted["newer-version"] = count_left_to_newer(evidence)
    counted["kill-producer"] = min(killed_producers, resubmitted)
    wrong_clocks = {name for fault in evidence.wrong_clocks() for name in fault.containers}
    # S3 refuses its requests, and it exits as not set up.
    counted["wrong-clock"] = sum(
        evidence.ledger[name].code == Code.CONTAINER_BROKEN for name in wrong_clocks & {*evidence.ledger}
    )
    return counted


def count_planted(evidence: Evidence, jobs: Sequence[PlannedJob]) -> Counter[str]:
    """Count the scenes of each bad kind that failed for the planted reason."""
    counted = Counter[str]()
    for job in jobs:
        for item_id, letter in evidence.jobs[job.job_id].letters.items():
            kind = KINDS[job.kinds[int(item_id.partition("-")[2])]]
            counted[kind.name] += any(kind.is_cause_of(error.error, error.message) for error in letter.errors)
    return counted


def count_events(evidence: Evidence) -> dict[str, int]:
    """Count what happened to leases."""
    ends = Counter(end.name for end in evidence.ends)
    refused = sum(counts[RESULT_REFUSED] + counts[FAILURE_REFUSED] for counts in evidence.log_counts.values())
    lost = Counter(end.error for end in evidence.ends if end.name == "reclaimed")
    return {
        "retried": ends["retry"], "reclaimed": lost["LeaseExpired"], "forfeited": lost["ContainerLost"],
        "released": ends["released"], "yielded": ends["yielded"], "buried": ends["dead"], "refused": refused,
        "lost to others": sum(counts[LEASE_LOST] for counts in evidence.log_counts.values()),
    }  # fmt: skip


class _EffectSearch:
    """Looks for the effect of a fault in events, logs and the ledger."""

    def __init__(self, evidence: Evidence, fence: int) -> None:
        self._evidence, self._fence = evidence, fence
        self._ends = list(evidence.ends)
        # Another container may have finished the item by a spare lease.
        self._lost_by = {end.container for end in self._ends if end.error in _LOST or end.name == "yielded"}
        self._has_skipped_ticks = evidence.log_counts["-"][TICK_SKIPPED] > 0
        self._released_by = {end.container for end in self._ends if end.name == "released"}

    def has_effect(self, fault: InjectedFault) -> bool:
        """Return True if the fault had its intended effect."""
        if fault.had_effect is not None:
            return fault.had_effect
        if fault.name in {"kill-worker", "freeze-worker"}:
            return bool(fault.containers & self._lost_by)
        if fault.name in {"drain-worker", "reclaim-spot"}:
            return any(
                name in self._released_by or self._evidence.log_counts[name][CONTAINER_LEAVES] for name in fault.containers
            )
        if fault.name in {"kill-dispatcher", "freeze-dispatcher"}:
            return self._fence > fault.fence
        if fault.name in {"isolate-worker", "black-hole"}:
            return self._is_redis_gone_for(fault.containers) or (fault.containers == NO_CONTAINER and self._has_skipped_ticks)
        if fault.name in {"restart-redis", "part-network"}:
            return self._is_redis_gone_for(self._evidence.log_counts.keys())
        if fault.name == "freeze-redis":
            return any(end.error in _LOST and fault.covers(end.at_ms, 5_000, end.until_ms) for end in self._ends)
        if fault.name == "lose-capacity":
            return self._evidence.log_counts["-"][LAUNCH_FAILED] > 0
        if fault.name in {"break-scratch", "few-files"}:
            return self._is_broken_by(fault)
        if fault.name in _ERRORS:
            return any(
                end.error in _ERRORS[fault.name] and fault.covers(end.at_ms, 15_000, end.until_ms)
                for end in self._ends
                if not fault.containers or end.container in fault.containers
            )
        # cut-connections is only recorded if a connection was cut.
        return True

    def _is_redis_gone_for(self, container_ids: Iterable[str]) -> bool:
        return any(self._evidence.log_counts[name][line] for name in list(container_ids) for line in REDIS_GONE)

    def _is_broken_by(self, fault: InjectedFault) -> bool:
        return any(
            record.code == Code.CONTAINER_BROKEN and fault.covers(span.from_ms, 15_000, span.until_ms)
            for name, record in self._evidence.ledger.items()
            for span in [self._evidence.moves.when(record.ended_ms)]
            if not fault.containers or name in fault.containers
        )
