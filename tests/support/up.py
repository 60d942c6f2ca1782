"""Runs a real `sceneburst up` during a test."""

import os
import shlex
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def running_up(folder: Path, *arguments: str, **environment: str) -> Iterator[dict[str, str]]:
    """Run `sceneburst up` in a folder, which is its file root; yields the variables that it prints for export.

    Args:
        folder: working directory.
        arguments: additional arguments.
        environment: additional variables.
    """
    argv = [sys.executable, "-m", "sceneburst", "up", "--containers", "2", *arguments]
    with (folder / "up.log").open("wb") as log:
        program = subprocess.Popen(
            argv, cwd=folder, env={**os.environ, **environment}, stdout=subprocess.PIPE, stderr=log, text=True
        )
    assert program.stdout is not None
    try:
        said = [program.stdout.readline() for _ in range(3)]
        assert all(line.startswith("export ") for line in said), (folder / "up.log").read_text()
        words = [shlex.split(line)[1] for line in said]
        yield dict(word.split("=", 1) for word in words)
    finally:
        program.send_signal(signal.SIGINT)
        try:
            program.wait(60)
        except subprocess.TimeoutExpired:
            program.kill()
            program.wait()
        program.stdout.close()
