"""Provides the Redis of a chaos run: a primary and its replica at one address, which faults can break."""

import contextlib
import shlex
import socket
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psutil
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from sceneburst.local.embedded_redis import EmbeddedRedis, find_redis_server

#: Time-out of one command, as the server may be stopped.
TIMEOUT_S = 1.0


class RedisPair:
    """A durable primary and its replica, behind a symbolic link to the primary's socket. Not thread-safe.

    Args:
        folder: for the servers' folders and the link.
        binary: redis-server; None looks for one.
        environment: additional variables for it.
    """

    def __init__(self, folder: Path, binary: Path | None = None, environment: Mapping[str, str] | None = None) -> None:
        self._folder = folder
        self._binary = _wrapped(folder / "redis-server", binary or find_redis_server(), environment or {})
        self.socket = folder / "redis.sock"
        self.url = f"unix://{self.socket}"
        self._made: list[EmbeddedRedis] = []
        self.primary = self._make()
        self._replica: EmbeddedRedis | None = None
        self._promoted: EmbeddedRedis | None = None
        #: Replication offset of the promoted replica.
        self._promoted_at = 0
        #: From then on (Unix ms), acknowledged writes may be missing from the append-only file, and a kill would lose them.
        self.unsynced_since_ms: int | None = None

    def start(self) -> None:
        """Start the primary and the replica, if they do not run."""
        if process_of(self.primary) is None:
            self.primary.start()
            # By default Redis waits seconds for further replicas before it synchronises one.
            ask(self.primary, "CONFIG", "SET", "repl-diskless-sync-delay", "0")
            self.unsynced_since_ms = None
        self._point_to(self.primary)
        if self._replica is None and self._promoted is None:
            self._replica = self._make()
            self._replica.start()
        if self._replica is not None:
            # A restarted primary listens on another port.
            tell(self._replica, "REPLICAOF", "127.0.0.1", str(urlsplit(self.primary.tcp_url).port))

    def kill(self) -> int | None:
        """Kill the primary; `start` restarts it from its append-only file.

        Returns:
            The time (Unix ms) since which acknowledged writes may be lost; None if none are.
        """
        if self.unsynced_since_ms is not None and self._is_synced():
            self.unsynced_since_ms = None
        self.primary.kill()
        return self.unsynced_since_ms

    def promote(self) -> bool:
        """Disconnect the replica and make it a primary, without clients yet; False if it could not become one."""
        replica = self._replica
        if replica is None or self._promoted is not None or process_of(self.primary) is None:
            return False
        if not is_whole(ask(replica, "INFO") or {}) or ask(replica, "REPLICAOF", "NO", "ONE") is None:
            return False
        self._promoted, self._replica = replica, None
        self._promoted_at = int((ask(replica, "INFO", "replication") or {}).get("master_repl_offset", 0))
        return True

    def fail_over(self) -> int:
        """Kill the primary, and point the address to the promoted replica, which gets a replica of its own.

        Returns:
            Bytes of replication that were lost; 0 if the old primary did not answer.
        """
        if self._promoted is None:
            return 0
        last = int((ask(self.primary, "INFO", "replication") or {}).get("master_repl_offset", 0))
        self.primary.kill()
        self.primary, self._promoted = self._promoted, None
        self.unsynced_since_ms = None
        ask(self.primary, "CONFIG", "SET", "repl-diskless-sync-delay", "0")
        self.start()
        return max(0, last - self._promoted_at)

    def stop(self) -> None:
        """End all servers; safe twice."""
        for each in self._made:
            # While a replica writes its first append-only file, Redis 7 ignores SIGTERM.
            each.kill()
            each.stop()
        self.socket.unlink(missing_ok=True)

    def _is_synced(self) -> bool:
        policy = (ask(self.primary, "CONFIG", "GET", "appendfsync") or {}).get("appendfsync")
        info = ask(self.primary, "INFO", "persistence") or {}
        return policy == "always" and info.get("aof_last_write_status") == "ok" and info.get("aof_buffer_length") == 0

    def _make(self) -> EmbeddedRedis:
        folder = self._folder / f"redis-{len(self._made)}"
        folder.mkdir()
        self._made.append(EmbeddedRedis(folder, is_durable=True, binary=self._binary, port=0))
        return self._made[-1]

    def _point_to(self, server: EmbeddedRedis) -> None:
        following = self.socket.with_suffix(".new")
        following.unlink(missing_ok=True)
        following.symlink_to(server.socket)
        following.replace(self.socket)


def is_whole(info: Mapping[str, Any]) -> bool:
    """Return True if a replica follows its primary and has everything in its append-only file.

    Args:
        info: the replica's answer to INFO.
    """
    wanted = {
        "role": "slave", "master_link_status": "up", "master_sync_in_progress": 0, "loading": 0, "aof_enabled": 1,
        "aof_rewrite_in_progress": 0, "aof_rewrite_scheduled": 0, "aof_last_bgrewrite_status": "ok",
    }  # fmt: skip
    return all(info.get(name) == value for name, value in wanted.items())


def process_of(server: EmbeddedRedis) -> psutil.Process | None:
    """Return its process; None if it does not run."""
    try:
        process = psutil.Process(server.pid)
        return process if process.status() != psutil.STATUS_ZOMBIE else None
    except (RuntimeError, psutil.Error):
        return None


def impatient_client(path: Path) -> redis.Redis:
    """Connect to this socket with a time-out of TIMEOUT_S and without retries."""
    return redis.Redis(unix_socket_path=str(path), socket_timeout=TIMEOUT_S, retry=Retry(NoBackoff(), 0), decode_responses=True)


def ask(server: EmbeddedRedis, *words: str) -> Any:
    """Return a command's answer; None on an error or a time-out."""
    client = impatient_client(server.socket)
    try:
        return client.execute_command(*words)
    except redis.exceptions.RedisError:
        return None
    finally:
        client.close()


def tell(server: EmbeddedRedis, *words: str) -> None:
    """Send a command without waiting for the answer; a stopped server executes it once it is continued."""
    with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX) as client:
        client.settimeout(TIMEOUT_S)
        client.connect(str(server.socket))
        client.sendall(b"".join([b"*%d\r\n" % len(words), *(b"$%d\r\n%s\r\n" % (len(w), w.encode()) for w in words)]))


def _wrapped(path: Path, binary: Path, environment: Mapping[str, str]) -> Path:
    """Write a program that starts redis-server with these variables and ignores SIGXFSZ, which would kill it at a file limit."""
    exports = "".join(f"export {name}={shlex.quote(value)}\n" for name, value in environment.items())
    path.write_text(f"#!/bin/sh\ntrap '' XFSZ\n{exports}exec {shlex.quote(str(binary))} \"$@\"\n", encoding="utf-8")
    path.chmod(0o700)
    return path
