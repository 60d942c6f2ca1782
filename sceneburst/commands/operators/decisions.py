"""`sceneburst queue decisions`: lists the dispatcher's decisions, with what became of the containers that they launched."""

from typing import Annotated

import typer

from sceneburst.terminal.front_view.outcomes import outcomes
from sceneburst.terminal.screen import (
    JsonFlag,
    Namespace,
    RedisUrl,
    age_text,
    connected,
    print_json,
    print_table,
    say,
    table,
)


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
        made.add_row(age_text(decision.at_ms, now_ms), decision.why.text, "; ".join(outcomes(decision)))
    print_table(made)
