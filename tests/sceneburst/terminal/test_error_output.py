"""The JSON of an error: one object with the reason, in the form that all JSON has, beside the lines on standard error."""

import json
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.main import get_command

from sceneburst.cli import app
from sceneburst.exit_codes import Exit
from sceneburst.terminal.error_output import error_document, is_json_asked
from scenequeue.reasons import Reason
from tests.sceneburst.conftest import Console
from tests.support.reason_shapes import check_reasons

#: Programs, which run until they are stopped.
_PROGRAMS = {("up",), ("worker",), ("dispatcher",), ("api",), ("page",)}


def _commands(group: Any, words: tuple[str, ...] = ()) -> dict[tuple[str, ...], bool]:
    """All commands below, groups included, and if they have --json."""
    found: dict[tuple[str, ...], bool] = {}
    for name in getattr(group, "commands", {}):
        command = group.resolve_command(typer.Context(group), [name])[1]
        found[*words, name] = any("--json" in param.opts for param in command.params)
        found |= _commands(command, (*words, name))
    return found


_COMMANDS = _commands(get_command(app))
_ALL = [words for words, has_json in _COMMANDS.items() if has_json]


def test_every_command_has_json_but_those_that_run_a_program() -> None:
    """A reading command and a changing one alike."""
    assert {words for words, has_json in _COMMANDS.items() if not has_json} == _PROGRAMS


def _error(console: Console, *words: str) -> tuple[int, dict[str, Any]]:
    ended = console(*words, "--json")
    (line,) = ended.out.splitlines()
    document = json.loads(line)
    assert document["error"].keys() == {"code", "parameters", "text"}
    check_reasons(document)
    assert ended.err
    return ended.code, document["error"]


@pytest.mark.parametrize("words", _ALL, ids=" ".join)
def test_every_command_tells_a_mistake_in_its_words_in_json(console: Console, words: tuple[str, ...]) -> None:
    """An option that it does not have, which is found before --json is read."""
    code, error = _error(console, *words, "--nothing")
    assert (code, error["code"]) == (Exit.USAGE, "usage_refused")
    assert "--nothing" in error["text"]


@pytest.mark.parametrize(
    ("words", "code", "parameters"),
    [
        (("submit", "{folder}/none.yaml"), "mistakes", None),
        (("render", "{folder}/none.yaml"), "mistakes", None),
        (("status", "nobody"), "job_unknown", {"job_id": "nobody"}),
        (("cancel", "nobody"), "job_unknown", {"job_id": "nobody"}),
        (("cost", "nobody"), "job_unknown", {"job_id": "nobody"}),
        (("watch", "nobody"), "job_unknown", {"job_id": "nobody"}),
        (("containers", "logs", "c9"), "container_without_record", {"container_id": "c9"}),
        (("plan",), "no_dispatcher", {}),
        (("jobs", "--since", "soon"), "age_malformed", {"option": "--since", "given": "soon"}),
        (("jobs", "--label", "shop"), "label_malformed", {"option": "--label", "given": "shop"}),
        (("queue", "--namespace", "a b"), "setting_refused", None),
        (("dead", "show", "a", "b"), "letter_unknown", None),
    ],
)
def test_an_error_has_its_code_and_parameters_in_json(
    console: Console, tmp_path: Path, words: tuple[str, ...], code: str, parameters: dict[str, Any] | None
) -> None:
    """The exit code is that without --json, and so is standard error."""
    asked = [word.format(folder=tmp_path) for word in words]
    exit_code, error = _error(console, *asked)
    assert error["code"] == code
    if parameters is not None:
        assert error["parameters"] == parameters
    plain = console(*asked)
    assert (plain.code, plain.out) == (exit_code, "")
    assert error["text"].splitlines()[0] in plain.err


def test_each_mistake_of_a_manifest_is_a_reason_with_its_line(console: Console, tmp_path: Path) -> None:
    """In the order of the lines."""
    (tmp_path / "job.yaml").write_text("ouput: x\nscenes:\n  - {name: a, imgae: x}\n")
    code, error = _error(console, "render", str(tmp_path / "job.yaml"))
    assert (code, error["code"]) == (Exit.USAGE, "mistakes")
    first, *others = error["parameters"]["mistakes"]
    assert (first["code"], first["parameters"]["line"]) == ("mistake_at_line", 1)
    assert first["parameters"]["mistake"]["parameters"] == {"key": "ouput", "near": "output"}
    assert {each["parameters"]["line"] for each in others} == {3}


def test_an_error_of_watch_is_an_event_too() -> None:
    """Every line of that command has its `event`."""
    reason = Reason("paused")
    assert error_document(reason, ["watch", "a", "--json"]) == {
        "event": "error",
        **reason.to_people(),
        "error": reason.to_people(),
    }
    assert error_document(reason, ["status", "a", "--json"]) == {"error": reason.to_people()}


def test_a_word_behind_the_options_asks_for_nothing() -> None:
    """It is the name of a file or job."""
    assert is_json_asked(["status", "a", "--json"])
    assert not is_json_asked(["status", "--", "--json"])
    assert not is_json_asked([])


@pytest.mark.parametrize(
    ("words", "option"),
    [
        (("render", "job.yaml", "--containers", "0"), "--containers"),
        (("jobs", "--since", "1x"), "--since"),
        (("jobs", "--state", "odd"), "--state"),
        (("queue", "peek", "--lane", "odd"), "--lane"),
    ],
)
def test_a_refused_option_is_named_in_json(console: Console, words: tuple[str, ...], option: str) -> None:
    """As a parameter, and at the beginning of the text."""
    code, error = _error(console, *words)
    assert code == Exit.USAGE
    assert error["parameters"]["option"] == option
    assert error["text"].startswith(f"{option}: ")


def test_a_refused_argument_names_no_option(console: Console) -> None:
    """It has none."""
    _, error = _error(console, "limits", "set", "a")
    assert (error["code"], error["parameters"]) == ("limit_malformed", {"given": "a"})
