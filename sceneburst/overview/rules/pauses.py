"""Troubles of pauses: of everything, a lane or a job, with who, why and since when."""

from collections.abc import Iterator

from sceneburst.overview.codes import Code
from sceneburst.overview.facts import QueueFacts
from sceneburst.overview.trouble import Act, Severity, Trouble
from scenequeue.jobs.job import Lane, Pause
from scenequeue.reasons import Reason


def pauses(facts: QueueFacts) -> Iterator[Trouble]:
    """Find the pauses in force; one of which nothing waits is in nobody's way yet."""
    for pause in facts.pauses:
        kind, _, name = pause.about.partition("=")
        title, remedy, items = Reason(Code.TITLE_PAUSED), Reason(Code.DO_RESUME), facts.depth.counts.ready
        acts: tuple[Act, ...] = (Act.RESUME,)
        if kind == "lane":
            title, remedy = Reason(Code.TITLE_PAUSED_LANE, {"lane": name}), Reason(Code.DO_RESUME_LANE, {"lane": name})
            items = facts.depth.ready_by_lane.get(Lane(name), 0) if name in set(Lane) else 0
        elif kind == "job":
            title, remedy = Reason(Code.TITLE_PAUSED_JOB, {"job_id": name}), Reason(Code.DO_RESUME_JOB, {"job_id": name})
            items, acts = pause.ready or 0, (Act.SEE_JOB, Act.RESUME)
        yield Trouble(
            key=f"paused {pause.about}".rstrip(),
            severity=Severity.STOPS if items else Severity.THREATENS,
            title=title,
            problem=_said(pause),
            remedy=remedy,
            amount=items,
            since_ms=pause.since_ms or None,
            acts=acts,
            target={kind: name} if kind else {},
        )


def _said(pause: Pause) -> Reason:
    by = pause.by or Reason(Code.UNNAMED_OPERATOR)
    if pause.why:
        return Reason(Code.PAUSED_BY, {"by": by, "why": pause.why})
    return Reason(Code.PAUSED_UNEXPLAINED, {"by": by})
