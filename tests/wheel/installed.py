"""A virtual environment with the wheel in it, and what runs from there."""

import json
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sceneburst.local.embedded_redis import find_redis_server


class Installed:
    """Runs programs of one environment, in an empty folder and with nothing of the tests' own around them.

    Args:
        folder: the environment.
        work: where programs are started.
        settings: SCENEBURST_… for all of them.
    """

    def __init__(self, folder: Path, work: Path, settings: dict[str, str]) -> None:
        self.bin = folder / "bin"
        self.work = work
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "SCENEBURST_", "VIRTUAL"))}
        # From 3.13 on the extra `local` brings no redis-server: the tests' own stands in for the system's.
        path = os.pathsep.join([str(self.bin), str(find_redis_server().parent), os.defpath])
        self.environment = {**kept, "PATH": path, "SCENEBURST_LOG_FORMAT": "json", **settings}

    def run(self, *argv: str, **environment: str) -> "subprocess.CompletedProcess[str]":
        """A program to its end, with what it says."""
        options = self._options(environment)
        return subprocess.run([self.bin / argv[0], *argv[1:]], **options, capture_output=True, timeout=120, check=False)

    @contextmanager
    def running(self, *argv: str, **environment: str) -> "Iterator[subprocess.Popen[str]]":
        """A program that gets SIGTERM in the end, and must then end by itself without a traceback."""
        options = self._options(environment)
        with (
            self.log.open("w") as log,
            subprocess.Popen([self.bin / argv[0], *argv[1:]], **options, stdout=log, stderr=log) as program,
        ):
            try:
                yield program
            finally:
                program.terminate()
                program.wait(60)
        assert "Traceback" not in self.log.read_text(), self.log.read_text()

    @property
    def log(self) -> Path:
        """The file that the running program logs to."""
        return self.work / "log"

    def said(self, event: str) -> dict[str, Any] | None:
        """The first log line of this event."""
        lines = [line for line in self.log.read_text().splitlines() if line.startswith("{") and line.endswith("}")]
        return next((told for line in lines if (told := json.loads(line))["event"] == event), None)

    def _options(self, environment: dict[str, str]) -> dict[str, Any]:
        return {"env": {**self.environment, **environment}, "cwd": self.work, "text": True}
