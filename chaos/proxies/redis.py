"""A way to Redis that can be broken: for everybody, or for one process alone."""

import contextlib
import random
import select
import socket
import struct
import threading
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Literal

#: refuse: connections break and new ones are not taken. swallow: they stay open, and nothing arrives any more.
How = Literal["refuse", "swallow"]
_BUFFER = 65_536
#: struct ucred: pid, uid, gid (unix(7)).
_CREDENTIALS = struct.Struct("3i")


class _Link:
    """One connection, and whose it is."""

    def __init__(self, client: socket.socket, upstream: socket.socket, pid: int) -> None:
        self.client, self.upstream, self.pid = client, upstream, pid
        #: Nothing arrives any more, for ever: only its ends' own patience ends it.
        self.is_dead = False
        #: Share of the next thing carried after which it breaks.
        self.tears_after: float | None = None

    def close(self) -> None:
        for each in (self.client, self.upstream):
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()

    def carry(self) -> None:
        """Pass on what comes until one end closes, or a tear is due."""
        with contextlib.suppress(OSError, ValueError):
            while True:
                readable, _, _ = select.select((self.client, self.upstream), [], [], 1.0)
                for side in readable:
                    data = side.recv(_BUFFER)
                    if not data:
                        return
                    if self.is_dead:
                        continue
                    other = self.upstream if side is self.client else self.client
                    if self.tears_after is not None:
                        other.sendall(data[: int(len(data) * self.tears_after)])
                        return
                    other.sendall(data)


class RedisProxy:
    """A unix socket that leads to another one. Thread-safe.

    Args:
        path: where it listens.
        target: where it leads.
    """

    def __init__(self, path: Path, target: Path) -> None:
        self._target = target
        self._server = socket.socket(socket.AF_UNIX)
        self._server.bind(str(path))
        self._server.listen(256)
        self.url = f"unix://{path}"
        self._links: set[_Link] = set()
        self._bars: list[tuple[How, frozenset[int] | None]] = []
        self._lock = threading.Lock()
        threading.Thread(target=self._accept, name="redis-proxy", daemon=True).start()

    def cut(self, share: float, draws: random.Random) -> int:
        """Break so many of the connections, half of them in the middle of what they carry next; returns how many."""
        with self._lock:
            chosen = [link for link in self._links if draws.random() < share]
        for link in chosen:
            if draws.random() < 0.5:
                link.tears_after = draws.random()
            else:
                link.close()
        return len(chosen)

    def bar(self, how: How, pids: Iterable[int] | None = None) -> Callable[[], None]:
        """Let nothing through, from now until what is returned is called; safe twice.

        Args:
            how: what becomes of connections. Those that were swallowed stay dead afterwards, as after a lost route.
            pids: the processes that are cut off; None is all.
        """
        bar = (how, None if pids is None else frozenset(pids))
        with self._lock:
            self._bars.append(bar)
            links = [link for link in self._links if bar[1] is None or link.pid in bar[1]]
        for link in links:
            if how == "swallow":
                link.is_dead = True
            else:
                link.close()

        def lift() -> None:
            with self._lock, contextlib.suppress(ValueError):
                self._bars.remove(bar)

        return lift

    def pids(self) -> set[int]:
        """Who has a connection now."""
        with self._lock:
            return {link.pid for link in self._links}

    def close(self) -> None:
        """Listen no more; safe twice."""
        self._server.close()
        with self._lock:
            links = list(self._links)
        for link in links:
            link.close()

    def _barred(self, pid: int) -> How | None:
        with self._lock:
            found = {how for how, pids in self._bars if pids is None or pid in pids}
        return "refuse" if "refuse" in found else "swallow" if found else None

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._server.accept()
                pid = _CREDENTIALS.unpack(client.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size))[0]
            except OSError:
                return
            link = _Link(client, socket.socket(socket.AF_UNIX), pid)
            how = self._barred(pid)
            try:
                if how == "refuse":
                    raise ConnectionRefusedError
                link.upstream.connect(str(self._target))
            except OSError:
                link.close()
                continue
            link.is_dead = how == "swallow"
            with self._lock:
                self._links.add(link)
            threading.Thread(target=self._live, args=(link,), daemon=True).start()

    def _live(self, link: _Link) -> None:
        link.carry()
        link.close()
        with self._lock:
            self._links.discard(link)
