"""Runs the atomic steps, which are Lua scripts."""

import hashlib
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import hiredis
import redis

_SCRIPTS = Path(__file__).resolve().parents[1] / "scripts"
#: The line of a script's header that names the parts of scripts/lib that it uses.
_USES = re.compile(r"^-- Uses +(.+)$", re.MULTILINE)
#: Parts of scripts/lib that nearly all others use. The rest of a step is one function behind them: for each local that a function
#: takes from the same function, Lua searches all those that were taken before, but from an enclosing one it copies. Every call of
#: a step makes all functions anew; this halves the time of that, which is a third of a short step's.
_ENCLOSING = frozenset({"names", "commands", "clock", "counters"})


class _Step(NamedTuple):
    source: str
    sha: str


@cache
def _texts(folder: str = "") -> dict[str, str]:
    return {path.stem: path.read_text(encoding="utf-8") for path in (_SCRIPTS / folder).glob("*.lua")}


def _uses(text: str) -> list[str]:
    found = _USES.search(text)
    return found[1].split(", ") if found else []


def _parts(text: str, seen: set[str]) -> Iterator[str]:
    """Yield the names of the parts that a script uses, each once, and after those that it uses itself.

    Args:
        text: the script.
        seen: names of the parts that need not be included; those that are included are added.
    """
    for name in _uses(text):
        if name not in seen:
            seen.add(name)
            yield from _parts(_texts("lib")[name], seen)
            yield name


@cache
def _step(name: str) -> _Step:
    text = _texts()[name]
    parts = [*_parts(text, set())]
    enclosing = [_texts("lib")[part] for part in parts if part in _ENCLOSING]
    inner = [_texts("lib")[part] for part in parts if part not in _ENCLOSING]
    source = "\n".join((*enclosing, "return (function()", *inner, text, "end)()"))
    return _Step(source, hashlib.sha1(source.encode(), usedforsecurity=False).hexdigest())


class Steps:
    """Runs steps, and single commands, on connections of the client's pool. Thread-safe.

    Uses the pool rather than a dedicated, faster connection, because the pool checks the health of connections: without that a
    dispatcher never recovers from a network that drops all packets (tests/chaos/test_recovery.py).
    """

    def __init__(self, client: Any) -> None:
        """Args:
        client: its pool provides the connections.
        """
        self._client = client
        # Read all scripts now, so that a worker without a free file descriptor can still hand items back.
        _texts(), _texts("lib")

    def run(self, name: str, prefixes: tuple[str, ...], arguments: tuple[str | float, ...]) -> Any:
        """Run one atomic step and return its answer.

        Args:
            name: of its file in scenequeue/scripts, without the ending.
            prefixes: its KEYS: prefixes, from which it makes all other keys.
            arguments: its ARGV.

        Raises:
            redis.exceptions.RedisError: Redis refused it, or the connection was lost and retries were in vain.
        """
        step = _step(name)
        words = (len(prefixes), *prefixes, *arguments)
        try:
            return self.command("EVALSHA", step.sha, *words)
        except redis.exceptions.NoScriptError:
            self.command("SCRIPT", "LOAD", step.source)
            return self.command("EVALSHA", step.sha, *words)

    def command(self, *words: str | float) -> Any:
        """Run one command that is safe to repeat, and return its answer unchanged. Raises as `run`."""
        pool = self._client.connection_pool
        connection = pool.get_connection()
        try:
            return connection.retry.call_with_retry(lambda: _asked(connection, words), lambda _: connection.disconnect())
        except redis.exceptions.ResponseError:
            raise
        except BaseException:
            # The answer may still arrive: close the connection, so that it is not taken for that of another command.
            connection.disconnect()
            raise
        finally:
            pool.release(connection)


def _asked(connection: Any, words: tuple[str | float, ...]) -> Any:
    # Packed by hiredis directly, because redis-py's own method is slower for many words.
    connection.send_packed_command([hiredis.pack_command(words)])  # type: ignore[arg-type]  # its stub: one word
    return connection.read_response()
