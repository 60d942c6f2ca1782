"""A machine without a folder for temporary files: every program says so in one line."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from container_worker.media.ffmpeg import find_ffmpeg
from container_worker.sandbox.probe import probe

_HIDDEN = """
import sys, tempfile
tempfile._candidate_tempdir_list = lambda: ["/nowhere"]
from sceneburst.cli import main
sys.argv = sys.argv[1:]
main()
"""


@pytest.mark.parametrize(
    ("command", "code"),
    [("render scenes.yaml", 2), ("up", 2), ("worker", 2), ("dispatcher --once", 2), ("doctor", 3)],
)
def test_a_machine_without_temporary_folder_is_told_in_plain_words(tmp_path: Path, command: str, code: int) -> None:
    """With the variable that mends it, and no traceback."""
    (tmp_path / "scenes.yaml").write_text("scenes: [{name: a, image: a.png, audio: a.wav}]")
    for name in ("a.png", "a.wav"):
        (tmp_path / name).touch()
    environment = {**os.environ, "SCENEBURST_REDIS_URL": "redis://127.0.0.1:1/0", "COLUMNS": "400"}
    argv = [sys.executable, "-c", _HIDDEN, "sceneburst", *command.split()]
    ended = subprocess.run(argv, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=60, check=False)
    assert "Traceback" not in ended.stderr
    assert ended.returncode == code, ended.stderr
    assert "set TMPDIR" in ended.stdout + ended.stderr


def test_a_scratch_folder_is_all_that_a_worker_needs(tmp_path: Path) -> None:
    """Its children are confined as elsewhere: what it tries out at its start is tried out there."""
    scratch = tmp_path / "scratch"
    environment = {**os.environ, "SCENEBURST_REDIS_URL": "redis://127.0.0.1:1/0", "SCENEBURST_SCRATCH_DIR": str(scratch)}
    environment |= {"SCENEBURST_LOG_FORMAT": "json", "SCENEBURST_REDIS_PATIENCE_S": "0.1"}
    argv = [sys.executable, "-c", _HIDDEN, "sceneburst", "worker"]
    ended = subprocess.run(argv, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=60, check=False)
    (starts,) = (line for line in ended.stderr.splitlines() if "container starts" in line)
    assert json.loads(starts)["isolation"] == probe(find_ffmpeg().path).level
    assert list(scratch.iterdir()) == []
