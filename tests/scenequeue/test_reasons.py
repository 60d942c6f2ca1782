"""Reasons: a code with parameters inside, a sentence outside."""

import re
import string
from pathlib import Path
from typing import Any

import pytest

from scenequeue.jobs.result import ItemResult
from scenequeue.reasons import SENTENCES, Reason

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
        (Reason("other", {"text": "{0.__class__} {text}"}), "{0.__class__} {text}"),
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
    assert result.model_dump(mode="json")["warnings"] == [{"code": code, "text": text} for code, text in shown]


def test_a_result_travels_without_its_words() -> None:
    """Readers of older versions refuse fields that they do not know; a dump with the words is read as well."""
    result = _result([{"code": "cues_before_start", "parameters": {"cues": 2}}])
    assert '"text"' not in result.wire()
    assert ItemResult.model_validate_json(result.wire()) == result
    assert ItemResult.model_validate_json(result.model_dump_json()) == result


def test_every_code_that_is_given_has_its_sentence_and_no_sentence_is_left_over() -> None:
    """A code without a sentence would be shown as it is."""
    given = set()
    for path in [*_ROOT.glob("container_worker/**/*.py"), *_ROOT.glob("scenequeue/*.py"), *_ROOT.glob("producer/*.py")]:
        given |= set(re.findall(r"""\b(?:_?warn|Reason)\(\s*"(\w+)\"""", path.read_text(encoding="utf-8")))
    assert {code for code in given if code not in SENTENCES} == set()
    for sentence in SENTENCES.values():
        list(string.Formatter().parse(sentence))
