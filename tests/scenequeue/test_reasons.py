"""Reasons: a code with parameters inside, a sentence outside."""

import ast
import json
import re
import string
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import container_worker.codes
import dispatcher.codes
import producer.codes
import sceneburst.access.codes
import sceneburst.codes
import sceneburst.http_api.codes
import sceneburst.local.checks.codes
import sceneburst.overview.codes
import sceneburst.page.codes
from dispatcher.codes import Code
from sceneburst.words import ENGLISH
from scenequeue import errors, reasons
from scenequeue.jobs.result import ItemResult
from scenequeue.reasons import Code as QueueCode, Reason
from tests.support.reason_shapes import check_reasons

_ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    ("reason", "text"),
    [
        (Reason("subtitles_outside"), "no subtitle falls inside the narration"),
        (Reason("cues_before_start", {"cues": 1}), "subtitles: 1 cue before the beginning (negative times) was left out"),
        (Reason("cues_before_start", {"cues": 20}), "subtitles: 20 cues before the beginning (negative times) were left out"),
        (Reason("of_a_newer_version", {"a": 1, "b": "x"}), "of_a_newer_version (a: 1, b: x)"),
        (Reason("of_a_newer_version"), "of_a_newer_version"),
        (Reason("cues_before_start", {"other": 1}), "cues_before_start (other: 1)"),
        (Reason("sound_missing", {"input": "music"}), "music has no sound in it"),
        (Reason("result_malformed", {"input": "music"}), "music: the result in Redis cannot be read"),
        (Reason("result_malformed", {"input": Reason("renderer")}), "the renderer: the result in Redis cannot be read"),
        (Reason("renderer", {"last_lines": "a\nb"}), "the renderer\na\nb"),
        (Reason("of_a_newer_version", {"input": "music", "last_lines": "a"}), "of_a_newer_version (input: music, last_lines: a)"),
        (Reason("other", {"text": "{0.__class__} {text}"}), "{0.__class__} {text}"),
        (Reason("over_budget", {"usd_per_hour_each": 10**400, "budget_usd_per_hour": 1}),
         f"over_budget (usd_per_hour_each: {10**400}, budget_usd_per_hour: 1)"),
    ],
)  # fmt: skip
def test_a_reason_says_itself_in_words(reason: Reason, text: str) -> None:
    """Also where this version does not know it, or its parameters are others."""
    assert reason.text == text
    assert Reason.from_json(reason.to_json()) == reason


def _result(warnings: Any) -> ItemResult:
    return ItemResult.model_validate({"item_id": "0-0", "name": "s", "state": "done", "details": {"warnings": warnings}})


@pytest.mark.parametrize(
    ("kept", "shown"),
    [
        ([{"code": "subtitles_outside", "parameters": {}}], [("subtitles_outside", "no subtitle falls inside the narration")]),
        (["subtitles: old words"], [("other", "subtitles: old words")]),
        ([{"code": 5}, None, 3], [("other", "{'code': 5}"), ("other", "None"), ("other", "3")]),
        ([{"code": "x", "parameters": [1]}], [("x", "x")]),
        ("broken", []),
        (None, []),
    ],
)
def test_a_results_warnings_have_a_code_and_a_text(kept: Any, shown: list[tuple[str, str]]) -> None:
    """Those of older versions, which were texts, can still be read; whatever else is there harms nothing."""
    result = _result(kept)
    assert [(warning.code, warning.text) for warning in result.warnings] == shown
    dumped = result.model_dump(mode="json")["warnings"]
    assert [(warning["code"], warning["text"]) for warning in dumped] == shown
    check_reasons(dumped)


def test_a_result_travels_without_its_words() -> None:
    """Readers of older versions refuse fields that they do not know; a dump with the words is read as well."""
    result = _result([{"code": "cues_before_start", "parameters": {"cues": 2}}])
    assert '"text"' not in result.wire()
    assert ItemResult.model_validate_json(result.wire()) == result
    assert ItemResult.model_validate_json(result.model_dump_json()) == result


def test_every_code_has_its_sentence_and_no_code_is_given_as_a_text() -> None:
    """A code without a sentence would be shown as it is, and so would one with a mistake in it."""
    codes = [
        *QueueCode,
        *producer.codes.Code,
        *dispatcher.codes.Code,
        *container_worker.codes.Code,
        *sceneburst.http_api.codes.Code,
        *sceneburst.access.codes.Code,
        *sceneburst.codes.Code,
        *sceneburst.local.checks.codes.Code,
        *sceneburst.overview.codes.Code,
        *sceneburst.page.codes.Code,
    ]
    assert sorted(ENGLISH.sentences) == sorted(codes)
    assert [code.name.lower() for code in codes] == [code.value for code in codes]
    given = set()
    for package in ("container_worker", "dispatcher", "producer", "scenequeue"):
        for path in _ROOT.glob(f"{package}/**/*.py"):
            given |= set(re.findall(r"""\b(?:_?warn|Reason)\(\s*"(\w+)\"""", path.read_text(encoding="utf-8")))
    assert given == set()
    for sentence in ENGLISH.sentences.values():
        list(string.Formatter().parse(sentence))


#: Rooms whose errors are codes: all but the calls of the replaced system.
_WITHOUT_PROSE = (
    *("container_worker", "dispatcher", "producer", "scenequeue"),
    *(f"sceneburst/{room}" for room in ("access", "commands", "http_api", "local", "overview", "terminal")),
)


@pytest.mark.parametrize("room", _WITHOUT_PROSE)
def test_no_error_is_given_as_a_sentence(room: str) -> None:
    """Another language changes nothing there: errors, mistakes and refused values are codes with parameters."""
    names = {name for name, found in vars(errors).items() if isinstance(found, type) and issubclass(found, Exception)}
    sentences = [
        f"{path.relative_to(_ROOT)}:{call.lineno}"
        for path in _ROOT.glob(f"{room}/**/*.py")
        for call in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(call, ast.Call) and call.args and _name_of(call.func) in {*names, "ValueError"}
        if isinstance(call.args[0], ast.Constant | ast.JoinedStr | ast.BinOp)
    ]
    assert sentences == []


def test_a_sentence_about_a_setting_has_its_name_as_a_parameter() -> None:
    """Programs read it there, whatever the language, and an option that the setting was given by can stand in its place."""
    # Those are parts of a command that starts a program.
    assert {code for code, text in ENGLISH.sentences.items() if text.startswith("SCENEBURST_")} == {
        "roots", "roots_of_docker", "roots_of_process",
    }  # fmt: skip


def test_the_reasons_that_steps_find_out_are_codes_without_parameters() -> None:
    """They are written in Lua, where nothing else would notice a wrong one."""
    scripts = "\n".join(path.read_text(encoding="utf-8") for path in _ROOT.glob("scenequeue/scripts/**/*.lua"))
    found = re.findall(r"own_failure\('(\w+)', '(\w+)'\)", scripts)
    assert len(found) == scripts.count("own_failure(") - 1 > 0
    assert {code for _, code in found} <= set(QueueCode)
    assert [code for _, code in found if _fields(code)] == []


def _name_of(called: ast.expr) -> str:
    return called.attr if isinstance(called, ast.Attribute) else called.id if isinstance(called, ast.Name) else ""


#: Functions that make a reason of a code and its parameters by name, beside the errors.
_MAKERS = ("reason_for", "warn", "RefusedWord", "_refused", "good", "wrong", "doubtful")


def test_a_codes_parameters_are_exactly_the_fields_of_its_sentence() -> None:
    """One too few would show the bare code, and one too many is never shown; errors, refused values, warnings and reasons."""
    trees = {
        path.relative_to(_ROOT): ast.parse(path.read_text(encoding="utf-8"))
        for package in ("container_worker", "dispatcher", "producer", "scenequeue", "sceneburst")
        for path in _ROOT.glob(f"{package}/**/*.py")
    }
    makers = {*_MAKERS, *(name for name, found in vars(errors).items() if isinstance(found, type))}
    for each in (node for tree in trees.values() for node in ast.walk(tree) if isinstance(node, ast.ClassDef)):
        makers |= {each.name} if makers & set(map(_name_of, each.bases)) else set()
    wrong = [
        f"{path}:{call.lineno}: {code}: given {sorted(given)}, in the sentence {sorted(_fields(code))}"
        for path, tree in trees.items()
        for call in ast.walk(tree)
        if isinstance(call, ast.Call) and call.args and (code := _code_of(call.args[0]))
        if (given := _given(call, makers)) is not None and given != _fields(code)
    ]
    assert wrong == []


def _code_of(given: ast.expr) -> str:
    """The code that a member of a room's enum names, as in `Code.PAUSED`; "" of anything else."""
    is_member = isinstance(given, ast.Attribute) and _name_of(given.value).endswith("Code")
    return given.attr.lower() if isinstance(given, ast.Attribute) and is_member else ""


def _fields(code: str) -> set[str]:
    return {re.split(r"[.[]", name)[0] for _, name, _, _ in string.Formatter().parse(ENGLISH.sentences[code]) if name}


def _given(call: ast.Call, makers: set[str]) -> set[str] | None:
    """The names of the parameters that a call gives; None where it makes no reason, or they are not written out there."""
    if _name_of(call.func) == "Reason":
        parameters = call.args[1] if len(call.args) > 1 else ast.Dict([], [])
        written_out = isinstance(parameters, ast.Dict) and all(isinstance(key, ast.Constant) for key in parameters.keys)
        return {key.value for key in parameters.keys} if written_out else None
    if _name_of(call.func) not in makers or any(keyword.arg is None for keyword in call.keywords):
        return None
    return {keyword.arg for keyword in call.keywords if keyword.arg}


def test_a_reason_may_hold_further_ones() -> None:
    """One, or a list with what stands between them; all of it travels as plain data."""
    launches = Reason(Code.LAUNCH_ALIKE, {"containers": 2, "items": 3})
    because = (Reason(Code.BATCHES, {"items": 3, "least": 1, "most": 4}), Reason(Code.CUT_BY_LAUNCHES, {"launches": 2}))
    why = Reason(Code.PLAN_LAUNCHES, {"waiting": Reason(Code.READY, {"items": 9}), "launches": launches, "because": because})
    because_text = "batches of about 3, at least 1, in at most 4; limited to 2 launches a tick"
    assert why.text == f"9 ready → 2 containers × 3, because {because_text}"
    assert Reason.from_json(json.loads(json.dumps(why.to_json()))) == why


def test_a_program_without_words_shows_codes() -> None:
    """And their parameters: sentences are the top floor's alone."""
    why = Reason("a", {"b": 1, "c": Reason("d", {"e": "f"}), "g": (Reason("h"), Reason("i"))})
    assert why.plain() == "a (b: 1, c: d (e: f), g: h; i)"
    assert f"{why}" == str(why) == why.plain()


class _Installed:
    """An entry point of another language."""

    @staticmethod
    def load() -> Callable[[Reason], str]:
        return lambda reason: f"auf Deutsch: {reason.code}"


@pytest.mark.parametrize(("points", "text"), [([_Installed()], "auf Deutsch: paused"), ([], "paused")])
def test_a_program_below_the_top_floor_speaks_with_the_words_that_are_installed(
    points: list[_Installed], text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`python -m dispatcher` in its log; without any, codes."""
    monkeypatch.setattr(reasons, "_text_of", None)
    monkeypatch.setattr("importlib.metadata.entry_points", lambda group: points if group == reasons.WORDS else [])
    assert Reason("paused").text == text


def test_reasons_inside_reasons_are_read_only_so_deep() -> None:
    """Anybody may have written the values in Redis."""
    data: dict[str, Any] = {"code": "x"}
    for _ in range(900):
        data = {"code": "x", "parameters": {"x": data}}
    assert len(Reason.from_json(data).plain()) < 100
