"""`sceneburst dead …`: lists, requeues and discards dead letters."""

from typing import TYPE_CHECKING, Annotated

import typer

from sceneburst.codes import Code
from sceneburst.commands.jobs import LabelOption, parse_label
from sceneburst.commands.operators.filters import filter_of
from sceneburst.counted import counted
from sceneburst.terminal.operator_name import operator_name
from sceneburst.terminal.screen import (
    JsonFlag,
    Namespace,
    RedisUrl,
    age_text,
    confirm,
    connected,
    note,
    print_json,
    print_result,
    print_table,
    run_group,
    say,
    table,
)
from sceneburst.terminal.usage import RefusedWord
from sceneburst.terminal.why_option import WhyOption
from scenequeue.errors import JobNotFound
from scenequeue.jobs.job import Lane
from scenequeue.jobs.result import DeadLetter

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scenequeue.ports.steering.dead_search import DeadFilter, Progress
    from scenequeue.queue import SceneQueue

#: `dead show` prints the whole reason.
_REASON_CHARACTERS = 300
#: Letters between two progress lines.
_LETTERS_A_NOTE = 5_000
app = typer.Typer(help="List, requeue or discard dead letters.", invoke_without_command=True)
JobOption = Annotated[str | None, typer.Option("--job", help="Only letters of this job.")]
ReasonOption = Annotated[
    str | None, typer.Option("--reason", help="Only letters with this code (see `dead reasons`) or error class.")
]
LaneOption = Annotated[Lane | None, typer.Option("--lane", help="Only letters of jobs in this lane.")]
AllFlag = Annotated[bool, typer.Option("--all", help="All letters that match the filters.")]
OptionalJob = Annotated[str | None, typer.Argument(help="The job's id; not with --all.", show_default=False)]
JobArgument = Annotated[str, typer.Argument(help="The job's id.", show_default=False)]
ItemArgument = Annotated[
    str | None, typer.Argument(help="The scene's name or the item's id; without it, all letters of the job.")
]


@app.callback()
def default(context: typer.Context, as_json: JsonFlag = False, redis_url: RedisUrl = None, namespace: Namespace = None) -> None:
    """Look at dead letters, requeue or discard them; without a command: list."""
    run_group(context, list_letters, as_json=as_json, redis_url=redis_url, namespace=namespace)


@app.command("list")
def list_letters(
    job: JobOption = None,
    reason: ReasonOption = None,
    lane: LaneOption = None,
    label: LabelOption = None,
    limit: Annotated[int, typer.Option(min=1, help="Maximum number.")] = 100,
    as_json: JsonFlag = False,
    redis_url: RedisUrl = None,
    namespace: Namespace = None,
) -> None:
    """List dead letters, newest first."""
    wanted = _filter(job, reason, lane, label)
    with connected(redis_url, namespace) as queue:
        if job is not None:
            queue.inspect.job(job)
        letters, now_ms = queue.inspect.find_dead(wanted, limit), queue.inspect.now_ms()
    if as_json:
        print_json([letter.model_dump(mode="json") for letter in letters])
        return
    if not letters:
        say("no dead letters" if job is None else f"no dead letters of job {job}")
        return
    made = table("job", "item", "name", "attempts>", "since>", "last reason~")
    for letter in letters:
        times = (str(letter.attempts), age_text(letter.buried_ms, now_ms))
        made.add_row(letter.job_id, letter.item_id, letter.item.name, *times, last_reason(letter))
    print_table(made)


@app.command()
def reasons(as_json: JsonFlag = False, redis_url: RedisUrl = None, namespace: Namespace = None) -> None:
    """Count dead letters by the code of their last error, the most frequent first."""
    with connected(redis_url, namespace) as queue:
        counts = queue.inspect.reasons()
    if as_json:
        print_json([{"reason": reason, "count": count} for reason, count in counts.items()])
        return
    if not counts:
        say("no dead letters")
        return
    made = table("reason", "dead letters>")
    for reason, count in counts.items():
        made.add_row(reason, f"{count:,}")
    print_table(made)


@app.command()
def show(
    job_id: JobArgument,
    item_id: Annotated[str, typer.Argument(help="The scene's name or the item's id.", show_default=False)],
    as_json: JsonFlag = False,
    redis_url: RedisUrl = None,
    namespace: Namespace = None,
) -> None:
    """Show one dead letter with its whole history."""
    with connected(redis_url, namespace) as queue:
        letter = _letter(queue, job_id, item_id)
    if as_json:
        print_json(letter.model_dump(mode="json"))
        return
    say(f"{letter.item.name} ({letter.item.kind}), {counted(letter.attempts, 'attempt')}")
    for error in letter.errors:
        say(f"attempt {error.attempt} on {error.container}: {error.error}: {error.message}")
    print_json(letter.item.payload)


@app.command()
def requeue(
    job_id: OptionalJob = None,
    item_id: ItemArgument = None,
    all_of_them: AllFlag = False,
    job: JobOption = None,
    reason: ReasonOption = None,
    lane: LaneOption = None,
    label: LabelOption = None,
    why: WhyOption = "",
    as_json: JsonFlag = False,
    redis_url: RedisUrl = None,
    namespace: Namespace = None,
) -> None:
    """Requeue dead letters with all their attempts: those of a job, or with --all those that match the filters."""
    from scenequeue.ports.steering.dead_search import DeadFilter

    wanted = _filter(job, reason, lane, label)
    _check_choice(job_id, all_of_them, wanted)
    with connected(redis_url, namespace) as queue:
        if job_id is None:
            changed = _follow(queue.operator.requeue_all(wanted, operator_name(), why), "requeued")
        else:
            items = _chosen(queue, job_id, item_id)
            changed = 0
            if item_id is None:
                changed = _follow(queue.operator.requeue_all(DeadFilter(job=job_id), operator_name(), why), "requeued")
            for item in _left(queue, job_id, items, changed):
                queue.operator.requeue(job_id, item, operator_name(), why)
                changed += 1
    print_result({"requeued": changed}, f"{changed} requeued", as_json=as_json)


@app.command()
def discard(
    job_id: OptionalJob = None,
    item_id: ItemArgument = None,
    all_of_them: AllFlag = False,
    job: JobOption = None,
    reason: ReasonOption = None,
    lane: LaneOption = None,
    label: LabelOption = None,
    why: WhyOption = "",
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask for confirmation.")] = False,
    as_json: JsonFlag = False,
    redis_url: RedisUrl = None,
    namespace: Namespace = None,
) -> None:
    """Discard dead letters for good: those of a job, or with --all those that match the filters."""
    from scenequeue.ports.steering.dead_search import DeadFilter

    wanted = _filter(job, reason, lane, label)
    _check_choice(job_id, all_of_them, wanted)
    with connected(redis_url, namespace) as queue:
        if job_id is None:
            if not yes:
                confirm(f"Forget {_called(queue, wanted)} for good?")
            changed = _follow(queue.operator.discard_all(wanted, operator_name(), why), "discarded")
        else:
            items = _chosen(queue, job_id, item_id)
            if not yes:
                confirm(f"Forget {counted(len(items), 'dead letter')} of job {job_id} for good?")
            changed = 0
            if item_id is None:
                changed = _follow(queue.operator.discard_all(DeadFilter(job=job_id), operator_name(), why), "discarded")
            for item in _left(queue, job_id, items, changed):
                queue.operator.discard(job_id, item, operator_name(), why)
                changed += 1
    print_result({"discarded": changed}, f"{changed} discarded", as_json=as_json)


def _called(queue: "SceneQueue", wanted: "DeadFilter") -> str:
    """Return the words for the letters that match a filter; their number is known without a search where all do."""
    if wanted.text:
        return f"all dead letters with {wanted.text}"
    count = queue.inspect.depth().counts.dead
    return f"all {count:,} dead letters" if count != 1 else "the only dead letter"


def _filter(job: str | None, reason: str | None, lane: Lane | None, label: list[str] | None) -> "DeadFilter":
    from scenequeue.ports.steering.dead_search import DeadFilter

    labels = dict(parse_label(each) for each in label or [])
    return filter_of(DeadFilter, reason=reason or "", job=job or "", lane=lane, labels=labels)


def _check_choice(job_id: str | None, all_of_them: bool, wanted: "DeadFilter") -> None:
    """Refuse a filter without --all, and --all with a job's id, because either could act on more letters than meant."""
    if job_id is None and not all_of_them:
        raise RefusedWord(Code.LETTERS_NOT_NAMED)
    if job_id is not None and (all_of_them or wanted.text):
        raise RefusedWord(Code.LETTERS_NAMED_TWICE)


def _follow(steps: "Iterator[Progress]", done: str) -> int:
    """Print the progress from time to time; return the number of changed letters."""
    changed, told = 0, 0
    for progress in steps:
        changed = progress.changed
        if progress.seen - told >= _LETTERS_A_NOTE and progress.seen < progress.total:
            told = progress.seen
            note(f"{progress.seen:,} of {progress.total:,} looked at, {changed:,} {done}", "dim")
    return changed


def last_reason(letter: DeadLetter) -> str:
    """Return the last attempt's error in one line."""
    if not letter.errors:
        return ""
    last = letter.errors[-1]
    reason = f"{last.error}: {(last.message.splitlines() or [''])[0]}"
    return reason if len(reason) <= _REASON_CHARACTERS else f"{reason[:_REASON_CHARACTERS]}…"


def _letter(queue: "SceneQueue", job_id: str, item: str) -> DeadLetter:
    """Return the dead letter with this item id or scene name.

    Raises:
        JobNotFound: there is none.
    """
    try:
        return queue.inspect.dead_letter(job_id, item)
    except JobNotFound:
        return queue.inspect.dead_letter_named(job_id, item)


def _chosen(queue: "SceneQueue", job_id: str, item_id: str | None) -> list[str]:
    """Return the item id of one dead letter of a job, or of all. Raises JobNotFound."""
    if item_id is not None:
        return [_letter(queue, job_id, item_id).item_id]
    queue.inspect.job(job_id)
    return [*queue.inspect.dead_ids(job_id)]


def _left(queue: "SceneQueue", job_id: str, items: list[str], changed: int) -> list[str]:
    """Return the chosen letters that the step for all of a job did not change; one by one, each reports its reason."""
    if changed >= len(items):
        return []
    there = set(queue.inspect.dead_ids(job_id))
    return [item for item in items if item in there]
