"""The command line `sceneburst`."""

import os
import signal
import sys
from collections.abc import Callable, Sequence
from io import TextIOWrapper
from typing import Annotated

import typer

from sceneburst.codes import Code
from sceneburst.exit_codes import Exit, Interrupted
from sceneburst.terminal.closed_output import OutputClosed, detect_closed_output, forget_output
from sceneburst.terminal.on_demand import Group, Listed
from sceneburst.terminal.usage import UsageError, reason_of
from sceneburst.words import use_words
from scenequeue.errors import (
    ActConflict,
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
from scenequeue.reasons import Code as QueueCode, Reason
from scenequeue.redaction import redact_tracebacks
from scenequeue.start import exit_quietly_on_interrupt, is_service
from scenequeue.storages.disk_errors import is_full


class Commands(Group):
    """All commands, in the order of `sceneburst --help`."""

    listed = (
        Listed("render", "render:render", "Render a manifest on this machine."),
        Listed("transcode", "transcode:transcode", "Transcode a video in segments, and verify the files."),
        Listed("up", "up:up", "Run Redis, a dispatcher and containers here until Ctrl-C."),
        Listed("submit", "jobs:submit", "Enqueue a manifest's scenes on a running Sceneburst."),
        Listed("status", "jobs:status", "Show a job's state and counts."),
        Listed("watch", "jobs:watch", "Follow a job until it has ended."),
        Listed("results", "jobs:results", "List the results of a job's scenes."),
        Listed("cancel", "operators.cancel:cancel", "Cancel jobs: drop waiting items, stop running ones."),
        Listed("download", "jobs:download", "Copy a job's finished videos into a folder."),
        Listed("jobs", "operators.listing:jobs", "List jobs by state, lane, label and age."),
        Listed("cost", "operators.cost:cost", "Show the cost of a job, or of the last day."),
        Listed("queue", "operators.queue:app", "Show, pause and resume the queue."),
        Listed("dead", "operators.dead:app", "List, requeue or discard dead letters."),
        Listed("containers", "operators.containers:app", "List and stop containers, read their logs."),
        Listed("plan", "operators.containers:plan", "Show the dispatcher's last plan, with its reason."),
        Listed("limits", "operators.limits:app", "Show and change limits of launches at run time."),
        Listed("doctor", "programs:doctor", "Check the set-up, and say how to fix problems."),
        Listed("acl", "programs:acl", "Print Redis users, one per role."),
        Listed("worker", "programs:worker", "Run a container worker."),
        Listed("dispatcher", "programs:dispatcher", "Run the dispatcher."),
        Listed("api", "programs:api", "Run the HTTP API."),
        Listed("page", "programs:page", "Run the operators' page."),
        Listed("keys", "operators.keys:app", "Make, list and revoke keys of page and API."),
        Listed("api-key", "operators.keys:api_key", "Make a key for the settings of the API."),
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
    (ActConflict, Exit.FAILED),
    (JobConflict, Exit.FAILED),
    (JobNotFound, Exit.FAILED),
    (QueueUnavailable, Exit.UNAVAILABLE),
    (StorageUnavailable, Exit.UNAVAILABLE),
    (FleetMisconfigured, Exit.USAGE),
    (FleetError, Exit.UNAVAILABLE),
]


def main() -> None:
    """Run the command line; our errors are printed as lines, never as a traceback. Exit codes: sceneburst/exit_codes.py."""
    redact_tracebacks()
    use_words()
    words = sys.argv[1:]
    if isinstance(sys.stdout, TextIOWrapper):
        # On a terminal or pipe without UTF-8, print question marks for characters that it cannot encode.
        sys.stdout.reconfigure(errors="replace")
    if not is_service(words) and words[:1] != ["worker"]:
        # Programs that log to standard error go on without a reader.
        detect_closed_output()
    try:
        code = _run(words)
        sys.stdout.flush()
    except OutputClosed:
        forget_output()
        code = Exit.OUTPUT_CLOSED
    sys.exit(code)


def _run(words: Sequence[str]) -> int:
    """Run a command, and report the error that ends it; return the exit code."""
    try:
        code = _run_interruptibly(serves=is_service(words))
        sys.stdout.flush()
    except Interrupted as stop:
        # Python removes its handlers before it has ended; a second Ctrl-C would then change the exit code.
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.SIG_IGN)
        from sceneburst.terminal.screen import note

        note("; ".join(["interrupted", *stop.args]), "yellow")
        return Exit.INTERRUPTED
    except UsageError as error:
        from sceneburst.terminal.error_output import print_error_json

        error.show()
        print_error_json(reason_of(error), words)
        return Exit.USAGE
    except SceneburstError as error:
        from sceneburst.terminal.error_output import print_error

        print_error(error, words)
        return next((code for kind, code in _CODES if isinstance(error, kind)), Exit.FAILED)
    except UnicodeEncodeError:
        # Python keeps bytes that are not UTF-8 as halves of characters, which are right in a path only.
        if all(word.encode("utf-8", "ignore").decode() == word for word in words):
            raise
        from sceneburst.terminal.error_output import print_error

        print_error(SceneburstError(Code.WORD_NOT_UTF8), words)
        return Exit.USAGE
    except OSError as error:
        if not is_full(error) and error.filename is None:
            raise
        from sceneburst.terminal.error_output import print_error

        if is_full(error):
            # Output that failed on a full disk would be written again at exit.
            os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        print_error(SceneburstError(_reason_of_system(error)), words)
        return Exit.FAILED
    return code


def _run_interruptibly(*, serves: bool) -> int:
    """Run a command, whose exit code is returned. A signal raises Interrupted; it ends a service at once."""
    send_waiting: Callable[[], None] = lambda: None  # noqa: E731
    try:
        if serves:
            # Until the command handles signals itself.
            exit_quietly_on_interrupt(serves=True)
        else:
            send_waiting = raise_on((signal.SIGINT, signal.SIGTERM), _interrupt, (Interrupted,))
        # The code that a command has raised `typer.Exit` with, else None.
        return app(prog_name="sceneburst", standalone_mode=False) or Exit.OK
    finally:
        # All that is left is to report the exit code.
        exit_quietly_on_interrupt(serves=serves)
        if not serves:
            signal.signal(signal.SIGTERM, signal.getsignal(signal.SIGINT))
            send_waiting()


def _reason_of_system(error: OSError) -> Reason:
    problem = error.strerror or str(error)
    if error.filename is None:
        return Reason(QueueCode.OTHER, {"text": problem})
    return Reason(QueueCode.ADDRESS_FAILED, {"uri": os.fsdecode(error.filename), "problem": problem})


def _interrupt(_number: int) -> None:
    raise Interrupted
