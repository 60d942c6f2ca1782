"""Where lines of subtitles break, and what that costs."""

from collections.abc import Callable

import pytest
from hypothesis import example, given, settings, strategies as st

from container_worker.render.linebreak import clusters, pieces, wrap

Measure = Callable[[str], float]


def _width(text: str) -> float:
    """Wide characters are 2, marks and joiners 0, others 1."""
    return sum(0 if len(clusters_of_one(char)) == 0 else (2 if ord(char) > 0x2E80 else 1) for char in text)


def clusters_of_one(char: str) -> list[str]:
    """Nothing for a character that joins the one before it."""
    return [] if len(list(clusters("a" + char))) == 1 else [char]


def _filled_one_by_one(text: str, width: float) -> list[str]:
    """The definition: a unit goes onto the line if it fits there."""
    units: list[str] = []
    for piece in pieces(text.strip()):
        units += _greedy(list(clusters(piece)), width) if _width(piece.rstrip()) > width else [piece]
    return [line.strip() for line in _greedy(units, width)]


def _greedy(units: list[str], width: float) -> list[str]:
    lines = [""]
    for unit in units:
        if lines[-1] and _width((lines[-1] + unit).rstrip()) > width:
            lines.append("")
        lines[-1] += unit
    return [line for line in lines if line.strip()]


@example("a、、 、", 4, 1)
@example("aaaaaaa、a", 4, 1)
@example("  世a", 4, 2)
@settings(max_examples=300, deadline=None)
@given(st.text(alphabet="aab c  -,.世界、「」\u0301\u200d\ufe0f🙂", max_size=120), st.integers(4, 30), st.integers(1, 6))
def test_as_few_lines_as_filling_them_one_by_one_gives(text: str, width: int, most: int) -> None:
    """No word is lost, no line too wide, and one line more than are of use says that there are more."""
    lines, simply = wrap(text, width, _width, most), _filled_one_by_one(text, width)
    assert len(lines) == min(len(simply), most + 1)
    if len(simply) <= most:
        assert "".join(lines).replace(" ", "") == text.replace(" ", "")
    else:
        assert lines == simply[: most + 1]
    assert all(_width(line) <= width or len(list(clusters(line))) == 1 for line in lines)


def test_lines_are_even() -> None:
    """Not one full line and a word below it."""
    assert wrap("one two three four five six seven", 30, _width, 9) == ["one two three four", "five six seven"]
    assert wrap("一个没有空格的很长的句子", 22, _width, 9) == ["一个没有空格", "的很长的句子"]


@pytest.mark.parametrize("unit", ["a", "a ", "世", "e\u0301", "-a", "👨\u200d👩"])
def test_long_text_costs_as_much_as_the_lines_of_use(unit: str) -> None:
    """A word of 100,000 letters is measured once, and then only as far as it is shown."""
    measured = 0

    def measure(text: str) -> float:
        nonlocal measured
        measured += len(text)
        return float(len(text))

    text = unit * 100_000
    assert len(wrap(text, 40.0, measure, 9)) == 10
    # The whole once, as a paragraph and as a word, and ten lines some fifteen times.
    assert measured < 2 * len(text) + 10 * 15 * 80
