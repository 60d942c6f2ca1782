"""`sceneburst limits …`: shows and changes the limits of launches while the dispatcher runs."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from sceneburst.codes import Code
from sceneburst.terminal.operator_name import operator_name
from sceneburst.terminal.screen import (
    JsonFlag,
    Namespace,
    RedisUrl,
    age_text,
    connected,
    print_json,
    print_table,
    run_group,
    say,
    table,
)
from sceneburst.terminal.usage import RefusedWord
from sceneburst.terminal.why_option import WhyOption

if TYPE_CHECKING:
    from scenequeue.ports.steering.audit_log import Act
    from scenequeue.queue import SceneQueue

#: More entries than the audit log keeps.
ACTS_KEPT = 20_000
app = typer.Typer(help="Show, set, reset and undo limits of launches at run time.", invoke_without_command=True)


@app.callback()
def default(context: typer.Context, as_json: JsonFlag = False, redis_url: RedisUrl = None, namespace: Namespace = None) -> None:
    """Show, set, reset and undo limits of launches; without a command: show."""
    run_group(context, show, as_json=as_json, redis_url=redis_url, namespace=namespace)


@app.command()
def show(as_json: JsonFlag = False, redis_url: RedisUrl = None, namespace: Namespace = None) -> None:
    """Show the limits, and who changed them."""
    with connected(redis_url, namespace) as queue:
        rows, now_ms = _rows(queue), queue.inspect.now_ms()
    if as_json:
        print_json(rows)
        return
    made = table("limit", "value>", "of the environment>", "changed by", "since>", "why~")
    for row in rows:
        numbers = (value_text(row["value"]), value_text(row["setting"]))
        made.add_row(
            row["name"], *numbers, row["by"] or "", age_text(row["at_ms"], now_ms) if row["at_ms"] else "", row["why"] or ""
        )
    print_table(made)


@app.command("set")
def set_limits(
    values: Annotated[list[str], typer.Argument(help="NAME=VALUE, such as max_containers=20.", show_default=False)],
    why: WhyOption = "",
    as_json: JsonFlag = False,
    redis_url: RedisUrl = None,
    namespace: Namespace = None,
) -> None:
    """Change limits from the dispatcher's next tick on; either all of them are changed or none."""
    named: dict[str, str] = {}
    for each in values:
        name, separator, value = each.partition("=")
        if not separator or name.strip() in named:
            raise RefusedWord(Code.LIMIT_REPEATED if separator else Code.LIMIT_MALFORMED, given=each)
        named[name.strip()] = value.strip()
    with connected(redis_url, namespace) as queue:
        queue.operator.set_limits(named, operator_name(), why)
        if as_json:
            print_json(_rows(queue))
            return
    say(f"{', '.join(f'{name} is {value}' for name, value in named.items())} from the next tick on")


@app.command()
def reset(
    name: Annotated[str | None, typer.Argument(help="The limit; without it, all.", show_default=False)] = None,
    why: WhyOption = "",
    as_json: JsonFlag = False,
    redis_url: RedisUrl = None,
    namespace: Namespace = None,
) -> None:
    """Reset limits to the values of the dispatcher's environment."""
    with connected(redis_url, namespace) as queue:
        names = [limit.name for limit in queue.inspect.limits()] if name is None else [name]
        queue.operator.reset_limits(names, operator_name(), why)
        if as_json:
            print_json(_rows(queue))
            return
    say(f"{', '.join(names) or 'nothing'} reset")


@app.command()
def undo(
    name: Annotated[str | None, typer.Argument(help="The limit; without it, the last change.", show_default=False)] = None,
    why: WhyOption = "",
    as_json: JsonFlag = False,
    redis_url: RedisUrl = None,
    namespace: Namespace = None,
) -> None:
    """Undo the last change of a limit, or the last change of all; refused if anybody has changed it since."""
    from scenequeue.ports.steering.audit_log import ENVIRONMENT

    with connected(redis_url, namespace) as queue:
        acts = _last_change(queue, name)
        names = queue.operator.undo(*(act.entry for act in acts), by=operator_name(), why=why)
        if as_json:
            print_json(_rows(queue))
            return
    back = {act.limit: "the environment's" if act.values[0] == ENVIRONMENT else act.values[0] for act in acts}
    say(f"{', '.join(f'{name} is {back[name]} again' for name in names)}, from the next tick on")


def _last_change(queue: "SceneQueue", name: str | None) -> "list[Act]":
    """Return the entries of the last act that changed a limit; raises SceneburstError if there is none, or if it was undone."""
    from scenequeue.errors import ActConflict

    acts = [act for act in queue.inspect.acts(ACTS_KEPT) if act.limit and name in {None, act.limit}]
    if not acts:
        raise ActConflict(Code.LIMIT_NEVER_CHANGED)
    if acts[0].act == "undo":
        raise ActConflict(Code.LIMIT_UNDONE_ALREADY, limit=acts[0].limit, by=acts[0].by)
    return [act for act in acts if act == acts[0] or (act.word and act.word == acts[0].word)]


def _rows(queue: "SceneQueue") -> list[dict[str, Any]]:
    settings = (queue.inspect.plan() or {}).get("settings")
    changed = {limit.name: {**limit._asdict(), "why": limit.why or None} for limit in queue.inspect.limits()}
    return limit_rows(changed, settings if isinstance(settings, dict) else {})


def limit_rows(changed: dict[str, dict[str, Any]], settings: dict[str, Any]) -> list[dict[str, Any]]:
    """Return a row for each limit: the value in force, the environment's value, and who changed it when; None where unknown.

    Args:
        changed: the changed limits, by name.
        settings: the active dispatcher's settings; empty without one.
    """
    from scenequeue.ports.steering.limits import LIMITS

    rows = []
    for name in LIMITS:
        setting = settings.get(name)
        unchanged = {"name": name, "value": setting, "by": None, "at_ms": None, "why": None}
        rows.append({**changed.get(name, unchanged), "setting": setting})
    return rows


def value_text(value: Any) -> str:
    """Return a limit's value for people; a dash for one that is unknown."""
    return value if isinstance(value, str) else f"{value:g}" if isinstance(value, int | float) else "–"
