"""The command line itself: version, help, completion, and what listing its commands loads."""

import json
import os
import subprocess
import sys
from importlib import import_module
from itertools import pairwise

import pytest

from sceneburst.cli import Commands
from tests.sceneburst.conftest import Console

_PROGRAM = [sys.executable, "-m", "sceneburst"]
#: What 0.2 s of CPU have no room for.
_HEAVY = {"redis", "pydantic", "structlog", "ruamel.yaml", "celery", "boto3", "httpx", "asyncio"}


def _run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    argv = [*_PROGRAM, *arguments]
    return subprocess.run(argv, env={**os.environ, **environment}, capture_output=True, text=True, timeout=60, check=False)


def test_help_loads_no_command() -> None:
    """Neither a module of a command nor a library that only commands use."""
    code = (
        "import sys; sys.argv[1:] = ['--help']\ntry: from sceneburst.__main__ import main; main()\nfinally: print(*sys.modules)"
    )
    loaded = set(subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False).stdout.split())
    assert "typer" in loaded
    assert not {name for name in loaded if name.startswith("sceneburst.commands.")}
    assert not loaded & _HEAVY


def test_the_help_of_no_command_loads_what_only_its_work_needs() -> None:
    """All of them are loaded in one process, as far as their help needs them."""
    homes = sorted({command.home.partition(":")[0] for command in Commands.listed})
    code = f"import sys; from importlib import import_module as load; import sceneburst.cli\nfor home in {homes}: "
    code += "load('sceneburst.commands.' + home)\nprint(*sys.modules)"
    loaded = set(subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split())
    # Some have states and lanes among their options, and these are where the models are.
    assert not loaded & (_HEAVY - {"pydantic"})


@pytest.mark.parametrize("command", Commands.listed, ids=lambda command: command.name)
def test_every_listed_command_is_there(command: object) -> None:
    """Under the name that the list says."""
    module, _, attribute = command.home.partition(":")  # type: ignore[attr-defined]
    assert hasattr(import_module(f"sceneburst.commands.{module}"), attribute)


@pytest.mark.parametrize("words", [[], ["status"], ["queue"], ["queue", "peek"], ["dead", "requeue"], ["api-key"]])
def test_h_is_help_everywhere(words: list[str]) -> None:
    """Of the program, of a command, of a group, and of a command of a group."""
    short, long = _run(*words, "-h"), _run(*words, "--help")
    assert short.returncode == long.returncode == 0
    assert short.stdout == long.stdout
    assert " ".join(["sceneburst", *words]) in short.stdout


def test_it_says_its_version() -> None:
    """In words, and as JSON with the Python that runs it."""
    told = json.loads(_run("version", "--json").stdout)
    assert set(told) == {"version", "python", "platform"}
    assert told["python"] == ".".join(map(str, sys.version_info[:3]))
    assert _run("--version").stdout == f"sceneburst {told['version']}\n"


@pytest.mark.parametrize(
    ("words", "index", "found"),
    [
        ("sceneburst que", 1, ["queue"]),
        ("sceneburst queue p", 2, ["pause", "peek"]),
        ("sceneburst submit --la", 2, ["--lane", "--label"]),
    ],
)
def test_shells_complete_commands_and_options(words: str, index: int, found: list[str]) -> None:
    """As bash asks; commands are loaded as far as they are written out."""
    asked = {"_SCENEBURST_COMPLETE": "complete_bash", "COMP_WORDS": words, "COMP_CWORD": str(index)}
    assert _run(**asked).stdout.split() == found


def test_a_misspelt_command_is_a_usage_error_with_the_nearest_name() -> None:
    """Exit code 2."""
    ended = _run("rendr")
    assert ended.returncode == 2
    assert "Did you mean 'render'?" in ended.stderr


@pytest.mark.parametrize("width", [60, 80, 160])
def test_a_mistake_in_the_words_tears_none_of_them(console: Console, monkeypatch: pytest.MonkeyPatch, width: int) -> None:
    """No frame breaks a long one, which could not be searched for or copied."""
    monkeypatch.setenv("COLUMNS", str(width))
    wrong = f"/srv/{'a-long-folder/' * 12}file"
    ended = console("dead", "list", "--lane", wrong)
    assert (ended.code, ended.out) == (2, "")
    assert wrong in ended.err
    assert "│" not in ended.err


@pytest.mark.parametrize("command", ["render", "transcode", "up"])
def test_the_lines_of_a_help_are_full(command: str) -> None:
    """They break where the terminal ends, and not where those of the source text do."""
    lines = _run(command, "--help", COLUMNS="80").stdout.partition("╭")[0].splitlines()
    for line, after in pairwise(map(str.strip, lines)):
        assert not line or not after or len(f"{line} {after.split()[0]}") > 80 - 2, line
