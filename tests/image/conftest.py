"""Tests of the container image, through a real engine: `make image-test`. Elsewhere they are skipped."""

import contextlib
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

#: Limits as some engines inside containers need them.
ULIMITS = '["nofile=4096:4096", "nproc=4096:4096"]'


@pytest.fixture(scope="session")
def image() -> str:
    """The image under test."""
    name = os.environ.get("SCENEBURST_TEST_IMAGE")
    if not name:
        pytest.skip("SCENEBURST_TEST_IMAGE names no image; `make image-test` builds one")
    return name


@pytest.fixture(scope="session")
def engine(image: str) -> Iterator[Path]:
    """The socket of a container engine: the one named, or Podman's, started for the tests."""
    named = os.environ.get("SCENEBURST_DOCKER_SOCKET")
    if named:
        yield Path(named)
        return
    if shutil.which("podman") is None:
        pytest.skip("no container engine: install podman and runc, or set SCENEBURST_DOCKER_SOCKET")
    with tempfile.TemporaryDirectory(prefix="sb-") as folder:
        socket = Path(folder, "engine.sock")
        argv = [
            "podman",
            "--runtime",
            "runc",
            "--cgroup-manager",
            "cgroupfs",
            "system",
            "service",
            "--time=0",
            f"unix://{socket}",
        ]
        with Path(folder, "log").open("wb") as log, subprocess.Popen(argv, stdout=log, stderr=log) as service:
            deadline = time.monotonic() + 20
            while not socket.exists() and time.monotonic() < deadline and service.poll() is None:
                time.sleep(0.05)
            with contextlib.suppress(ProcessLookupError):
                yield socket
                service.terminate()
