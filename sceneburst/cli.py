"""`sceneburst`: the command line."""

import signal
import sys
from collections.abc import Callable
from types import FrameType

import typer

from sceneburst.commands import containers, cost, dead, jobs, keys, programs, queue, render, up
from sceneburst.exits import Exit
from sceneburst.screen import err
from scenequeue.errors import (
    InvalidScenes,
    JobConflict,
    JobNotFound,
    QueueUnavailable,
    SceneburstError,
    SettingsError,
    StorageUnavailable,
)

app = typer.Typer(
    name="sceneburst",
    help="Turns a burst of video work into finished MP4s: queue, plan, render, reap.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
app.command()(render.render)
app.command()(up.up)
_JOBS: tuple[Callable[..., None], ...] = (
    jobs.submit,
    jobs.status,
    jobs.watch,
    jobs.results,
    jobs.cancel,
    jobs.download,
    cost.cost,
)
for command in _JOBS:
    app.command()(command)
app.add_typer(queue.app, name="queue")
app.add_typer(dead.app, name="dead")
app.add_typer(containers.app, name="containers")
_OTHERS: tuple[Callable[..., None], ...] = (
    containers.plan,
    programs.doctor,
    programs.acl,
    programs.worker,
    programs.dispatcher,
    programs.api,
    keys.api_key,
)
for command in _OTHERS:
    app.command()(command)

_CODES: list[tuple[type[SceneburstError], Exit]] = [
    (InvalidScenes, Exit.USAGE),
    (SettingsError, Exit.USAGE),
    (JobConflict, Exit.FAILED),
    (JobNotFound, Exit.FAILED),
    (QueueUnavailable, Exit.UNAVAILABLE),
    (StorageUnavailable, Exit.UNAVAILABLE),
]


class Interrupted(BaseException):
    """SIGINT or SIGTERM, on its way out through every `with` block."""


def main() -> None:
    """Run the command line; every error of ours is a line, never a traceback. Exit codes: sceneburst/exits.py."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _interrupt)
    try:
        app()
    except Interrupted:
        err.print("interrupted; nothing was left running", style="yellow")
        sys.exit(Exit.INTERRUPTED)
    except SceneburstError as error:
        for line in str(error).splitlines():
            err.print(f"error: {line}", style="red", highlight=False, markup=False, soft_wrap=True)
        sys.exit(next((code for kind, code in _CODES if isinstance(error, kind)), Exit.FAILED))


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    raise Interrupted
