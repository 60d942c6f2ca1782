"""The command line in this process: its real `main`, on a queue of the test's own."""

import sys
from collections.abc import Callable
from typing import NamedTuple

import pytest

from sceneburst import cli


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
    monkeypatch.setattr("sceneburst.cli.raise_on", lambda *_: None)

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
