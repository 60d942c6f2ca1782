"""`sceneburst containers …` and `plan`: the containers, and the dispatcher's plan."""

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from sceneburst.codes import Code as CommandCode
from sceneburst.commands.operators.limits import value_text
from sceneburst.terminal.operator_name import operator_name
from sceneburst.terminal.screen import (
    JsonFlag,
    Namespace,
    RedisUrl,
    age_text,
    connected,
    note,
    print_json,
    print_json_line,
    print_result,
    print_table,
    run_group,
    say,
    table,
)
from sceneburst.terminal.why_option import WhyOption
from sceneburst.words import plan_for_people
from scenequeue.errors import SceneburstError
from scenequeue.jobs.container import ALL_CONTAINERS, TAIL_LINES, ContainerRecord
from scenequeue.jobs.ids import ContainerId
from scenequeue.reasons import Code, Reason

if TYPE_CHECKING:
    from scenequeue.queue import SceneQueue

app = typer.Typer(help="List and stop containers, read their logs.", invoke_without_command=True)


@app.callback()
def default(context: typer.Context, as_json: JsonFlag = False, redis_url: RedisUrl = None, namespace: Namespace = None) -> None:
    """List and stop containers, read their logs; without a command: list."""
    run_group(context, list_containers, as_json=as_json, redis_url=redis_url, namespace=namespace)


@app.command("list")
def list_containers(
    all_of_them: Annotated[bool, typer.Option("--all", help="Include containers that have ended.")] = False,
    as_json: JsonFlag = False,
    redis_url: RedisUrl = None,
    namespace: Namespace = None,
) -> None:
    """List containers with their items, newest first."""
    from dispatcher.decisions.pricing import cost_usd

    with connected(redis_url, namespace) as queue:
        records, now_ms = queue.inspect.containers_with_marks(ALL_CONTAINERS), queue.inspect.now_ms()
    shown = [record for record in records if all_of_them or not record.has_ended or _is_unreadable(record)]
    if as_json:
        print_json([{**record.model_dump(mode="json"), "cost_usd": round(cost_usd(record, now_ms), 6)} for record in shown])
        return
    if not shown:
        say("no containers are known; records last for a day after the last news" if all_of_them else "no containers are there")
        return
    counts = ("slots>", "holds>", "done>", "failed>")
    made = table("container", "state", "fleet", *counts, "cpu>", "memory>", "beat>", "age>", "doing, or why it left~")
    for record in shown:
        numbers = (record.slots, record.held, record.done, record.failed)
        born_ms = record.started_ms or record.intended_ms
        times = (age_text(record.beat_ms, now_ms), age_text(born_ms, now_ms))
        usage = (f"{record.cpu_share:.0%}", f"{record.memory_used_mib:,} MiB") if record.memory_used_mib else ("", "")
        made.add_row(record.container_id, record.state, record.fleet, *map(str, numbers), *usage, *times, _about(record))
    print_table(made)


@app.command()
def drain(
    container_id: Annotated[str, typer.Argument(help="The container's id, or 'all'.", show_default=False)],
    why: WhyOption = "",
    as_json: JsonFlag = False,
    redis_url: RedisUrl = None,
    namespace: Namespace = None,
) -> None:
    """Drain a container: it gets no more work, finishes its items, and leaves."""
    with connected(redis_url, namespace) as queue:
        chosen = _running(queue, container_id)
        for each in chosen:
            queue.operator.drain(each, by=operator_name(), why=why)
    print_result({"draining": chosen}, f"{len(chosen)} draining", as_json=as_json)


@app.command()
def stop(
    container_id: Annotated[str, typer.Argument(help="The container's id, or 'all'.", show_default=False)],
    why: WhyOption = "",
    as_json: JsonFlag = False,
    redis_url: RedisUrl = None,
    namespace: Namespace = None,
) -> None:
    """Stop a container at once, and put what it works on back; no attempt counts. `drain` lets it finish."""
    with connected(redis_url, namespace) as queue:
        chosen = [each for each in _running(queue, container_id) if queue.operator.stop(each, by=operator_name(), why=why)]
        has_dispatcher = queue.inspect.has_dispatcher()
    print_result({"stopping": chosen, "has_dispatcher": has_dispatcher}, f"{len(chosen)} stopping", as_json=as_json)
    if chosen and not has_dispatcher:
        note(Reason(CommandCode.STOP_NEEDS_DISPATCHER, {"containers": len(chosen)}).text, "yellow")


@app.command()
def logs(
    container_id: Annotated[str, typer.Argument(help="The container's id.", show_default=False)],
    as_json: Annotated[bool, typer.Option("--json", help="Print a JSON object per line of the log.")] = False,
    redis_url: RedisUrl = None,
    namespace: Namespace = None,
) -> None:
    """Print a container's log; if it cannot be read from here, the last 200 lines that the container has reported."""
    from sceneburst.container_logs import lines_of, log_or_tail

    with connected(redis_url, namespace) as queue:
        record, told = queue.inspect.container(container_id), queue.inspect.log(container_id)
    if record is None:
        raise SceneburstError(CommandCode.CONTAINER_WITHOUT_RECORD, container_id=container_id)
    chunks, why_tail = log_or_tail(record, told)
    if why_tail:
        note(f"the last lines that the container has told, {TAIL_LINES} at most: {why_tail}", "dim")
    if as_json:
        for line in lines_of(chunks):
            print_json_line({"container_id": container_id, "line": line})
        return
    for chunk in chunks:
        sys.stdout.buffer.write(chunk)
    sys.stdout.buffer.flush()


def plan(as_json: JsonFlag = False, redis_url: RedisUrl = None, namespace: Namespace = None) -> None:
    """Show the dispatcher's last plan and its reason."""
    with connected(redis_url, namespace) as queue:
        found, now_ms = queue.inspect.plan(), queue.inspect.now_ms()
        fleets = sorted({record.fleet for record in queue.inspect.containers() if not record.has_ended})
    if found is None:
        raise SceneburstError(Code.NO_DISPATCHER)
    shown = {**plan_for_people(found), "fleets": fleets}
    if as_json:
        print_json(shown)
    else:
        costs = "running" if not fleets or "fargate" in fleets else "running; the same on Fargate"
        say(f"{shown['why']} ({age_text(shown['at_ms'], now_ms)} ago; {costs}: ${shown['usd_per_hour']:.4f}/h)")
        for limit in shown.get("limits") or ():
            because = f", because: {limit['why']}" if limit["why"] else ""
            who = f"by {limit['by']}, {age_text(limit['at_ms'], now_ms)} ago{because}"
            say(f"limit {limit['name']} {value_text(limit['value'])}: {who}")


def _running(queue: "SceneQueue", container_id: str) -> list[ContainerId]:
    """Return the container of this id, or all.

    Raises:
        SceneburstError: no container of this id runs.
    """
    if container_id == "all":
        return [record.container_id for record in queue.inspect.containers(ALL_CONTAINERS) if not record.has_ended]
    found = queue.inspect.container(container_id)
    if found is None or found.has_ended:
        raise SceneburstError(CommandCode.CONTAINER_NOT_RUNNING, container_id=container_id)
    return [found.container_id]


def _is_unreadable(record: ContainerRecord) -> bool:
    return record.remark is not None and record.remark.code == Code.RECORD_MALFORMED


def _about(record: ContainerRecord) -> str:
    if record.exit_reason:
        return record.exit_reason
    working = ", ".join(f"{key} {share:.0%}" for key, share in record.progress.items())
    return "; ".join(part for part in (record.note, working) if part)
