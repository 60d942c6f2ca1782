"""Troubles of items: dead letters by reason, a job whose items all fail alike, and attempts that are repeated."""

from collections import Counter
from collections.abc import Iterator

from sceneburst.overview.codes import Code
from sceneburst.overview.facts import QueueFacts
from sceneburst.overview.rules.remedies import brief, remedy_for
from sceneburst.overview.trouble import Act, Severity, Spread, Trouble
from scenequeue.ports.troubles.dead_reasons import LOOKED_AT, DeadReason, LettersOfJob
from scenequeue.reasons import Reason

#: Letters that are older do not mean that something fails now.
_FRESH_MS = 3_600_000
#: A job fails alike from so many letters on, if so large a share of the newest letters is its own.
_ALIKE_LETTERS, _ALIKE_SHARE = 3, 0.9
#: Retries are a trouble from so many on, if no more items are in work.
_RETRIES = 3
_NAMED_LABELS = 5
#: Letters that hold no item any more cannot be requeued.
_EMPTY = "message_lost"
#: Remedies that say less than that all items of the job fail.
_GENERIC = frozenset({Code.DO_SEE_LETTER, Code.DO_LOOK_AT_TOOL, Code.DO_CORRECT_INPUT})


def dead_letters(facts: QueueFacts) -> Iterator[Trouble]:
    """Find a trouble for each reason of dead letters; where nearly all are of one job that fails alike, one about the job too."""
    for found in facts.dead_reasons:
        error, problem, container_id = _error_of(found)
        remedy = remedy_for(error, problem or Reason(found.reason), container_id)
        severity = Severity.FAILS if facts.at_ms - found.last_ms < _FRESH_MS else Severity.THREATENS
        job = _failing_job(found) if problem else None
        if job and problem:
            yield _of_job(found, job, problem, remedy, severity)
            if len(found.jobs) == 1 and found.is_whole:
                continue
        said = Reason(Code.LETTERS_OF_REASON, {"reason": found.reason})
        yield Trouble(
            key=f"letters reason={found.reason}",
            severity=severity,
            title=Reason(Code.TITLE_LETTERS, {"letters": found.letters}),
            problem=Reason(Code.LETTERS_FOR, {"error": error, "problem": problem}) if problem else said,
            remedy=remedy,
            amount=found.letters,
            since_ms=found.first_ms,
            per_minute=found.last_minute,
            spread=spread_of(found),
            acts=_acts(found),
            target={"reason": found.reason},
        )


def _acts(found: DeadReason) -> tuple[Act, ...]:
    if found.reason == _EMPTY:
        return (Act.SEE_LETTERS, Act.DISCARD)
    return (Act.SEE_LETTERS, Act.TRY_TEN, Act.REQUEUE, Act.DISCARD)


def _error_of(found: DeadReason) -> tuple[str, Reason | None, str]:
    """Return class, reason and container of the newest letter's last error; no reason if it cannot be read."""
    errors = found.example.errors if found.example else []
    if not errors:
        return "", None, ""
    last = errors[-1]
    return last.error, brief(Reason.kept_as(last.code, last.parameters)), last.container


def _failing_job(found: DeadReason) -> LettersOfJob | None:
    """Return the job to which nearly all letters of a reason belong, if none of its items is done; else None."""
    looked_at = sum(job.letters for job in found.jobs)
    if not found.jobs or looked_at < _ALIKE_LETTERS:
        return None
    first = found.jobs[0]
    is_alike = first.letters >= _ALIKE_SHARE * min(first.dead, LOOKED_AT) and first.letters >= _ALIKE_SHARE * looked_at
    return first if is_alike and not first.done else None


def _of_job(found: DeadReason, job: LettersOfJob, problem: Reason, remedy: Reason, severity: Severity) -> Trouble:
    return Trouble(
        key=f"job job={job.job_id}",
        severity=severity,
        title=Reason(Code.TITLE_JOB, {"job_id": job.job_id}),
        problem=Reason(Code.JOB_FAILS_ALIKE, {"items": job.dead, "problem": problem}),
        remedy=Reason(Code.DO_CORRECT_JOB) if remedy.code in _GENERIC else remedy,
        amount=job.dead,
        since_ms=found.first_ms,
        per_minute=found.last_minute,
        spread=spread_of(found),
        acts=(Act.SEE_JOB, *_acts(found), Act.PAUSE_JOB, Act.CANCEL_JOB),
        target={"job": job.job_id, "reason": found.reason},
    )


def spread_of(found: DeadReason) -> Spread:
    """Count the jobs and labels of the letters of a reason."""
    labels = Counter[str]()
    for job in found.jobs:
        labels.update({f"{name}={value}": job.letters for name, value in job.labels.items()})
    named = sorted(labels, key=lambda label: (-labels[label], label))[:_NAMED_LABELS]
    return Spread(len(found.jobs), len(labels), found.is_whole, tuple(named))


def failing_retries(facts: QueueFacts) -> Iterator[Trouble]:
    """Find out whether more items fail and wait for their next attempt than are in work."""
    counts = facts.depth.counts
    if not facts.retries or counts.delayed < _RETRIES or counts.delayed < counts.leased:
        return
    errors = Counter(retry.error.code for retry in facts.retries)
    code = max(errors, key=lambda name: (errors[name], name))
    first = next(retry for retry in facts.retries if retry.error.code == code)
    problem = brief(Reason.kept_as(code, first.error.parameters))
    mend = Reason(Code.DO_MEND_STORAGE_SOON, {"job_id": first.job_id})
    yield Trouble(
        key="retries",
        severity=Severity.FAILS,
        title=Reason(Code.TITLE_RETRIES, {"items": counts.delayed}),
        problem=Reason(Code.RETRIES_FOR, {"error": first.error.error, "problem": problem}),
        remedy=mend if first.error.error == "StorageUnavailable" else Reason(Code.DO_LOOK_AT_RETRIES),
        amount=counts.delayed,
        next_ms=facts.retries[0].due_ms,
        acts=(Act.SEE_JOB,),
        target={"job": first.job_id},
    )
