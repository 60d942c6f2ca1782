"""Docstrings begin with what a reader looks for: a thing or a verb."""

import ast
from pathlib import Path

import pytest

from scenequeue.start import PACKAGES

_ROOT = Path(__file__).parents[2]
_QUESTIONS = ("How", "That", "What", "When", "Where", "Whether", "Which", "Who", "Why")


@pytest.mark.parametrize("package", [*PACKAGES, "chaos", "benchmarks", "deploy", "docs", "examples", "tests"])
def test_no_docstring_begins_with_a_question_word(package: str) -> None:
    """`Return True if …` or a noun is read once; `Whether …` is read twice."""
    found = []
    for file in sorted((_ROOT / package).rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
                first = (ast.get_docstring(node) or "").partition("\n")[0]
                if first.partition(" ")[0].strip(",:;.") in _QUESTIONS:
                    found.append(f"{file.relative_to(_ROOT)}: {first}")
    assert found == []
