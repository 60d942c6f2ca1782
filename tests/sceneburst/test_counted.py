"""Numbers in sentences."""

import ast
import re
import string
from itertools import pairwise
from pathlib import Path

import pytest

from sceneburst.counted import Number, counted
from sceneburst.words import ENGLISH


@pytest.mark.parametrize(("number", "told"), [(0, "0 scenes"), (1, "1 scene"), (2, "2 scenes"), (-1, "-1 scenes")])
def test_one_is_singular_and_all_else_plural(number: int, told: str) -> None:
    """As in English."""
    assert counted(number, "scene") == told


def test_a_noun_may_have_a_plural_of_its_own() -> None:
    """Not every one ends in s."""
    assert [counted(number, "try", "tries") for number in (1, 2)] == ["1 try", "2 tries"]


def test_words_around_a_number_agree_with_it() -> None:
    """Verbs and pronouns too."""
    told = [f"{Number(number):1 cue is|# cues are} left out" for number in (1, 3)]
    assert told == ["1 cue is left out", "3 cues are left out"]


#: Counts that are never one: file, noun.
_SEVERAL = {
    # The only one has words of its own.
    ("sceneburst/commands/operators/dead.py", "letters"),
}
#: The same of sentences: code, parameter.
_SEVERAL_IN_SENTENCES = {
    ("deliveries_failed", "deliveries"),
    # More than a limit of several.
    ("cues_too_many", "cues"),
    ("file_too_large", "size"),
    ("scenes_over_limit", "scenes"),
    ("subtitles_too_large", "bytes"),
}
_COUNTED = re.compile(
    r" (?:more |other |dead )?(attempts|bytes|changes|containers|cues|deliveries|errors|files|hits|items|jobs|launches|letters"
    r"|minutes|mistakes|runs|scenes|slots|subnets|tries|warnings)\b"
)


def test_no_sentence_puts_a_plural_behind_a_number_that_may_be_one() -> None:
    """`counted` puts the noun there; constants are never one."""
    root = Path(__file__).parents[2]
    found = set()
    for package in ("sceneburst", "producer", "dispatcher", "container_worker", "scenequeue", "chaos"):
        for path in (root / package).rglob("*.py"):
            texts = (node.values for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.JoinedStr))
            for before, behind in (pair for parts in texts for pair in pairwise(parts)):
                is_count = isinstance(before, ast.FormattedValue) and not _is_constant(before.value)
                noun = _COUNTED.match(str(behind.value)) if isinstance(behind, ast.Constant) else None
                if is_count and noun:
                    found.add((str(path.relative_to(root)), noun[1]))
    assert found == _SEVERAL


def test_no_sentence_of_a_reason_puts_a_plural_behind_a_number_that_may_be_one() -> None:
    """`{cues:1 cue|# cues}` says both."""
    found = set()
    for code, sentence in ENGLISH.sentences.items():
        parts = list(string.Formatter().parse(sentence))
        for (_, name, spec, _), (behind, *_) in pairwise(parts):
            if name and not spec and name not in {"limit", "most"} and _COUNTED.match(behind):
                found.add((code, name))
    assert found == _SEVERAL_IN_SENTENCES


def _is_constant(value: ast.expr) -> bool:
    """True for names of constants, and what is computed of them."""
    names = [node.id for node in ast.walk(value) if isinstance(node, ast.Name)]
    return bool(names) and all(name.isupper() for name in names)
