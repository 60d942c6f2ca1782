"""Line breaks of subtitles, and their cost."""

import unicodedata

import pytest
from hypothesis import example, given, settings, strategies as st

from container_worker.media.subtitles.cue import plain
from container_worker.media.text.clusters import clusters
from container_worker.media.text.linebreak import pieces, wrap


def _width(text: str) -> float:
    """Wide characters are 2, marks and joiners 0, others 1."""
    return sum(0 if len(clusters_of_one(char)) == 0 else (2 if ord(char) > 0x2E80 else 1) for char in text)


def _wrapped(text: str, width: float, most: int) -> list[str]:
    """The lines' texts."""
    return [text[start:end] for start, end in wrap(text, width, lambda start, end: _width(text[start:end]), most)]


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


#: Of all kinds that breaking knows.
_LETTERS = "aab c  -,.世界、「」\u0301\u200d\ufe0f🙂\u00a0\u200bเกาะ"


@example("a、、 、", 4, 1)
@example("aaaaaaa、a", 4, 1)
@example("  世a", 4, 2)
@settings(max_examples=300, deadline=None)
@given(st.text(alphabet=_LETTERS, max_size=120), st.integers(4, 30), st.integers(1, 6))
def test_as_few_lines_as_filling_them_one_by_one_gives(text: str, width: int, most: int) -> None:
    """No word is lost, no line too wide, and one line more than are of use says that there are more."""
    lines, simply = _wrapped(text, width, most), _filled_one_by_one(text, width)
    assert len(lines) == min(len(simply), most + 1)
    if len(simply) <= most:
        assert "".join("".join(lines).split()) == "".join(text.split())
    else:
        assert lines == simply[: most + 1]
    assert all(_width(line) <= width or len(list(clusters(line))) == 1 for line in lines)


def test_lines_are_even() -> None:
    """Not one full line and a word below it."""
    assert _wrapped("one two three four five six seven", 30, 9) == ["one two three four", "five six seven"]
    assert _wrapped("一个没有空格的很长的句子", 22, 9) == ["一个没有空格", "的很长的句子"]


@pytest.mark.parametrize("unit", ["a", "a ", "世", "e\u0301", "-a", "👨\u200d👩"])
def test_long_text_costs_as_much_as_the_lines_of_use(unit: str) -> None:
    """A word of 100,000 letters is measured once, and then only as far as it is shown."""
    measured = 0

    def measure(start: int, end: int) -> float:
        nonlocal measured
        measured += end - start
        return float(end - start)

    text = unit * 100_000
    assert len(wrap(text, 40.0, measure, 9)) == 10
    # The whole once, as a paragraph and as a word, and ten lines some fifteen times.
    assert measured < 2 * len(text) + 10 * 15 * 80


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("มนุษย์ทั้งหลายเกิดมามีอิสระ", "มนุษย์ ทั้ง หลาย เกิด มา มี อิสระ"),
        ("មនុស្សទាំងអស់កើតមក", "មនុស្ស ទាំងអស់ កើតមក"),
        ("လူတိုင်းသည်တူညီ", "လူ တိုင်း သည် တူညီ"),
        ("ມະນຸດທຸກຄົນເກີດມາ", "ມະນຸດ ທຸກຄົນ ເກີດ ມາ"),
        ("རིགས་རྒྱུད་", "རིགས་ རྒྱུད་"),
        ("བོད་ཡིག།", "བོད་ ཡིག།"),
        ("ሰላም፡ዓለም", "ሰላም፡ ዓለም"),
        ("他说“直接”。", "他 说 “直 接”。"),
    ],
)
def test_scripts_without_spaces_break_between_words(text: str, words: str) -> None:
    """Lines break where a dictionary or the script's own mark ends a word, never inside a stack of letters."""
    assert list(pieces(text)) == words.split(" ")


@pytest.mark.parametrize("text", ["10\u00a0km", "«\u202foui\u202f»", "世\u2060界", "« oui »"])
def test_what_belongs_together_is_not_broken(text: str) -> None:
    """Spaces that hold together, the joiner of no width, and French quotes with the spaces inside them."""
    assert list(pieces(text)) == [text]


def test_a_no_break_space_in_a_file_stays_one() -> None:
    """Written as a character or as an entity."""
    assert plain("10\u00a0km&nbsp;weit") == "10\u00a0km\u00a0weit"


def test_a_space_of_no_width_is_a_place_to_break() -> None:
    """U+200B allows a break, and German quotes (»…«) do not hold the spaces outside them, as French ones hold those inside."""
    assert list(pieces("super\u200bcalifragilistic")) == ["super\u200b", "califragilistic"]
    assert list(pieces("sagt »ja« und")) == ["sagt ", "»ja« ", "und"]


@pytest.mark.parametrize("text", ["เกาะนี้น้ำใส", "ໂລກນີ້ນ້ຳໃສ", "ក្សត្រី", "ဿ္သင်္ဘောသား", "क्षत्रिय", "ක්‍රි", "ꦲꦏ꧀ꦱꦫ", "👩‍👩‍👧🏽", "1️⃣"])
def test_a_word_too_long_for_any_line_is_torn_between_clusters(text: str) -> None:
    """No line begins with a mark, a vowel that stands behind its consonant, or the lower half of a stack; none ends with half."""
    lines = _wrapped(text, 0.5, 99)
    assert "".join(lines) == text
    assert not any(unicodedata.category(line[0]).startswith("M") or line[0] in "ะาำະາຳ\u200d" for line in lines)
    assert not any(line[-1] in "เแโใไເແໂໃໄ\u17d2\u1039\ua9c0\u094d\u200d" for line in lines)
