"""Sentences inside sentences: whatever libraries, servers and other reasons say, no punctuation is doubled or missing."""

import re
import signal
import string

import pytest

from sceneburst.words import ENGLISH
from scenequeue.reasons import Code, Parameter, Reason
from scenequeue.reasons.endings import ending_of, exit_code_of_container

_FOREIGN = "invalid username-password pair or user is disabled."
#: Marks that stand beside one another, or apart from the word before.
_ODD = re.compile(r"[.?!][;,:)]|[;,:]{2}|[;,:]\.|\s[;,:)]|  ")


def _parameter(name: str, spec: str, problem: Parameter) -> Parameter:
    if spec in {", ", "; ", " + ", "\n"}:
        return (Reason(Code.OTHER, {"text": _FOREIGN}),) * 2
    if spec in {"", "quoted", "need"}:
        return problem if name == "problem" else Reason(Code.EXITED, {"exit_code": 1}) if name == "ending" else "x"
    return 2


@pytest.mark.parametrize("problem", [_FOREIGN, Reason(Code.OTHER, {"text": _FOREIGN})], ids=["text", "reason"])
def test_no_sentence_doubles_the_marks_of_those_inside_it(problem: Parameter) -> None:
    """Libraries end theirs with a full stop, we do not; only a message that stands alone keeps it."""
    odd = {}
    for code, sentence in ENGLISH.sentences.items():
        fields = [(name, spec or "") for _, name, spec, _ in string.Formatter().parse(sentence) if name]
        said = Reason(code, {name: _parameter(name, spec, problem) for name, spec in fields}).text
        if _ODD.search(said) or (said.endswith(".") and code != Code.OTHER):
            odd[code] = said
    assert odd == {}


def test_a_refused_login_is_one_sentence() -> None:
    """Redis's own words are a part of it."""
    said = Reason(Code.REDIS_LOGIN_REFUSED, {"url": "redis://h", "problem": _FOREIGN, "setting": "--redis-url"}).text
    assert said.startswith("Redis at redis://h refuses the login: invalid username-password pair or user is disabled; are user")


@pytest.mark.parametrize("text", ["wait …", "and so on...", "ends in .."])
def test_dots_that_say_that_more_follows_stay(text: str) -> None:
    """They are no full stop."""
    assert Reason(Code.INSIDE, {"place": "a", "mistake": Reason(Code.OTHER, {"text": text})}).text == f"a: {text}"


@pytest.mark.parametrize(
    ("exit_code", "is_explained", "text"),
    [
        (0, False, "ended with code 0"),
        (3, False, "ended with code 3"),
        (-signal.SIGKILL, False, "was killed by signal 9 (SIGKILL), perhaps because memory ran out"),
        (-signal.SIGKILL, True, "was killed by signal 9 (SIGKILL)"),
        (-signal.SIGSEGV, False, "was killed by signal 11 (SIGSEGV)"),
        (-40, False, "was killed by signal 40"),
    ],
)
def test_an_exit_code_is_told_in_words(exit_code: int, is_explained: bool, text: str) -> None:
    """A signal by its number and its name, if it has one."""
    assert ending_of(exit_code, is_explained=is_explained).text == text


@pytest.mark.parametrize(("said", "exit_code"), [(137, -9), (143, -15), (0, 0), (1, 1), (128, 128), (255, 255), (-9, -9)])
def test_what_a_container_engine_adds_to_a_signal_is_taken_off(said: int, exit_code: int) -> None:
    """137 is 128 and 9."""
    assert exit_code_of_container(said) == exit_code
