"""Errors as they are printed: each is one line, whatever line ends and control characters foreign text in it has."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from sceneburst.exit_codes import Exit
from scenequeue.errors import InvalidScenes, SceneburstError, SettingsError, ToolFailed
from scenequeue.reasons import Code
from tests.sceneburst.conftest import Console

_FORGED = "x\nerror: all is lost\r\x1b[2K\u2028"


@pytest.mark.parametrize(
    ("error", "lines"),
    [
        (SettingsError("one\ntwo"), ["one\\ntwo"]),
        (SettingsError(Code.SETTING_REFUSED, setting="A\x85B", problem="\x1b[31m"), ["A\\x85B: \\x1b[31m"]),
        (InvalidScenes(["a\nb", "c"]), ["a\\nb", "c"]),
        (ToolFailed(Code.OTHER, text="ffmpeg failed", last_lines="one\ntwo\x07"), ["ffmpeg failed", "  one", "  two\\x07"]),
    ],
)
def test_an_error_is_a_line_and_its_programs_last_lines_are_indented(error: SceneburstError, lines: list[str]) -> None:
    """So what stands at the beginning of a line is ours."""
    assert error.lines == lines


@pytest.mark.parametrize(
    "words",
    [
        ("render", f"{_FORGED}.yaml"),
        ("submit", f"{_FORGED}.yaml"),
        ("status", _FORGED),
        ("containers", "stop", _FORGED),
        ("containers", "logs", _FORGED),
        ("queue", "--namespace", _FORGED),
        ("queue", "--redis-url", f"redis://{_FORGED}"),
        ("jobs", "--label", _FORGED),
        ("jobs", "--label", f"{_FORGED}=a"),
        ("dead", "show", _FORGED, _FORGED),
        ("doctor", _FORGED),
        (_FORGED,),
    ],
)
def test_a_users_words_make_up_no_line_of_an_error(console: Console, words: tuple[str, ...], tmp_path: Path) -> None:
    """Paths, ids, labels, addresses, and words that are no command."""
    ended = console(*words)
    assert ended.code in {Exit.FAILED, Exit.USAGE}
    assert not [line for line in (ended.out + ended.err).splitlines() if line.startswith("error: all is lost")]
    assert "\x1b[2K" not in ended.err


@pytest.mark.parametrize("program", ["dispatcher", "container_worker", "sceneburst.http_api"])
def test_the_programs_tell_their_settings_errors_in_a_line(program: str) -> None:
    """As a supervisor's log has them."""
    environment = {**os.environ, "SCENEBURST_REDIS_URL": f"redis://{_FORGED}", "SCENEBURST_API_OPEN": "true"}
    argv = [sys.executable, "-m", program]
    ended = subprocess.run(argv, env=environment, capture_output=True, text=True, timeout=60, check=False)
    assert ended.returncode == 2
    (line,) = ended.stderr.splitlines()
    assert "x\\nerror: all is lost" in line
