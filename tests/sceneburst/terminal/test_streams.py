"""Output that leads to a full disk."""

import subprocess
import sys

import pytest


def _ended(command: str) -> subprocess.CompletedProcess[str]:
    argv = ["/bin/sh", "-c", f'"$0" -m sceneburst {command}', sys.executable]
    return subprocess.run(argv, capture_output=True, text=True, timeout=60, check=False)


@pytest.mark.parametrize("command", ["version", "version --json", "--version", "--help"])
def test_output_that_a_full_disk_does_not_take_is_one_line(command: str) -> None:
    """And a failure: who reads the file later must not take it for whole."""
    ended = _ended(f"{command} >/dev/full")
    assert ended.returncode == 1
    assert ended.stderr == "error: No space left on device\n"
