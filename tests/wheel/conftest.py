"""Fixtures for tests of the wheel: the wheel, clean environments with it, and a queue. `make wheel-test` names the wheel."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.wheel.installed import Installed

ROOT = Path(__file__).parents[2]
Install = Callable[..., Installed]


@pytest.fixture(scope="session")
def wheel() -> Path:
    """The wheel under test; the one reason to skip is that none is named."""
    name = os.environ.get("SCENEBURST_TEST_WHEEL")
    if not name:
        pytest.skip("SCENEBURST_TEST_WHEEL names no wheel; `make wheel-test` does")
    return Path(name).resolve()


@pytest.fixture
def install(wheel: Path, tmp_path: Path, redis_url: str, namespace: str) -> Install:
    """Makes an environment of a Python with the wheel and extras of it, and nothing else; `dev` least of all."""

    def install(extras: str, python: Path | None = None) -> Installed:
        folder, work = tmp_path / "environment", tmp_path / "work"
        work.mkdir()
        uv = [sys.executable, "-m", "uv", "--quiet"]
        subprocess.run([*uv, "venv", "--no-python-downloads", "--python", str(python or sys.executable), str(folder)], check=True)
        target = f"{wheel}[{extras}]" if extras else str(wheel)
        into = ["--python", str(folder / "bin" / "python"), "--constraints", str(ROOT / "constraints.txt")]
        subprocess.run([*uv, "pip", "install", "--compile-bytecode", *into, target], check=True)
        roots = json.dumps([str(ROOT / "examples"), str(work)])
        address = {"SCENEBURST_REDIS_URL": redis_url, "SCENEBURST_NAMESPACE": namespace}
        state = {"SCENEBURST_STATE_DIR": str(tmp_path / "state"), "SCENEBURST_ALIVE_FILE": "alive", "SCENEBURST_TICK_S": "0.5"}
        return Installed(folder, work, {**address, **state, "SCENEBURST_FILE_ROOTS": roots})

    return install
