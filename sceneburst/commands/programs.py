"""Commands that run the programs `worker`, `dispatcher`, `api` and `page`, and `doctor` and `acl`."""

from typing import Annotated

import typer

from sceneburst.exit_codes import Exit
from sceneburst.terminal.operator_name import operator_name
from sceneburst.terminal.screen import (
    JsonFlag,
    Namespace,
    RedisUrl,
    coloured,
    print_json,
    print_table,
    print_unbroken,
    say,
    table,
)
from scenequeue.start import require


def worker() -> None:
    """Run a container worker: pulls scenes, renders them, leaves when idle. Settings by environment; docs/settings.md."""
    require("worker")
    from container_worker.main import main

    raise typer.Exit(main())


def dispatcher(once: Annotated[bool, typer.Option("--once", help="Tick once, then exit.")] = False) -> None:
    """Run the dispatcher: watches the queue, launches and reaps containers. Settings by environment; docs/settings.md."""
    require("dispatcher")
    from dispatcher.app import run, run_once
    from scenequeue.settings import DispatcherSettings

    settings = DispatcherSettings.load()
    if once:
        decided = run_once(settings)
        say(decided.text if decided else "another dispatcher acts")
    else:
        run(settings)


def api() -> None:
    """Run the HTTP API: submit and follow jobs from other languages. Settings by environment; docs/http-api.md."""
    require("api")
    from sceneburst.http_api.server import run
    from scenequeue.settings import ApiSettings

    run(ApiSettings.load())


def page() -> None:
    """Run the operators' page: the state of everything in a browser. Settings by environment; docs/page.md.

    If only this machine reaches it, an address is printed that opens it once, signed in.
    """
    require("page")
    from sceneburst.page.server import run
    from sceneburst.web.page_settings import PageSettings

    run(PageSettings.load(), operator_name())


def doctor(
    bucket: Annotated[
        list[str] | None,
        typer.Option("--bucket", help="Also write, read, list and delete an object under this s3:// address; repeatable."),
    ] = None,
    as_json: JsonFlag = False,
    redis_url: RedisUrl = None,
    namespace: Namespace = None,
) -> None:
    """Check that everything needed is there, and say how to fix what is not; exit 3 if something must be fixed.

    Checks the settings, this machine, Redis, the fleet that SCENEBURST_FLEET names, and the bucket of SCENEBURST_INPUTS.
    """
    from sceneburst.local.doctor import examine

    checks = examine(bucket or [], redis_url, namespace)
    if as_json:
        print_json([check._asdict() for check in checks])
    else:
        made = table("what=", "", "found~=", "what to do~=")
        for check in checks:
            state = coloured("ok", "green") if check.is_good else coloured("wrong", "red") if check.is_needed else "–"
            made.add_row(check.what, state, check.said, check.mend or "")
        print_table(made)
    if any(check.is_needed and not check.is_good for check in checks):
        raise typer.Exit(Exit.UNAVAILABLE)


def acl(
    namespace: Annotated[str, typer.Option(help="The queue's namespace.")] = "sceneburst",
    as_json: JsonFlag = False,
) -> None:
    """Print Redis users, one per role, for ACL SETUSER; replace the dots with passwords."""
    from scenequeue.structure.acl import ROLES, rules

    if as_json:
        print_json({role: rules(role, namespace) for role in ROLES})
        return
    for role in ROLES:
        line = f"ACL SETUSER {namespace}-{role} on >… {' '.join(rules(role, namespace))}"
        print_unbroken(line)
