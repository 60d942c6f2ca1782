"""Tells the facts beside a trouble: for how long, how many in the last minute, of how many jobs and labels, and the next try."""

from sceneburst.overview.codes import Code
from sceneburst.overview.trouble import Trouble
from scenequeue.reasons import Reason

_MINUTE_S, _HOUR_S, _DAY_S = 60, 3600, 86_400


def circumstances_of(trouble: Trouble, now_ms: int) -> tuple[Reason, ...]:
    """Return the facts that are known."""
    found = []
    if trouble.since_ms is not None:
        found.append(Reason(Code.FACT_SINCE, {"age": age(now_ms - trouble.since_ms)}))
    if trouble.per_minute:
        found.append(Reason(Code.FACT_RATE, {"items": trouble.per_minute}))
    if spread := trouble.spread:
        labels = Code.FACT_LABELS if spread.is_whole else Code.FACT_LABELS_AT_LEAST
        jobs = Code.FACT_JOBS if spread.is_whole else Code.FACT_JOBS_AT_LEAST
        found += [Reason(jobs, {"jobs": spread.jobs})] if spread.jobs else []
        found += [Reason(labels, {"labels": spread.labels})] if spread.labels else []
    if trouble.next_ms is not None:
        found.append(Reason(Code.FACT_AGAIN, {"age": age(trouble.next_ms - now_ms)}))
    return tuple(found)


def age(milliseconds: float) -> Reason:
    """Return a duration in its largest whole unit, rounded down; a negative one counts as 0 s."""
    seconds = max(0, int(milliseconds // 1000))
    if seconds < _MINUTE_S:
        return Reason(Code.AGE_SECONDS, {"seconds": seconds})
    if seconds < _HOUR_S:
        return Reason(Code.AGE_MINUTES, {"minutes": seconds // _MINUTE_S})
    if seconds < _DAY_S:
        return Reason(Code.AGE_HOURS, {"hours": seconds // _HOUR_S})
    return Reason(Code.AGE_DAYS, {"days": seconds // _DAY_S})
