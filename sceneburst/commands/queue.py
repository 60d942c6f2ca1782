"""`sceneburst queue …`: the queue at a glance, what comes next, pause and resume."""

from typing import Annotated

import typer

from sceneburst.commands.jobs import status_data, status_row
from sceneburst.screen import JsonFlag, Namespace, RedisUrl, age_text, connected, out, print_json, table
from scenequeue.items import Lane

app = typer.Typer(help="Look at the queue, pause and resume it.", invoke_without_command=True)


@app.callback()
def default(context: typer.Context) -> None:
    """Look at the queue, pause and resume it; without a command: show."""
    if context.invoked_subcommand is None:
        show()


@app.command()
def show(
    limit: Annotated[int, typer.Option(min=1, help="Most jobs to list.")] = 20,
    as_json: JsonFlag = False,
    redis_url: RedisUrl = None,
    namespace: Namespace = None,
) -> None:
    """How much waits, what is in work, what is stuck and why."""
    with connected(redis_url, namespace) as queue:
        depth, jobs, now_ms = queue.inspect.depth(), queue.inspect.jobs(limit), queue.inspect.now_ms()
        leased, plan, dead = queue.inspect.leased(50), queue.inspect.plan(), queue.inspect.dead(limit=5)
        containers = [record for record in queue.inspect.containers() if record.state in {"running", "intended", "launched"}]
    if as_json:
        print_json(
            {
                "depth": depth.model_dump(mode="json"),
                "jobs": [status_data(job) for job in jobs],
                "leased": [item._asdict() for item in leased],
                "containers": [record.model_dump(mode="json") for record in containers],
                "plan": plan,
            }
        )
        return
    counts = depth.counts
    lanes = ", ".join(f"{lane.value} {depth.ready_by_lane[lane]}" for lane in Lane)
    out.print(
        f"{'[yellow]paused[/] · ' if depth.is_paused else ''}{counts.ready} ready ({lanes}) · {counts.leased} in flight · "
        f"{counts.delayed} delayed · {counts.dead} dead · {counts.done} done · {len(containers)} containers",
        highlight=False,
    )
    dispatcher = f"{plan['why']} ({age_text(plan['at_ms'], now_ms)} ago)" if plan else "[red]none has acted in the last minute[/]"
    out.print(f"dispatcher: {dispatcher}", highlight=False)
    if jobs:
        made = table("job", "state", "lane", "waiting>", "ready>", "in flight>", "delayed>", "done>", "dead>", "dropped>", "age>")
        for job in jobs:
            made.add_row(*status_row(job, now_ms))
        out.print(made)
    if dead:
        made = table("dead letter", "scene", "attempts>", "last reason")
        for letter in dead:
            last = letter.errors[-1] if letter.errors else None
            reason = f"{last.error}: {last.message.splitlines()[0] if last.message else ''}" if last else ""
            made.add_row(f"{letter.job_id} {letter.item_id}", letter.item.name, str(letter.attempts), reason)
        out.print(made)


@app.command()
def peek(
    count: Annotated[int, typer.Option(min=1, max=1000, help="How many.")] = 10,
    lane: Annotated[Lane | None, typer.Option(help="Only this lane.")] = None,
    as_json: JsonFlag = False,
    redis_url: RedisUrl = None,
    namespace: Namespace = None,
) -> None:
    """The items that will be leased next."""
    with connected(redis_url, namespace) as queue:
        found = queue.inspect.peek(count, lane)
    if as_json:
        print_json([{"job_id": job, "item_id": item_id, **item.model_dump(mode="json")} for job, item_id, item in found])
        return
    made = table("job", "item", "scene", "kind", "seconds>")
    for job, item_id, item in found:
        made.add_row(job, item_id, item.name, item.kind, f"{item.weight:.1f}")
    out.print(made)


@app.command()
def pause(redis_url: RedisUrl = None, namespace: Namespace = None) -> None:
    """Give out no more work; what is in flight goes on."""
    with connected(redis_url, namespace) as queue:
        queue.operator.pause()
    out.print("paused")


@app.command()
def resume(redis_url: RedisUrl = None, namespace: Namespace = None) -> None:
    """Give out work again."""
    with connected(redis_url, namespace) as queue:
        queue.operator.resume()
    out.print("resumed")
