"""Fixtures for tests of the container image: the image, a real engine, a queue and a fleet. `make image-test` names the image."""

import contextlib
import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import redis

from dispatcher.fleets.docker.fleet import DockerFleet
from dispatcher.fleets.settings import DockerSettings
from sceneburst.local.embedded_redis import find_redis_server
from scenequeue.queue import SceneQueue
from scenequeue.reasons import Reason
from scenequeue.structure.acl import rules
from tests.conftest import S3
from tests.support.waiting import wait_until

#: Limits as some engines inside containers need them.
ULIMITS = '["nofile=4096:4096", "nproc=4096:4096"]'
_PODMAN = ["podman", "--runtime", "runc", "--cgroup-manager", "cgroupfs", "system", "service", "--time=0"]


@pytest.fixture(scope="session")
def image() -> str:
    """The image under test; the one reason to skip is that none is named."""
    name = os.environ.get("SCENEBURST_TEST_IMAGE")
    if not name:
        pytest.skip("SCENEBURST_TEST_IMAGE names no image; `make image-test` does")
    return name


@pytest.fixture(scope="session")
def engine(image: str) -> Iterator[Path]:
    """The socket of a container engine: the one named, Docker's, or Podman's, started for the tests."""
    named = os.environ.get("SCENEBURST_DOCKER_SOCKET")
    if named or Path("/var/run/docker.sock").exists():
        yield Path(named or "/var/run/docker.sock")
        return
    if shutil.which("podman") is None:
        pytest.fail("an image is to be tested, and there is no container engine: install Docker, or podman and runc")
    with tempfile.TemporaryDirectory(prefix="sb-") as folder:
        address = Path(folder, "engine.sock")
        argv = [*_PODMAN, f"unix://{address}"]
        with Path(folder, "log").open("wb") as log, subprocess.Popen(argv, stdout=log, stderr=log) as service:
            deadline = time.monotonic() + 20
            while not address.exists():
                if service.poll() is not None or time.monotonic() > deadline:
                    service.kill()
                    pytest.fail(f"podman does not serve: {Path(folder, 'log').read_text(errors='replace')}")
                time.sleep(0.05)
            with contextlib.suppress(ProcessLookupError):
                yield address
                service.terminate()


@pytest.fixture
def redis_port(tmp_path: Path, namespace: str) -> Iterator[int]:
    """A server on TCP with a worker's user of its own."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = int(free.getsockname()[1])
    argv = [str(find_redis_server()), "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", str(tmp_path)]
    server = subprocess.Popen(argv, stdout=subprocess.DEVNULL)
    queue = SceneQueue.connect(f"redis://127.0.0.1:{port}", namespace)
    client = queue._connection.client
    wait_until(lambda: _answers(client), "redis answers")
    client.execute_command("ACL", "SETUSER", "worker", "on", ">word", *rules("worker", namespace))
    queue.close()
    yield port
    server.kill()
    server.wait()


def _answers(client: Any) -> bool:
    try:
        return bool(client.ping())
    except redis.exceptions.ConnectionError:
        return False


@pytest.fixture
def fleet(
    image: str, engine: Path, redis_port: int, namespace: str, s3: S3, monkeypatch: pytest.MonkeyPatch
) -> Iterator[DockerFleet]:
    """Containers on this machine's network, where they find the test's S3; none outlives the test."""
    theirs = {name: value for name, value in os.environ.items() if name.startswith("AWS_") and "CA_BUNDLE" not in name}
    monkeypatch.setenv("SCENEBURST_DOCKER_ULIMITS", ULIMITS)
    settings = DockerSettings.load(
        namespace=namespace,
        docker_image=image,
        docker_socket=engine,
        docker_network="host",
        docker_environment={**theirs, "SCENEBURST_REDIS_URL": f"redis://worker:word@127.0.0.1:{redis_port}/0"},
    )
    fleet = DockerFleet(settings)
    yield fleet
    fleet.stop_all(Reason("the test is over"), grace_s=10)
    fleet.close()
