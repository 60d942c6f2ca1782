"""Sentinel and Cluster by TLS: every connection is, and certificates are checked."""

from pathlib import Path

import pytest

from scenequeue.errors import QueueUnavailable
from scenequeue.queue import SceneQueue
from scenequeue.settings import SceneburstSettings
from tests.scenequeue.jobs import submit
from tests.support.certificates import self_signed
from tests.support.redis_servers import BINARIES, SLOTS, Server, free_port, server
from tests.support.waiting import wait_until

#: The 6.2 of the wheel is built without TLS.
pytestmark = pytest.mark.skipif(BINARIES["path"] is None, reason="no redis-server on PATH")
_BINARY = str(BINARIES["path"])


@pytest.fixture
def options(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """A server's options, besides its port for TLS; its certificate is trusted, for `localhost`."""
    pem = str(tmp_path / "server.pem")
    self_signed("localhost", Path(pem))
    monkeypatch.setenv("SSL_CERT_FILE", pem)
    return {
        "tls-port": str(free_port()), "tls-cert-file": pem, "tls-key-file": pem, "tls-ca-cert-file": pem,
        "tls-auth-clients": "no",
    }  # fmt: skip


def _argv(options: dict[str, str]) -> list[str]:
    return [word for name, value in options.items() for word in (f"--{name}", value)]


def _works(url: str) -> bool:
    queue = SceneQueue(SceneburstSettings.load(redis_url=url))
    try:
        submit(queue, "a", 2)
        return len(queue.worker.lease("c1", 2)) == 2
    finally:
        queue.close()


def test_sentinels_and_the_primary_that_they_name_are_asked_by_tls(options: dict[str, str]) -> None:
    """Both ports are TLS's; without it, nothing answers there."""
    with server(_BINARY, *_argv(options)) as primary:
        own = {**options, "tls-port": str(free_port())}
        words = [
            "sentinel resolve-hostnames yes", "sentinel announce-hostnames yes",
            f"sentinel monitor films localhost {options['tls-port']} 1", "tls-replication yes",
            *(f"{name} {value}" for name, value in own.items()),
        ]  # fmt: skip
        sentinel = Server(_BINARY, sentinel="\n".join([*words, ""]))
        try:
            assert _works(f"rediss+sentinel://localhost:{own['tls-port']}/films/0")
            assert primary.admin.dbsize() > 0
            with pytest.raises(QueueUnavailable):
                _works(f"redis+sentinel://localhost:{own['tls-port']}/films/0")
        finally:
            sentinel.close()


@pytest.mark.parametrize("scheme", ["rediss+cluster", "rediss"])
def test_a_cluster_is_asked_by_tls(options: dict[str, str], scheme: str) -> None:
    """It names its nodes by number, for which this certificate is not: whoever wants that says so in the address."""
    with server(_BINARY, "--cluster-enabled", "yes", "--tls-cluster", "yes", *_argv(options)) as node:
        node.admin.execute_command("CLUSTER", "ADDSLOTSRANGE", 0, SLOTS - 1)
        wait_until(lambda: node.admin.cluster("INFO")["cluster_state"] == "ok", "the cluster serves")
        address = f"{scheme}://127.0.0.1:{options['tls-port']}"
        with pytest.raises(QueueUnavailable, match=r"certificate is not valid for '127\.0\.0\.1'"):
            _works(address)
        assert _works(f"{address}?ssl_check_hostname=false")
