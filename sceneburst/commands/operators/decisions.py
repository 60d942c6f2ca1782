"""`sceneburst queue decisions`: lists the dispatcher's decisions, with what became of the containers that they launched."""

from collections.abc import Iterator, Sequence
from typing import Annotated

import typer

from sceneburst.terminal.screen import (
    JsonFlag,
    Namespace,
    RedisUrl,
    age_text,
    connected,
    first_line,
    print_json,
    print_table,
    say,
    seconds_text,
    table,
)
from scenequeue.published.decision import Decision, LaunchedContainer


def decisions(
    limit: Annotated[int, typer.Option(min=1, max=1000, help="Maximum number.")] = 20,
    as_json: JsonFlag = False,
    redis_url: RedisUrl = None,
    namespace: Namespace = None,
) -> None:
    """List launches and the reasons for none, newest first, with what became of the containers."""
    with connected(redis_url, namespace) as queue:
        found, now_ms = queue.inspect.decisions(limit), queue.inspect.now_ms()
    if as_json:
        print_json([decision.to_people() for decision in found])
        return
    if not found:
        say("no decisions of a dispatcher are recorded")
        return
    made = table("since>", "decision~", "containers~")
    for decision in found:
        made.add_row(age_text(decision.at_ms, now_ms), decision.why.text, "; ".join(_outcomes(decision)))
    print_table(made)


def _outcomes(decision: Decision) -> Iterator[str]:
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
