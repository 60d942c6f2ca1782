"""`sceneburst queue …`: shows, pauses and resumes the queue."""

from functools import partial
from typing import Annotated

import typer

from sceneburst.commands.job_status import STATUS_COLUMNS, status_data, status_row
from sceneburst.commands.operators.dead import last_reason
from sceneburst.commands.operators.decisions import decisions
from sceneburst.commands.operators.pauses import pause, resume, retry_now
from sceneburst.counted import counted
from sceneburst.terminal.front_view.lines import print_troubles
from sceneburst.terminal.screen import (
    JsonFlag,
    Namespace,
    RedisUrl,
    age_text,
    connected,
    heading,
    print_json,
    print_table,
    run_group,
    say,
    table,
)
from sceneburst.words import plan_for_people
from scenequeue.jobs.job import Lane
from scenequeue.jobs.kinds import load_kind
from scenequeue.jobs.rollup import Resolution

app = typer.Typer(help="Show, pause and resume the queue.", invoke_without_command=True)
app.command()(pause)
app.command()(resume)
app.command("retry-now")(retry_now)
app.command()(decisions)


_Watch = Annotated[bool, typer.Option("--watch", help="Show troubles, costs and numbers, again every second.")]


@app.callback()
def default(
    context: typer.Context,
    watch: _Watch = False,
    as_json: JsonFlag = False,
    redis_url: RedisUrl = None,
    namespace: Namespace = None,
) -> None:
    """Show, pause and resume the queue; without a command: show."""
    command = partial(show, watch=True) if watch else show
    run_group(context, command, as_json=as_json, redis_url=redis_url, namespace=namespace)


@app.command()
def show(
    limit: Annotated[int, typer.Option(min=1, help="Maximum number of jobs.")] = 20,
    watch: _Watch = False,
    as_json: JsonFlag = False,
    redis_url: RedisUrl = None,
    namespace: Namespace = None,
) -> None:
    """Show the troubles, the numbers of waiting and running items, and the reasons."""
    from sceneburst.overview.facts import FactReader
    from sceneburst.overview.troubles import troubles_of

    if watch:
        _watch(as_json=as_json, redis_url=redis_url, namespace=namespace)
        return
    with connected(redis_url, namespace) as queue:
        depth, jobs, now_ms = queue.inspect.depth(), queue.inspect.jobs(limit), queue.inspect.now_ms()
        leased, plan, dead = queue.inspect.leased(50), queue.inspect.plan(), queue.inspect.dead(limit=5)
        pauses = queue.inspect.pauses()
        containers = [record for record in queue.inspect.containers() if record.state in {"running", "intended", "launched"}]
        troubles = troubles_of(FactReader(queue).read())
    if as_json:
        print_json(
            {
                "troubles": [trouble.to_people() for trouble in troubles],
                "depth": depth.model_dump(mode="json"),
                "pauses": [pause.model_dump() for pause in pauses],
                "jobs": [status_data(job) for job in jobs],
                "leased": [item._asdict() for item in leased],
                "containers": [record.model_dump(mode="json") for record in containers],
                "plan": plan_for_people(plan) if plan else None,
            }
        )
        return
    counts = depth.counts
    lanes = ", ".join(f"{lane.value} {depth.ready_by_lane[lane]}" for lane in Lane)
    of_paused = f", of paused jobs {depth.ready_of_paused_jobs}" if depth.ready_of_paused_jobs else ""
    say(
        f"{'paused · ' if depth.is_paused else ''}{counts.ready} ready ({lanes}{of_paused}) · {counts.leased} in flight · "
        f"{counts.delayed} delayed · {counts.dead} dead · {counts.done} done · {counted(len(containers), 'container')}"
    )
    if depth.malformed:
        say(f"malformed in Redis, counted as 0: {', '.join(depth.malformed)}")
    said = f"{plan['why'].text} ({age_text(plan['at_ms'], now_ms)} ago)" if plan else "none has acted in the last minute"
    say(f"dispatcher: {said}")
    if troubles:
        heading(counted(len(troubles), "trouble"))
        print_troubles(troubles, now_ms)
    if jobs:
        heading(f"the newest {counted(len(jobs), 'job')}" if len(jobs) > 1 else "the newest job")
        made = table(*STATUS_COLUMNS)
        for job in jobs:
            made.add_row(*status_row(job, now_ms))
        print_table(made)
    if dead:
        heading(f"the newest {counted(len(dead), 'dead letter')}" if len(dead) > 1 else "the newest dead letter")
        made = table("job", "dead letter", "name", "attempts>", "last reason~")
        for letter in dead:
            made.add_row(letter.job_id, letter.item_id, letter.item.name, str(letter.attempts), last_reason(letter))
        print_table(made)


def _watch(*, as_json: bool, redis_url: str | None, namespace: str | None) -> None:
    from sceneburst.terminal.front_view.watching import watch_queue

    with connected(redis_url, namespace) as queue:
        watch_queue(queue, as_json=as_json)


@app.command()
def peek(
    count: Annotated[int, typer.Option(min=1, max=1000, help="Number of items.")] = 10,
    lane: Annotated[Lane | None, typer.Option(help="Only this lane.")] = None,
    as_json: JsonFlag = False,
    redis_url: RedisUrl = None,
    namespace: Namespace = None,
) -> None:
    """List the items that will be leased next."""
    with connected(redis_url, namespace) as queue:
        found = queue.inspect.peek(count, lane)
    if as_json:
        print_json([{"job_id": job, "item_id": item_id, **item.model_dump(mode="json")} for job, item_id, item in found])
        return
    if not found:
        say("nothing is ready")
        return
    made = table("job", "item", "name", "kind", "weight>")
    for job, item_id, item in found:
        made.add_row(job, item_id, item.name, item.kind, f"{item.weight:.1f}{_unit_text(item.kind)}")
    print_table(made)


def _unit_text(kind: str) -> str:
    """Return the unit of a kind's weights, to be put behind a number; "" for a kind that this version does not know."""
    try:
        return f" {load_kind(kind).UNIT}"
    except KeyError:
        return ""


@app.command()
def audit(
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="Maximum number.")] = 100,
    as_json: JsonFlag = False,
    redis_url: RedisUrl = None,
    namespace: Namespace = None,
) -> None:
    """List the actions of operators, newest first."""
    with connected(redis_url, namespace) as queue:
        acts, now_ms = queue.inspect.acts(limit), queue.inspect.now_ms()
    if as_json:
        print_json(
            [
                {
                    **act._asdict(),
                    "about": act.about or None,
                    "detail": act.detail or None,
                    "why": act.why or None,
                    "word": act.word or None,
                }
                for act in acts
            ]
        )
        return
    if not acts:
        say("no actions of operators are recorded")
        return
    made = table("since>", "by", "act", "about", "amount>", "detail~", "why~")
    for act in acts:
        made.add_row(age_text(act.at_ms, now_ms), act.by, act.act, act.about, str(act.amount or ""), act.detail, act.why)
    print_table(made)


@app.command()
def history(
    by: Annotated[
        Resolution,
        typer.Option(help="Length of a row: minutes of the last day, five minutes of the last week, or hours of 90 days."),
    ] = Resolution.HOUR,
    limit: Annotated[int, typer.Option(min=1, max=2160, help="Number of rows, from the newest.")] = 24,
    as_json: JsonFlag = False,
    redis_url: RedisUrl = None,
    namespace: Namespace = None,
) -> None:
    """Show backlog, containers, dollars, items done and dead letters over time, newest first."""
    with connected(redis_url, namespace) as queue:
        rows, now_ms = queue.inspect.history(by)[: -limit - 1 : -1], queue.inspect.now_ms()
    if as_json:
        print_json([row._asdict() for row in rows])
        return
    if not rows:
        say("no history; a dispatcher writes it while it runs")
        return
    made = table("since>", "most ready>", "most containers>", "dollars>", "done>", "dead>", "most dead of~")
    for row in rows:
        reason = max(row.dead_by_reason, key=lambda name: row.dead_by_reason[name], default="")
        numbers = (row.ready, row.containers, f"{row.usd:.4f}", row.done, row.dead)
        made.add_row(age_text(row.at_ms, now_ms), *map(str, numbers), reason)
    print_table(made)
