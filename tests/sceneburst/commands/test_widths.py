"""Tables on terminals of 60 and of 120 columns: every word whole, every value there, a line a row where there is room."""

from collections.abc import Callable

import pytest

from tests.sceneburst.commands.conftest import CONTAINER, JOB
from tests.sceneburst.conftest import Console

_TABLES: list[tuple[tuple[str, ...], tuple[str, ...]]] = [
    (("queue",), (JOB, "later", "scene1", "bulk")),
    (("queue", "peek"), (JOB, "0-3", "scene3", "later", "render")),
    (("jobs",), (JOB, "later", "shop=north", "active")),
    (("status", JOB), (JOB, "active", "normal", "shop=north")),
    (("results", JOB), ("scene0", "done", "s3://b/scene0.mp4", "scene1", "BadInput")),
    (("dead",), (JOB, "0-1", "scene1", "BadInput", "WEBP")),
    (("containers",), (CONTAINER, "process", "50%")),
]


@pytest.mark.usefixtures("worked")
@pytest.mark.parametrize("columns", [60, 120])
@pytest.mark.parametrize(("words", "values"), _TABLES, ids=lambda value: " ".join(value[:2]))
def test_every_value_is_whole_at_any_width(
    console: Console, at_width: Callable[[int], None], columns: int, words: tuple[str, ...], values: tuple[str, ...]
) -> None:
    """And no line is longer than the terminal, but for a single word that is."""
    at_width(columns)
    ended = console(*words)
    assert (ended.code, ended.err) == (0, "")
    for value in values:
        assert value in ended.out
    for line in ended.out.splitlines():
        assert len(line.rstrip()) <= columns or " " not in line.strip(), line


@pytest.mark.usefixtures("worked")
def test_a_wide_terminal_has_a_line_a_row_under_its_headings(console: Console, at_width: Callable[[int], None]) -> None:
    """A narrow one names each value beside it."""
    at_width(120)
    wide = console("queue", "peek").out.splitlines()
    assert sum(line.split()[:1] in (["later"], [JOB]) for line in wide) == 3
    assert {"job", "item", "name", "kind", "seconds"} <= set(wide[0].split()) | set(wide[1].split())
    at_width(60)
    narrow = console("jobs").out
    assert narrow.count("lane") == 2
