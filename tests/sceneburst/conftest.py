"""The command line in this process: its real `main`, on a queue of the test's own."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from sceneburst import cli
from tests.sceneburst.program import PROGRAM, Run


class Ran(NamedTuple):
    """A command's exit code and output."""

    code: int
    out: str
    err: str


Console = Callable[..., Ran]


@pytest.fixture
def console(redis_url: str, namespace: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Console:
    """Runs `sceneburst` with these words; the environment is the test's, and so is the queue."""
    monkeypatch.setenv("SCENEBURST_REDIS_URL", redis_url)
    monkeypatch.setenv("SCENEBURST_NAMESPACE", namespace)
    # Signals are pytest's here.
    monkeypatch.setattr("signal.signal", lambda *_: None)
    monkeypatch.setattr("sceneburst.cli.raise_on", lambda *_: lambda: None)

    def run(*words: str) -> Ran:
        monkeypatch.setattr(sys, "argv", ["sceneburst", *words])
        capsys.readouterr()
        try:
            cli.main()
            code = 0
        except SystemExit as left:
            code = int(left.code or 0)
        said = capsys.readouterr()
        return Ran(code, said.out, said.err)

    return run


@pytest.fixture
def environment(redis_url: str, namespace: str, tmp_path: Path) -> dict[str, str]:
    """This test's queue, and a temporary folder of its own to look for leftovers in."""
    (tmp_path / "t").mkdir()
    return {**os.environ, "SCENEBURST_REDIS_URL": redis_url, "SCENEBURST_NAMESPACE": namespace, "TMPDIR": str(tmp_path / "t")}


@pytest.fixture
def run(environment: dict[str, str]) -> Run:
    """Runs `sceneburst`."""

    def run(*arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
        argv = [*PROGRAM, *arguments]
        return subprocess.run(argv, env={**environment, **more}, capture_output=True, text=True, timeout=120, check=False)

    return run
