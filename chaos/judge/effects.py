"""What the faults of a run came to: one that never did anything proves nothing."""

from collections import Counter
from collections.abc import Iterable, Sequence

from chaos.faults.log import Hit
from chaos.faults.processes import NOBODY
from chaos.judge.evidence import Evidence
from chaos.judge.newer import left_to_newer
from chaos.scenes import KINDS, PlannedJob
from scenequeue.jobs.container import BROKEN

_LOST = frozenset({"ContainerLost", "LeaseExpired"})
_REDIS_GONE = ("redis is gone; what is in hand goes on", "a beat failed; what is in hand goes on")
_REFUSED = "result refused: the lease was lost or the job cancelled"
#: Faults that show in the errors with which attempts end.
_ERRORS = {
    "kill-encoder": {"LimitExceeded", "ToolFailed"}, "freeze-encoder": {"LimitExceeded"}, "spoil-s3": {"StorageUnavailable"},
    "fill-disk": {"DiskFull"},
}  # fmt: skip
#: Kinds are planted, and clocks set wrong, without being drawn as faults.
STANDING = ("kill-producer", "wrong-clock", *(name for name, kind in KINDS.items() if kind.error))


def effects(evidence: Evidence, hits: Sequence[Hit], killed_producers: int, resubmitted: int, fence: int) -> Counter[str]:
    """How many hits of each fault had the effect that it is there for.

    Args:
        evidence: the run's.
        hits: all that found something to hit.
        killed_producers: how many were killed inside a submission.
        resubmitted: jobs of those that are there.
        fence: the dispatchers' last fencing number.
    """
    seen = _Seen(evidence, fence)
    counted = Counter({hit.name: 0 for hit in hits})
    counted.update(hit.name for hit in hits if seen.effect_of(hit))
    if "newer-version" in counted:
        counted["newer-version"] = left_to_newer(evidence)
    counted["kill-producer"] = min(killed_producers, resubmitted)
    wrong_clocks = {name for hit in evidence.wrong_clocks() for name in hit.containers}
    # S3 refuses it, and it leaves as one that is not set up.
    counted["wrong-clock"] = sum(
        evidence.ledger[name].exit_reason.startswith(BROKEN) for name in wrong_clocks & {*evidence.ledger}
    )
    return counted


def planted(evidence: Evidence, jobs: Sequence[PlannedJob]) -> Counter[str]:
    """How many scenes of each bad kind failed in the very way they were planted for."""
    counted = Counter[str]()
    for job in jobs:
        for item_id, letter in evidence.jobs[job.job_id].letters.items():
            kind = KINDS[job.kinds[int(item_id.partition("-")[2])]]
            counted[kind.name] += any(kind.is_cause_of(error.error, error.message) for error in letter.errors)
    return counted


def told(evidence: Evidence) -> dict[str, int]:
    """What happened to leases, in numbers."""
    ends = Counter(end.name for end in evidence.ends)
    refused = sum(said[_REFUSED] + said["failure not counted: the lease was lost"] for said in evidence.said.values())
    lost = Counter(end.error for end in evidence.ends if end.name == "reclaimed")
    return {
        "retried": ends["retry"], "reclaimed": lost["LeaseExpired"], "forfeited": lost["ContainerLost"],
        "released": ends["released"], "buried": ends["dead"], "refused": refused,
        "lost to others": sum(said["lease lost"] for said in evidence.said.values()),
    }  # fmt: skip


class _Seen:
    """Looks for a hit's effect."""

    def __init__(self, evidence: Evidence, fence: int) -> None:
        self._evidence, self._fence = evidence, fence
        self._ends = list(evidence.ends)
        self._lost_by = {end.container for end in self._ends if end.error in _LOST}
        self._has_skipped_ticks = evidence.said["-"]["tick skipped: redis does not answer"] > 0
        self._released_by = {end.container for end in self._ends if end.name == "released"}

    def effect_of(self, hit: Hit) -> bool:
        """Whether what the fault is there for has happened."""
        if hit.has_worked is not None:
            return hit.has_worked
        if hit.name in {"kill-worker", "freeze-worker"}:
            return bool(hit.containers & self._lost_by)
        if hit.name in {"drain-worker", "reclaim-spot"}:
            return any(name in self._released_by or self._evidence.said[name]["container leaves"] for name in hit.containers)
        if hit.name in {"kill-dispatcher", "freeze-dispatcher"}:
            return self._fence > hit.fence
        if hit.name in {"isolate-worker", "black-hole"}:
            return self._is_redis_gone_for(hit.containers) or (hit.containers == NOBODY and self._has_skipped_ticks)
        if hit.name in {"restart-redis", "part-network"}:
            return self._is_redis_gone_for(self._evidence.said.keys())
        if hit.name == "freeze-redis":
            return any(end.error in _LOST and hit.covers(end.at_ms, 5_000, end.until_ms) for end in self._ends)
        if hit.name == "lose-capacity":
            return self._evidence.said["-"]["launch failed"] > 0
        if hit.name in {"break-scratch", "few-files"}:
            return self._is_broken_by(hit)
        if hit.name in _ERRORS:
            return any(
                end.error in _ERRORS[hit.name] and hit.covers(end.at_ms, 15_000, end.until_ms)
                for end in self._ends
                if not hit.containers or end.container in hit.containers
            )
        # Connections that were cut have been cut.
        return True

    def _is_redis_gone_for(self, container_ids: Iterable[str]) -> bool:
        return any(self._evidence.said[name][line] for name in list(container_ids) for line in _REDIS_GONE)

    def _is_broken_by(self, hit: Hit) -> bool:
        return any(
            record.exit_reason.startswith(BROKEN) and hit.covers(span.from_ms, 15_000, span.until_ms)
            for name, record in self._evidence.ledger.items()
            for span in [self._evidence.moves.when(record.ended_ms)]
            if not hit.containers or name in hit.containers
        )
