"""The atomic steps: Lua scripts, and the calls that run them."""

import hashlib
import os
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import hiredis
import redis

_SCRIPTS = Path(__file__).with_name("scripts")
#: Steps, and the parts of them that other steps have too.
_PARTS = {"ack": ("take_results",), "lease": ("give_leases",), "exchange": ("take_results", "give_leases")}


class _Step(NamedTuple):
    source: str
    sha: str


@cache
def _step(name: str) -> _Step:
    texts = ((_SCRIPTS / f"{part}.lua").read_text() for part in ("prelude", "ends", *_PARTS.get(name, ()), name))
    source = "\n".join(texts)
    return _Step(source, hashlib.sha1(source.encode(), usedforsecurity=False).hexdigest())


class Steps:
    """Runs steps, and commands that are one each, on connections of its own. Thread-safe.

    What a step costs on this side is mostly what a client does around it: taking a connection from the pool, looking
    whether it is usable, counting. So connections are kept at hand between calls; one that turns out to be gone is
    made anew, as often as the client's own retries allow.
    """

    def __init__(self, client: Any, prefix: str) -> None:
        """Args:
        client: whose pool connections come from, and are disconnected with.
        prefix: the one key that scripts get.
        """
        self._client, self._prefix = client, prefix
        self._at_hand: list[Any] = []
        self._pid = os.getpid()

    def run(self, name: str, arguments: tuple[str | float, ...]) -> Any:
        """Run one atomic step. Raises what redis-py does; after a lost connection, only when retries are spent."""
        step = _step(name)
        try:
            return self.command("EVALSHA", step.sha, 1, self._prefix, *arguments)
        except redis.exceptions.NoScriptError:
            self.command("SCRIPT", "LOAD", step.source)
            return self.command("EVALSHA", step.sha, 1, self._prefix, *arguments)

    def command(self, *words: str | float) -> Any:
        """Run one command that is safe to repeat; its answer as it comes. Raises as `run` does."""
        connection = self._taken()
        try:
            answer = connection.retry.call_with_retry(lambda: _asked(connection, words), lambda _: connection.disconnect())
        except redis.exceptions.ResponseError:
            self._client.connection_pool.release(connection)
            raise
        except BaseException:
            # An answer may still be on its way; nobody else must read it.
            connection.disconnect()
            self._client.connection_pool.release(connection)
            raise
        self._at_hand.append(connection)
        return answer

    def let_go(self) -> None:
        """Hand the connections that are not in use back to the pool."""
        at_hand, self._at_hand = self._at_hand, []
        for connection in at_hand:
            self._client.connection_pool.release(connection)

    def _taken(self) -> Any:
        if os.getpid() != self._pid:
            # A forked child must not speak on its parent's connections.
            self._at_hand, self._pid = [], os.getpid()
        try:
            return self._at_hand.pop()
        except IndexError:
            return self._client.connection_pool.get_connection()


def _asked(connection: Any, words: tuple[str | float, ...]) -> Any:
    # Packed here: the client's own packing looks at each word once more.
    connection.send_packed_command([hiredis.pack_command(words)])  # type: ignore[arg-type]  # its stub: one word
    return connection.read_response()
