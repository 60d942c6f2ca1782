"""The page for nights names every trouble of the first view, and only commands and options that there are."""

import re
import shlex
from pathlib import Path
from typing import Any

import pytest
import typer

from sceneburst.cli import app
from sceneburst.overview.codes import Code
from sceneburst.words.overview import SENTENCES

_TEXT = (Path(__file__).parents[2] / "docs" / "at-night.md").read_text()
_COMMANDS = sorted(
    {" ".join(found.split()) for found in re.findall(r"`(sceneburst [^`]+)`", _TEXT)}
    | set(re.findall(r"^(sceneburst [^#\n]+)", _TEXT, re.MULTILINE))
)


def _plain(sentence: str) -> str:
    """Return the longest part of a title that is the same whatever its numbers and names are."""
    several = re.sub(r"\{\w+:1 [^|{}]*\|# ([^{}]*)\}", r"{}\1", sentence)
    return max((part.strip() for part in re.split(r"\{[^{}]*\}", several)), key=len)


def test_every_trouble_of_the_first_view_has_its_section() -> None:
    """By the words of its title; of a lane and a job that are paused, the name stands between."""
    rows = "\n".join(line for line in _TEXT.splitlines() if line.startswith("|"))
    titles = [code for code in Code if code.name.startswith("TITLE_")]
    assert titles
    missing = [code for code in titles if _plain(str(SENTENCES[code])) not in rows]
    assert missing == []


@pytest.mark.parametrize("line", _COMMANDS)
def test_every_command_of_the_page_is_one_that_there_is(line: str) -> None:
    """With its options."""
    command: Any = typer.main.get_command(app)
    context: Any = typer.Context(command)
    words = shlex.split(line)[1:]
    while hasattr(command, "resolve_command") and words and not words[0].startswith("-"):
        _, command, words = command.resolve_command(context, words)
    options = {option for parameter in command.params for option in parameter.opts}
    assert {word for word in words if word.startswith("--")} <= options
