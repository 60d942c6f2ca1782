"""`sceneburst containers …` and `plan`: what runs, and what the dispatcher thinks."""

from typing import Annotated

import typer

from sceneburst.exits import Exit
from sceneburst.screen import JsonFlag, Namespace, RedisUrl, age_text, connected, err, out, print_json, table
from scenequeue.items import ContainerRecord

app = typer.Typer(help="Containers: list and stop them.", invoke_without_command=True)


@app.callback()
def default(context: typer.Context) -> None:
    """List and stop containers; without a command: list."""
    if context.invoked_subcommand is None:
        list_containers()


@app.command("list")
def list_containers(
    all_of_them: Annotated[bool, typer.Option("--all", help="Those that have left too.")] = False,
    as_json: JsonFlag = False,
    redis_url: RedisUrl = None,
    namespace: Namespace = None,
) -> None:
    """Containers, newest first, with what they work on."""
    from dispatcher.pricing import cost_usd

    with connected(redis_url, namespace) as queue:
        records, now_ms = queue.inspect.containers(), queue.inspect.now_ms()
    shown = [record for record in records if all_of_them or record.state not in {"gone", "failed"}]
    if as_json:
        print_json([{**record.model_dump(mode="json"), "cost_usd": round(cost_usd(record, now_ms), 6)} for record in shown])
        return
    made = table("container", "state", "fleet", "slots>", "holds>", "done>", "failed>", "beat>", "age>", "about")
    for record in shown:
        numbers = (record.slots, record.held, record.done, record.failed)
        born_ms = record.started_ms or record.intended_ms
        times = (age_text(record.beat_ms, now_ms), age_text(born_ms, now_ms))
        made.add_row(record.container_id, record.state, record.fleet, *map(str, numbers), *times, _about(record))
    out.print(made)


@app.command()
def stop(
    container_id: Annotated[str, typer.Argument(help="The container's id, or 'all'.", show_default=False)],
    redis_url: RedisUrl = None,
    namespace: Namespace = None,
) -> None:
    """Let a container drain: it gets no more work, finishes what it has, and leaves."""
    with connected(redis_url, namespace) as queue:
        alive = [record.container_id for record in queue.inspect.containers() if record.state not in {"gone", "failed"}]
        chosen = alive if container_id == "all" else [found for found in alive if found == container_id]
        if not chosen and container_id != "all":
            err.print(f"no container {container_id!r} is running", style="red", highlight=False)
            raise typer.Exit(Exit.FAILED)
        for found in chosen:
            queue.dispatcher.drain(found)
    out.print(f"{len(chosen)} draining", highlight=False)


def plan(as_json: JsonFlag = False, redis_url: RedisUrl = None, namespace: Namespace = None) -> None:
    """What the dispatcher decided last, and why."""
    with connected(redis_url, namespace) as queue:
        found, now_ms = queue.inspect.plan(), queue.inspect.now_ms()
    if as_json:
        print_json(found)
    elif found is None:
        out.print("no dispatcher has acted in the last minute; is one running?")
        raise typer.Exit(Exit.FAILED)
    else:
        out.print(
            f"{found['why']} ({age_text(found['at_ms'], now_ms)} ago; running: ${found['usd_per_hour']:.4f}/h)", highlight=False
        )


def _about(record: ContainerRecord) -> str:
    if record.exit_reason:
        return record.exit_reason
    working = ", ".join(f"{key} {share:.0%}" for key, share in record.progress.items())
    return record.note or working
