"""A second language beside English: a package of its own, with an entry point."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from sceneburst import words
from sceneburst.words.language import Language, sentence_of
from scenequeue.reasons import Reason

_GERMAN = """
from sceneburst.words import Language

GERMAN = Language(
    {
        "setting_refused": "{setting} ist falsch: {problem}",
        "job_unknown": "kein Auftrag {job_id:quoted}: nie eingereicht, oder seine Ergebnisse sind abgelaufen",
        "ready_of_need": "{items} für {need:need}",
    },
    need_of_structure="{need} der Struktur {structure}",
)
"""
#: One, few and many, as in Polish.
_POLISH = Language(
    {"kept_warm": "{containers:# kontener|# kontenery|# kontenerów}"},
    form_of=lambda number: 0 if number == 1 else 1 if number % 10 in {2, 3, 4} and number % 100 not in {12, 13, 14} else 2,
)


@pytest.fixture
def german(tmp_path: Path) -> Mapping[str, str]:
    """The environment of a program that speaks German: the package on the path, and the setting."""
    (tmp_path / "sceneburst_german.py").write_text(_GERMAN, encoding="utf-8")
    about = tmp_path / "sceneburst_german-1.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: sceneburst-german\nVersion: 1\n", encoding="utf-8")
    points = f"[{words.GROUP}]\nde = sceneburst_german:GERMAN\nxx = sceneburst_german:NOTHING\n"
    (about / "entry_points.txt").write_text(points, encoding="utf-8")
    return {**os.environ, "PYTHONPATH": str(tmp_path), "SCENEBURST_LANGUAGE": "de"}


def _run(environment: Mapping[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *arguments], env={**environment}, capture_output=True, text=True, timeout=60, check=False
    )


#: What every program says of a namespace that is none: the first words are the language's, the others pydantic's.
_MISTAKE = {"SCENEBURST_NAMESPACE": "a b"}


@pytest.mark.parametrize("program", [("sceneburst", "jobs"), ("dispatcher",), ("container_worker",)])
def test_every_program_speaks_the_language_that_is_installed_and_set(german: Mapping[str, str], program: tuple[str, ...]) -> None:
    """Those below the top floor too, and with no change there."""
    ran = _run({**german, **_MISTAKE}, "-m", *program)
    assert "SCENEBURST_NAMESPACE ist falsch: " in ran.stderr


def test_errors_in_an_application_are_in_its_language_and_what_that_lacks_in_english(german: Mapping[str, str]) -> None:
    """Sentence by sentence, also where one stands inside another; codes and parameters are the same in all languages."""
    program = """
import json
import sceneburst
from scenequeue.reasons import Reason
found = sceneburst.JobNotFound(Reason("job_unknown", {"job_id": "a"}))
why = Reason("ready_of_need", {"items": 3, "need": "render/1@2"})
inside = Reason("not_ended_waits", {"job_id": "a", "timeout_s": 2, "why": why})
print(json.dumps([str(found), found.reason.to_json(), inside.text, Reason("paused").text]))
"""
    ran = _run(german, "-c", program)
    assert json.loads(ran.stdout) == [
        "kein Auftrag 'a': nie eingereicht, oder seine Ergebnisse sind abgelaufen",
        {"code": "job_unknown", "parameters": {"job_id": "a"}},
        "job a has not ended within 2 s, and goes on; it waits: 3 für render/1 der Struktur 2",
        Reason("paused").text,
    ], ran.stderr


@pytest.mark.parametrize(("language", "why"), [("fr", "no installed package has this language"), ("xx", "AttributeError: ")])
def test_a_language_that_is_missing_or_broken_is_named_once_and_english_is_spoken(
    german: Mapping[str, str], language: str, why: str
) -> None:
    """A program does not fail for it, least of all while it reports an error."""
    ran = _run({**german, **_MISTAKE, "SCENEBURST_LANGUAGE": language}, "-m", "sceneburst", "jobs")
    assert "SCENEBURST_NAMESPACE: " in ran.stderr
    assert ran.stderr.count(f"SCENEBURST_LANGUAGE: '{language}' cannot be used, and English is used instead: {why}") == 1
    assert "(there are de, en, xx, zh)" in ran.stderr


@pytest.mark.parametrize(("number", "said"), [(1, "1 kontener"), (3, "3 kontenery"), (12, "12 kontenerów"), (22, "22 kontenery")])
def test_a_language_has_its_own_plural_forms(number: int, said: str) -> None:
    """As many as it needs, chosen by a rule of its own."""
    assert sentence_of(Reason("kept_warm", {"containers": number}), (_POLISH, words.ENGLISH)) == said


@pytest.mark.parametrize("wrong", ["{nothing}", "{containers", "{containers:#|#}", "{containers!z}", "{containers:y}"])
def test_a_sentence_that_is_wrong_is_said_in_english(wrong: str) -> None:
    """A translator's mistake harms no program."""
    language = Language({"kept_warm": wrong}, form_of=lambda _: 2)
    assert sentence_of(Reason("kept_warm", {"containers": 2}), (language, words.ENGLISH)) == "2 containers are always kept"


def test_a_sentence_of_another_language_needs_no_order_of_english() -> None:
    """Parameters may come in any order, and a list is joined by what that language puts between."""
    language = Language({"several": "{reasons: und }", "input_at": "{uri} ({input})"})
    reason = Reason("several", {"reasons": (Reason("input_at", {"input": "image", "uri": "s3://b/a"}), Reason("x"))})
    assert sentence_of(reason, (language, words.ENGLISH)) == "s3://b/a (image) und x"


_REFUSED = Reason("value_refused", {"type": "greater_than", "gt": 0, "value": "-1", "problem": "Input should be greater than 0"})


@pytest.mark.parametrize(
    ("language", "reason", "said"),
    [
        (Language({}, refusals={"greater_than": "nur mehr als {gt:g}"}), _REFUSED, "nur mehr als 0: -1"),
        (Language({}, refusals={"greater_than": "nur mehr als {gt:g}"}, refused_value="{value}: {refusal}"), _REFUSED,
         "-1: nur mehr als 0"),
        (Language({}), _REFUSED, "must be more than 0, not -1"),
        (Language({"not_scene": "{type:type} keine Szene"}), Reason("not_scene", {"type": "int"}), "a number keine Szene"),
        (Language({"not_scene": "{type:type} keine Szene"}, types={"int": "Zahl"}), Reason("not_scene", {"type": "int"}),
         "Zahl keine Szene"),
    ],
)  # fmt: skip
def test_refused_values_and_types_are_said_in_the_language_too(language: Language, reason: Reason, said: str) -> None:
    """Each of them that it lacks in English."""
    assert sentence_of(reason, (language, words.ENGLISH)) == said
