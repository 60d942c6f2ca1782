"""Tells the fates of the containers that a decision launched."""

from collections.abc import Iterator, Sequence

from sceneburst.terminal.screen import first_line, seconds_text
from scenequeue.published.decision import Decision, LaunchedContainer


def outcomes(decision: Decision) -> Iterator[str]:
    """Yield the fates of a decision's containers: how many came up, are starting, were refused or ended at once."""
    launched = decision.launched
    came_up = [each for each in launched if each.came_up_ms]
    if came_up:
        slowest = max((each.start_up_s or 0.0 for each in came_up), default=0.0)
        yield f"{len(came_up)} up within {seconds_text(slowest)}"
    if starting := sum(each.record is not None and not each.came_up_ms and not each.ended_ms for each in launched):
        yield f"{starting} starting"
    yield from _failures("refused", [each for each in launched if each.is_refused])
    in_vain = [each for each in launched if each.ended_ms and not each.came_up_ms and not each.is_refused]
    yield from _failures("never came up", in_vain)
    if unknown := decision.launches - sum(each.record is not None for each in launched):
        yield f"{unknown} without a record any more"


def _failures(what: str, failed: Sequence[LaunchedContainer]) -> Iterator[str]:
    if failed:
        why = failed[0].ended_because
        yield f"{len(failed)} {what}{f': {first_line(why.text)}' if why else ''}"
