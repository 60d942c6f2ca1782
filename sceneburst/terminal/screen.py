"""Prints for every command: tables for people, JSON for programs, one line for an error."""

import json
import os
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.text import Text

from sceneburst.codes import Code
from sceneburst.given_settings import GIVEN_AS, overrides_from
from sceneburst.terminal.sheet import INDENT, Sheet, wrapped
from sceneburst.terminal.usage import Declined
from scenequeue.quoted import one_line
from scenequeue.redaction import redact

if TYPE_CHECKING:
    from scenequeue.queue import SceneQueue
    from scenequeue.settings import ProducerSettings

#: Width of output to a file or a pipe.
_PLAIN_WIDTH = 160
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")


def _width(is_terminal: bool) -> int | None:
    return None if is_terminal or os.environ.get("COLUMNS") else _PLAIN_WIDTH


#: Results go to standard output, everything else to standard error.
out = Console(width=_width(sys.stdout.isatty()))
err = Console(stderr=True, width=_width(sys.stderr.isatty()))

JsonFlag = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]
RedisUrl = Annotated[
    str | None, typer.Option("--redis-url", help="The queue's Redis; else SCENEBURST_REDIS_URL.", show_default=False)
]
Namespace = Annotated[str | None, typer.Option("--namespace", help="Which queue; else SCENEBURST_NAMESPACE.", show_default=False)]


def settings_from(redis_url: str | None, namespace: str | None) -> "ProducerSettings":
    """Return the environment's settings, overridden by the command line."""
    from scenequeue.settings import ProducerSettings

    return ProducerSettings.load(GIVEN_AS, **overrides_from(redis_url, namespace))


@contextmanager
def connected(redis_url: str | None, namespace: str | None) -> "Iterator[SceneQueue]":
    """Open the queue, and check that it answers."""
    from scenequeue.queue import SceneQueue

    queue = SceneQueue(settings_from(redis_url, namespace))
    try:
        queue.ping()
        yield queue
    finally:
        queue.close()


def run_group(
    context: typer.Context, default: Callable[..., None], as_json: bool, redis_url: str | None, namespace: str | None
) -> None:
    """Run a group's default command, or pass the options after the group's name on to the named command."""
    named = {"as_json": as_json or None, "redis_url": redis_url, "namespace": namespace}
    given = {name: value for name, value in named.items() if value is not None}
    if context.invoked_subcommand is None:
        default(**given)
        return
    context.default_map = {context.invoked_subcommand: given}


def print_json(value: Any) -> None:
    """Print a JSON document on standard output, without the secrets of URLs."""
    print(_json(value, indent=2))


def print_result(value: Any, text: str, *, as_json: bool) -> None:
    """Print what a command has done: a JSON document for programs, or a sentence for people."""
    if as_json:
        print_json(value)
    else:
        say(text)


def print_json_line(value: Any) -> None:
    """Print a JSON document as one line and flush it, for programs that read along."""
    print(_json(value), flush=True)


def _json(value: Any, indent: int | None = None) -> str:
    """Return JSON without secrets, in characters that standard output can encode."""
    clean = _redacted(value)
    text = json.dumps(clean, ensure_ascii=False, indent=indent)
    try:
        text.encode(sys.stdout.encoding or "utf-8")
    except UnicodeEncodeError:
        return json.dumps(clean, indent=indent)
    return text


def _redacted(value: Any) -> Any:
    """Redact every text in the data; in JSON text, a secret could end at the backslash of an escaped quote."""
    if isinstance(value, str):
        return redact(value)
    if isinstance(value, Mapping):
        return {redact(str(name)): _redacted(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [_redacted(each) for each in value]
    return value


def say(text: str) -> None:
    """Print sentences of a result on standard output."""
    _print_sentences(out, text, "")


def heading(text: str) -> None:
    """Print the name of the table that follows."""
    out.print()
    _print_sentences(out, text, "bold")


def note(text: str, style: str = "") -> None:
    """Print one line on standard error: an error, a warning, news."""
    _print_sentences(err, one_line(text), style)


def confirm(question: str) -> None:
    """Ask a question on standard error; return after a yes.

    Raises:
        Declined: the answer is no, or nobody answers.
    """
    note(question)
    # Not by click, which prints on standard output too.
    sys.stderr.write("Go on? [y/N] ")
    sys.stderr.flush()
    answer = sys.stdin.readline()
    if not (answer.endswith("\n") and sys.stdin.isatty()):
        sys.stderr.write("\n")
    if answer.strip().lower() not in {"y", "yes"}:
        raise Declined(Code.NOT_CONFIRMED)


def print_lines(lines: Iterable[Text]) -> None:
    """Print lines on standard output as they are."""
    for line in lines:
        out.print(line, highlight=False, markup=False, soft_wrap=True)
    out.file.flush()


def print_unbroken(text: str) -> None:
    """Print a line that is meant to be copied, without breaking it on a narrow terminal."""
    out.print(shown(text), highlight=False, markup=False, soft_wrap=True)


def _print_sentences(console: Console, text: str, style: str) -> None:
    """Print lines without markup; on a terminal, long ones are broken between words."""
    is_narrow = breaks_lines(console)
    for line in shown(text).split("\n"):
        whole = Text(line, style=style)
        for part in wrapped(whole, console.width, rest=INDENT) if is_narrow else [whole]:
            console.print(part, highlight=False, markup=False, soft_wrap=True)


def breaks_lines(console: Console) -> bool:
    """Return True on a terminal; programs that read a file or a pipe want whole lines."""
    return console.is_terminal or bool(os.environ.get("COLUMNS"))


def shown(text: str) -> str:
    """Return foreign text made safe for a terminal: without secrets, and with control characters escaped."""
    return _CONTROL.sub(lambda found: f"\\x{ord(found[0]):02x}", redact(text))


def cell_text(text: str) -> str:
    """Return foreign text made safe for a cell, which is one line of a table."""
    return shown(text).replace("\n", "\\n").replace("\t", "\\t")


def first_line(text: str | None) -> str:
    """Return the first line of a reason, which may be followed by the last lines of a program."""
    return (text or "").partition("\n")[0]


def coloured(text: str, style: str) -> Text:
    """Return a coloured cell."""
    return Text(cell_text(text), style=style)


def table(*columns: str) -> Sheet:
    """Make an empty table.

    Args:
        columns: their names; ">" at the end aligns right, "~" is prose, "=" omits the name if rows become lines.
    """
    return Sheet(columns, cell_text)


def print_table(made: Sheet) -> None:
    """Print a table on standard output."""
    if breaks_lines(out):
        out.print(made, crop=False)
        return
    for line in made.plain_lines():
        out.print(line, highlight=False, markup=False, soft_wrap=True)


def size_text(count: int | None) -> str:
    """Format a number of bytes for people."""
    if count is None:
        return "–"
    value = float(count)
    for unit in ("B", "KiB", "MiB", "GiB"):
        if value < 1024 or unit == "GiB":
            return f"{value:.0f} {unit}" if unit == "B" else f"{value:.1f} {unit}"
        value /= 1024
    return ""


def seconds_text(value: float | None) -> str:
    """Format seconds for people."""
    return "–" if value is None else f"{value:.1f} s"


def age_text(since_ms: int, now_ms: int) -> str:
    """Format the time since a moment for people."""
    if not since_ms:
        return "–"
    seconds = max(0, now_ms - since_ms) // 1000
    for unit, length in (("d", 86_400), ("h", 3600), ("min", 60)):
        if seconds >= length:
            return f"{seconds // length} {unit}"
    return f"{seconds} s"
