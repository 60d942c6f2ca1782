"""The command line `sceneburst`."""

import os
import signal
import sys
from collections.abc import Callable
from io import TextIOWrapper
from typing import Annotated

import typer

from sceneburst.exit_codes import Exit, Interrupted
from sceneburst.terminal.on_demand import Group, Listed
from sceneburst.words import use_words
from scenequeue.errors import (
    FleetError,
    FleetMisconfigured,
    InvalidScenes,
    JobConflict,
    JobNotFound,
    ProgramUnavailable,
    QueueUnavailable,
    SceneburstError,
    SettingsError,
    StorageUnavailable,
)
from scenequeue.interruption import raise_on
from scenequeue.redaction import redact_tracebacks
from scenequeue.start import exit_quietly_on_interrupt, is_service
from scenequeue.storages.disk_errors import is_full


class Commands(Group):
    """All commands, in the order of `sceneburst --help`."""

    listed = (
        Listed("render", "render:render", "Render a manifest on this machine."),
        Listed("up", "up:up", "Run Redis, a dispatcher and containers here until Ctrl-C."),
        Listed("submit", "jobs:submit", "Enqueue a manifest's scenes on a running Sceneburst."),
        Listed("status", "jobs:status", "Show a job's state and counts."),
        Listed("watch", "jobs:watch", "Follow a job until it has ended."),
        Listed("results", "jobs:results", "List the results of a job's scenes."),
        Listed("cancel", "jobs:cancel", "Cancel a job: drop waiting items, stop running ones."),
        Listed("download", "jobs:download", "Copy a job's finished MP4s into a folder."),
        Listed("jobs", "listing:jobs", "List jobs by state, lane, label and age."),
        Listed("cost", "cost:cost", "Show the cost of a job, or of the last day."),
        Listed("queue", "queue:app", "Show, pause and resume the queue."),
        Listed("dead", "dead:app", "List, requeue or discard dead letters."),
        Listed("containers", "containers:app", "List and stop containers, read their logs."),
        Listed("plan", "containers:plan", "Show the dispatcher's last plan, with its reason."),
        Listed("limits", "limits:app", "Show and change limits of launches at run time."),
        Listed("doctor", "programs:doctor", "Check the set-up, and say how to fix problems."),
        Listed("acl", "programs:acl", "Print Redis users, one per role."),
        Listed("worker", "programs:worker", "Run a container worker."),
        Listed("dispatcher", "programs:dispatcher", "Run the dispatcher."),
        Listed("api", "programs:api", "Run the HTTP API."),
        Listed("api-key", "keys:api_key", "Make a key for the HTTP API."),
        Listed("version", "version:version", "Print the versions of Sceneburst and Python."),
    )


app = typer.Typer(
    cls=Commands,
    name="sceneburst",
    help="Turns a burst of video work into finished MP4s: queue, plan, render, reap.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(is_asked: bool) -> None:
    if is_asked:
        from scenequeue.version import installed_version

        print(f"sceneburst {installed_version()}")
        raise typer.Exit


@app.callback()
def options(
    version: Annotated[bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")] = False,
) -> None:
    """Handle the options before a command."""


_CODES: list[tuple[type[SceneburstError], Exit]] = [
    (InvalidScenes, Exit.USAGE),
    (ProgramUnavailable, Exit.UNAVAILABLE),
    (SettingsError, Exit.USAGE),
    (JobConflict, Exit.FAILED),
    (JobNotFound, Exit.FAILED),
    (QueueUnavailable, Exit.UNAVAILABLE),
    (StorageUnavailable, Exit.UNAVAILABLE),
    (FleetMisconfigured, Exit.USAGE),
    (FleetError, Exit.UNAVAILABLE),
]


def main() -> None:
    """Run the command line; our errors are printed as a line, never as a traceback. Exit codes: sceneburst/exit_codes.py."""
    redact_tracebacks()
    use_words()
    if isinstance(sys.stdout, TextIOWrapper):
        # On a terminal or pipe without UTF-8, print question marks for characters that it cannot encode.
        sys.stdout.reconfigure(errors="replace")
    serves = is_service(sys.argv[1:])
    send_waiting: Callable[[], None] = lambda: None  # noqa: E731
    try:
        try:
            if serves:
                # Until the command handles signals itself.
                exit_quietly_on_interrupt(serves=True)
            else:
                send_waiting = raise_on((signal.SIGINT, signal.SIGTERM), _interrupt, (Interrupted,))
            app(prog_name="sceneburst")
        finally:
            # All that is left is to report the exit code.
            exit_quietly_on_interrupt(serves=serves)
            if not serves:
                signal.signal(signal.SIGTERM, signal.getsignal(signal.SIGINT))
                send_waiting()
    except Interrupted as stop:
        # Python removes its handlers before it has ended; a second Ctrl-C would then change the exit code.
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.SIG_IGN)
        from sceneburst.terminal.screen import note

        note("; ".join(["interrupted", *stop.args]), "yellow")
        sys.exit(Exit.INTERRUPTED)
    except SceneburstError as error:
        from sceneburst.terminal.screen import note

        for line in error.lines:
            note(f"error: {line}", "red")
        for line in getattr(error, "__notes__", ()):
            note(line)
        sys.exit(next((code for kind, code in _CODES if isinstance(error, kind)), Exit.FAILED))
    except UnicodeEncodeError:
        # Python keeps bytes that are not UTF-8 as halves of characters, which are right in a path only.
        if all(word.encode("utf-8", "ignore").decode() == word for word in sys.argv):
            raise
        from sceneburst.terminal.screen import note

        note("error: a word of the command line is not in UTF-8", "red")
        sys.exit(Exit.USAGE)
    except OSError as error:
        if not is_full(error) and error.filename is None:
            raise
        from sceneburst.terminal.screen import note

        if is_full(error):
            # Output that failed on a full disk would be written again at exit.
            os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        place = "" if error.filename is None else f"{os.fsdecode(error.filename)}: "
        note(f"error: {place}{error.strerror}", "red")
        sys.exit(Exit.FAILED)


def _interrupt(_number: int) -> None:
    raise Interrupted
