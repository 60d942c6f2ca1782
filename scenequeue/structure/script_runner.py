"""The atomic steps: Lua scripts, and the calls that run them."""

import hashlib
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import hiredis
import redis

_SCRIPTS = Path(__file__).resolve().parents[1] / "scripts"
#: The line of a header that names the parts of the library which a step, or another part, uses.
_USES = re.compile(r"^-- Uses +(.+)$", re.MULTILINE)


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
    """The parts that a script uses, each once, behind those that it uses itself."""
    for name in _uses(text):
        if name not in seen:
            seen.add(name)
            part = _texts("lib")[name]
            yield from _parts(part, seen)
            yield part


@cache
def _step(name: str) -> _Step:
    text = _texts()[name]
    source = "\n".join((*_parts(text, set()), text))
    return _Step(source, hashlib.sha1(source.encode(), usedforsecurity=False).hexdigest())


class Steps:
    """Runs steps, and commands that are one each, on connections of the client's pool. Thread-safe.

    The pool, though a connection of one's own would be quicker: it looks at each before it hands it out, without which a
    dispatcher does not come back from a network that has swallowed everything (tests/chaos/test_recovery.py).
    """

    def __init__(self, client: Any) -> None:
        """Args:
        client: whose pool connections come from, and are disconnected with.
        """
        self._client = client
        # Read now, not when a step is first used: a worker without a free file descriptor must still be able to hand items back.
        _texts(), _texts("lib")

    def run(self, name: str, prefixes: tuple[str, ...], arguments: tuple[str | float, ...]) -> Any:
        """Run one atomic step. Raises the errors of redis-py; after a lost connection, only when retries are spent.

        Args:
            name: of the step's script.
            prefixes: the keys that it gets, of which it makes all others.
            arguments: those of its ARGV.
        """
        step = _step(name)
        words = (len(prefixes), *prefixes, *arguments)
        try:
            return self.command("EVALSHA", step.sha, *words)
        except redis.exceptions.NoScriptError:
            self.command("SCRIPT", "LOAD", step.source)
            return self.command("EVALSHA", step.sha, *words)

    def command(self, *words: str | float) -> Any:
        """Run one command that is safe to repeat; its answer as it comes. Raises as `run` does."""
        pool = self._client.connection_pool
        connection = pool.get_connection()
        try:
            return connection.retry.call_with_retry(lambda: _asked(connection, words), lambda _: connection.disconnect())
        except redis.exceptions.ResponseError:
            raise
        except BaseException:
            # An answer may still be on its way; nobody else must read it.
            connection.disconnect()
            raise
        finally:
            pool.release(connection)


def _asked(connection: Any, words: tuple[str | float, ...]) -> Any:
    # Packed here: the client's own packing looks at each word once more.
    connection.send_packed_command([hiredis.pack_command(words)])  # type: ignore[arg-type]  # its stub: one word
    return connection.read_response()
