"""A proxy to Redis whose connections can be broken, for all processes or for one."""

import contextlib
import random
import select
import socket
import struct
import threading
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Literal

#: refuse: close connections and accept no new ones. swallow: keep them open and drop all bytes.
BlockMode = Literal["refuse", "swallow"]
_BUFFER = 65_536
#: struct ucred: pid, uid, gid (unix(7)).
_CREDENTIALS = struct.Struct("3i")


class _Link:
    """One connection, and the process that opened it."""

    def __init__(self, client: socket.socket, upstream: socket.socket, pid: int) -> None:
        self.client, self.upstream, self.pid = client, upstream, pid
        #: All bytes are dropped until an end times out.
        self.is_dead = False
        #: Share of the next message after which the connection breaks.
        self.tears_after: float | None = None

    def close(self) -> None:
        for each in (self.client, self.upstream):
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()

    def carry(self) -> None:
        """Forward bytes until one end closes or the connection must break."""
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
    """Forwards a unix socket to another one. Thread-safe.

    Args:
        path: socket to listen on.
        target: socket of Redis.
    """

    def __init__(self, path: Path, target: Path) -> None:
        self._target = target
        self._server = socket.socket(socket.AF_UNIX)
        self._server.bind(str(path))
        self._server.listen(256)
        self.url = f"unix://{path}"
        #: Connections that each process has asked for so far.
        self.asked: Counter[int] = Counter()
        self._links: set[_Link] = set()
        self._blocks: list[tuple[BlockMode, frozenset[int] | None]] = []
        self._lock = threading.Lock()
        threading.Thread(target=self._accept, name="redis-proxy", daemon=True).start()

    def cut(self, share: float, draws: random.Random) -> int:
        """Break this share of the connections, half of them in the middle of their next message; return their number."""
        with self._lock:
            chosen = [link for link in self._links if draws.random() < share]
        for link in chosen:
            if draws.random() < 0.5:
                link.tears_after = draws.random()
            else:
                link.close()
        return len(chosen)

    def block(self, mode: BlockMode, pids: Iterable[int] | None = None) -> Callable[[], None]:
        """Block traffic until the returned function is called; that is safe twice.

        Args:
            mode: treatment of connections. Swallowed ones stay dead afterwards, as after a lost route.
            pids: the processes to cut off; None for all.
        """
        block = (mode, None if pids is None else frozenset(pids))
        with self._lock:
            self._blocks.append(block)
            links = [link for link in self._links if block[1] is None or link.pid in block[1]]
        for link in links:
            if mode == "swallow":
                link.is_dead = True
            else:
                link.close()

        def lift() -> None:
            with self._lock, contextlib.suppress(ValueError):
                self._blocks.remove(block)

        return lift

    def pids(self) -> set[int]:
        """Return the ids of processes with a connection."""
        with self._lock:
            return {link.pid for link in self._links}

    def close(self) -> None:
        """Stop listening; safe twice."""
        self._server.close()
        with self._lock:
            links = list(self._links)
        for link in links:
            link.close()

    def _block_of(self, pid: int) -> BlockMode | None:
        with self._lock:
            found = {mode for mode, pids in self._blocks if pids is None or pid in pids}
        return "refuse" if "refuse" in found else "swallow" if found else None

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._server.accept()
                pid = _CREDENTIALS.unpack(client.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size))[0]
            except OSError:
                return
            self.asked[pid] += 1
            link = _Link(client, socket.socket(socket.AF_UNIX), pid)
            mode = self._block_of(pid)
            try:
                if mode == "refuse":
                    raise ConnectionRefusedError
                link.upstream.connect(str(self._target))
            except OSError:
                link.close()
                continue
            link.is_dead = mode == "swallow"
            with self._lock:
                self._links.add(link)
            threading.Thread(target=self._live, args=(link,), daemon=True).start()

    def _live(self, link: _Link) -> None:
        link.carry()
        link.close()
        with self._lock:
            self._links.discard(link)
