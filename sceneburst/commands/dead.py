"""`sceneburst dead …`: what was given up, why, and what becomes of it."""

from typing import Annotated

import typer

from sceneburst.exits import Exit
from sceneburst.screen import JsonFlag, Namespace, RedisUrl, age_text, connected, err, out, print_json, table

app = typer.Typer(help="Dead letters: look at them, requeue or discard them.", no_args_is_help=True)
JobOption = Annotated[str | None, typer.Option("--job", help="Only this job's.")]
JobArgument = Annotated[str, typer.Argument(help="The job's id.", show_default=False)]
ItemArgument = Annotated[str | None, typer.Argument(help="The item's id; without it, all of the job's.")]


@app.command("list")
def list_letters(
    job: JobOption = None,
    limit: Annotated[int, typer.Option(min=1, help="How many at most.")] = 100,
    as_json: JsonFlag = False,
    redis_url: RedisUrl = None,
    namespace: Namespace = None,
) -> None:
    """Dead letters, newest first."""
    with connected(redis_url, namespace) as queue:
        letters, now_ms = queue.inspect.dead(job, limit), queue.inspect.now_ms()
    if as_json:
        print_json([letter.model_dump(mode="json") for letter in letters])
        return
    made = table("job", "item", "scene", "attempts>", "since>", "last reason")
    for letter in letters:
        last = letter.errors[-1] if letter.errors else None
        reason = f"{last.error}: {last.message.splitlines()[0] if last.message else ''}" if last else ""
        cells = (letter.item_id, letter.item.name, str(letter.attempts), age_text(letter.buried_ms, now_ms), reason)
        made.add_row(letter.job_id, *cells)
    out.print(made)


@app.command()
def show(
    job_id: JobArgument,
    item_id: Annotated[str, typer.Argument(help="The item's id.", show_default=False)],
    as_json: JsonFlag = False,
    redis_url: RedisUrl = None,
    namespace: Namespace = None,
) -> None:
    """One dead letter with its whole history."""
    with connected(redis_url, namespace) as queue:
        found = [letter for letter in queue.inspect.dead(job_id, 1_000_000) if letter.item_id == item_id]
    if not found:
        err.print(f"no dead letter {item_id!r} of job {job_id!r}", style="red", highlight=False)
        raise typer.Exit(Exit.FAILED)
    letter = found[0]
    if as_json:
        print_json(letter.model_dump(mode="json"))
        return
    out.print(f"{letter.item.name} ({letter.item.kind}), {letter.attempts} attempts", highlight=False)
    for error in letter.errors:
        out.print(f"attempt {error.attempt} on {error.container}: {error.error}: {error.message}", highlight=False, markup=False)
    out.print_json(data=letter.item.payload)


@app.command()
def requeue(job_id: JobArgument, item_id: ItemArgument = None, redis_url: RedisUrl = None, namespace: Namespace = None) -> None:
    """Give dead letters a new start, with all their attempts."""
    with connected(redis_url, namespace) as queue:
        items = [item_id] if item_id else [letter.item_id for letter in queue.inspect.dead(job_id, 1_000_000)]
        for item in items:
            queue.operator.requeue(job_id, item)
    out.print(f"{len(items)} requeued", highlight=False)


@app.command()
def discard(
    job_id: JobArgument,
    item_id: ItemArgument = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    redis_url: RedisUrl = None,
    namespace: Namespace = None,
) -> None:
    """Forget dead letters for good."""
    with connected(redis_url, namespace) as queue:
        items = [item_id] if item_id else [letter.item_id for letter in queue.inspect.dead(job_id, 1_000_000)]
        if not yes:
            typer.confirm(f"Forget {len(items)} dead letters of job {job_id} for good?", abort=True)
        for item in items:
            queue.operator.discard(job_id, item)
    out.print(f"{len(items)} discarded", highlight=False)
