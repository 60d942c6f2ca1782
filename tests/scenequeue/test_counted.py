"""Numbers in sentences."""

import ast
import re
from itertools import pairwise
from pathlib import Path

import pytest

from scenequeue.counted import Number, counted


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
    ("sceneburst/http_api/errors.py", "mistakes"),
    ("producer/handle.py", "deliveries"),
    # More than a limit of several.
    ("sceneburst/http_api/bodies.py", "scenes"),
    ("container_worker/media/subtitles/cues.py", "cues"),
    ("container_worker/media/subtitles/cues.py", "bytes"),
    ("scenequeue/storages/files.py", "bytes"),
    ("scenequeue/storages/https.py", "bytes"),
    ("scenequeue/storages/s3.py", "bytes"),
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


def _is_constant(value: ast.expr) -> bool:
    """True for names of constants, and what is computed of them."""
    names = [node.id for node in ast.walk(value) if isinstance(node, ast.Name)]
    return bool(names) and all(name.isupper() for name in names)
