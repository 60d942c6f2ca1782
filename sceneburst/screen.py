"""What every command prints with: tables for people, JSON for programs, one clear line for an error."""

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

if TYPE_CHECKING:
    from scenequeue.queue import SceneQueue
    from scenequeue.settings import ProducerSettings

#: Width of what goes to a file or a pipe.
_PLAIN_WIDTH = 160
#: Results go to standard output; everything said beside them to standard error.
out = Console(width=None if sys.stdout.isatty() else _PLAIN_WIDTH)
err = Console(stderr=True, width=None if sys.stderr.isatty() else _PLAIN_WIDTH)

JsonFlag = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]
RedisUrl = Annotated[
    str | None, typer.Option("--redis-url", help="The queue's Redis; else SCENEBURST_REDIS_URL.", show_default=False)
]
Namespace = Annotated[str | None, typer.Option("--namespace", help="Which queue; else SCENEBURST_NAMESPACE.", show_default=False)]


def settings_from(redis_url: str | None, namespace: str | None) -> "ProducerSettings":
    """The environment's settings, with what was said on the command line over them."""
    from pydantic import SecretStr

    from scenequeue.settings import ProducerSettings

    named: dict[str, Any] = {}
    if redis_url is not None:
        named["redis_url"] = SecretStr(redis_url)
    if namespace is not None:
        named["namespace"] = namespace
    return ProducerSettings.load(**named)


@contextmanager
def connected(redis_url: str | None, namespace: str | None) -> "Iterator[SceneQueue]":
    """The queue, after making sure that it answers."""
    from scenequeue.queue import SceneQueue

    queue = SceneQueue(settings_from(redis_url, namespace))
    try:
        queue.ping()
        yield queue
    finally:
        queue.close()


def print_json(value: Any) -> None:
    """One JSON document on standard output."""
    print(json.dumps(value, ensure_ascii=False, indent=2))


def table(*columns: str, title: str | None = None) -> Table:
    """A plain table; a column whose name ends in ">" is aligned right."""
    made = Table(title=title, title_justify="left", box=None, pad_edge=False, header_style="bold")
    for column in columns:
        made.add_column(column.rstrip(">"), justify="right" if column.endswith(">") else "left", overflow="fold")
    return made


def size_text(count: int | None) -> str:
    """Bytes for people."""
    if count is None:
        return "–"
    value = float(count)
    for unit in ("B", "KiB", "MiB", "GiB"):
        if value < 1024 or unit == "GiB":
            return f"{value:.0f} {unit}" if unit == "B" else f"{value:.1f} {unit}"
        value /= 1024
    return ""


def seconds_text(value: float | None) -> str:
    """Seconds for people."""
    return "–" if value is None else f"{value:.1f} s"


def age_text(since_ms: int, now_ms: int) -> str:
    """How long ago, for people."""
    if not since_ms:
        return "–"
    seconds = max(0, now_ms - since_ms) // 1000
    for unit, length in (("d", 86_400), ("h", 3600), ("min", 60)):
        if seconds >= length:
            return f"{seconds // length} {unit}"
    return f"{seconds} s"
