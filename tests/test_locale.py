"""Programs under a locale that knows ASCII alone, as minimal images have it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

_ASCII = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}


_COMMANDS = ["jobs --json", "dispatcher --once", "doctor --json"]


@pytest.mark.parametrize("command", _COMMANDS)
def test_no_file_of_ours_is_read_by_the_locale(redis_url: str, namespace: str, tmp_path: Path, command: str) -> None:
    """The steps of the queue, prices, and what programs keep are UTF-8."""
    environment = {**os.environ, **_ASCII, "SCENEBURST_REDIS_URL": redis_url, "SCENEBURST_NAMESPACE": namespace}
    environment["SCENEBURST_STATE_DIR"] = str(tmp_path)
    argv = [sys.executable, "-m", "sceneburst", *command.split()]
    ended = subprocess.run(argv, env=environment, capture_output=True, text=True, timeout=60, check=False)
    assert "Traceback" not in ended.stderr
    assert ended.returncode in {0, 3}, ended.stderr
