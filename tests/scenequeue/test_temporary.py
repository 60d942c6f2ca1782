"""A machine without a folder for temporary files: every program says so in one line."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

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
