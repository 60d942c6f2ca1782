"""Texts of all scripts as they are measured, set and really drawn."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from container_worker.media.ffmpeg import find_ffmpeg
from container_worker.media.request import TextStyle
from container_worker.media.subtitles.renderer import AssBatch, SubtitleRenderer
from container_worker.media.text.fontbook import FontBook, Run
from container_worker.media.text.fonts import packaged_fonts
from container_worker.media.text.layout import Block, lay_out
from container_worker.media.text.shaping import extent_of

LOOK = TextStyle(48, (255, 255, 255), 0, (0, 0, 0), 0.0, (0, 0, 0), 1100, 40)
FRAME = (1280, 720)
#: One line of each script whose ink is taller than Latin's.
TALL = {
    "nastaliq": ("ur", "تمام انسان آزاد اور حقوق و عزت کے اعتبار سے برابر"),
    "javanese": ("jv", "ꦱꦧꦼꦤ꧀ꦤꦸꦮꦺꦴꦁꦏꦭꦲꦶꦂꦫꦏꦺ"),
    "tibetan": ("bo", "འགྲོ་བ་མིའི་རིགས་རྒྱུད་ཡོངས་ལ་"),
    "burmese": ("my", "လူတိုင်းသည် တူညီ လွတ်လပ်သော ဂုဏ်သိက္ခာ"),
}


def _laid_out(text: str, language: str | None = None) -> Block:
    book = FontBook(language, use_system=False)
    assert book.drawable(text) == text
    return lay_out(text, book, LOOK, 9)[0]


def _drawn(folder: Path, *blocks: Block) -> list[npt.NDArray[np.bool_]]:
    """Draw each block alone and mark its ink: rows from the lower edge of the text upwards, those below the edge last."""
    folder.mkdir(exist_ok=True)
    sheet = AssBatch(blocks, LOOK, FRAME, str(find_ffmpeg().path), folder)
    pictures = [sheet.next_picture()[..., 3] > 100 for _ in blocks]
    sheet.close()
    edge = sheet.size[1] - sheet.below_px
    return [np.concatenate([picture[:edge][::-1], picture[edge:]]) for picture in pictures]


def _columns(ink: npt.NDArray[np.bool_]) -> int:
    found = np.flatnonzero(ink.any(axis=0))
    return int(found[-1] - found[0]) if len(found) else 0


@pytest.mark.parametrize(
    ("mark", "font", "em"),
    [("’", "NotoSans", 0.175), ("“", "NotoSans", 0.359), ("“", "NotoSansSC", 1.0), ("“", "NotoSansKR", 0.474)],
)
def test_a_quote_is_as_wide_as_its_script_has_it(mark: str, font: str, em: float) -> None:
    """Latin and Korean ones are narrow, Chinese ones fill a square."""
    assert extent_of(Run(packaged_fonts()[font], mark), "en").width == pytest.approx(em, abs=0.001)


def test_text_is_measured_as_shaped() -> None:
    """Joined and stacked letters are not as wide as one after the other: 685 px of Kannada, 963 of its letters."""
    text = "ಎಲ್ಲಾ ಮಾನವರೂ ಸ್ವತಂತ್ರರಾಗಿಯೇ ಜನಿಸಿದ್ದಾರೆ."
    book = FontBook(use_system=False)
    shaped = sum(extent_of(run, "en").width for run in book.runs(text)) * 48
    apart = sum(extent_of(Run(run.font, char), "en").width for run in book.runs(text) for char in run.text) * 48
    assert shaped < 0.8 * apart


@pytest.mark.parametrize("sample", TALL)
def test_two_tall_lines_share_no_row_and_stay_in_their_box(tmp_path: Path, sample: str) -> None:
    """However far their ink reaches above and below; each is drawn as wide and as tall as it was measured."""
    language, text = TALL[sample]
    one, two = _laid_out(text, language), _laid_out(f"{text}\n{text}", language)
    assert two.height_px > one.height_px + 48 * 1.32
    single, double = _drawn(tmp_path / "both", one, two)
    alone, rows = (np.flatnonzero(picture.any(axis=1)) for picture in (single, double))
    assert len(rows) == pytest.approx(2 * len(alone), abs=2), "no row is touched by both lines"
    assert rows[-1] <= two.height_px + 1
    assert single[: round(one.height_px)].sum() == single.sum(), "nothing below the edge"
    measured = sum(extent_of(run, one.language).width for run in one.lines[0].runs) * 48
    assert _columns(single) == pytest.approx(measured, rel=0.04, abs=5)


def test_lines_of_latin_and_chinese_are_as_far_apart_as_ever() -> None:
    """1.32 em, and the box of n lines has one height whatever is in them."""
    for text in ("One\ntwo", "一行\n两行", "Ågq\nxxx", "Иван\nΑθήνα", "か\n안녕"):
        assert _laid_out(text).height_px == pytest.approx((1.32 + 1.25) * 48)


def test_every_paragraph_has_its_own_direction() -> None:
    """Cues that are shown together are of two speakers, perhaps of two scripts; what is wrapped stays as it began."""
    arabic = "مرحبا بالعالم، " * 9
    block = _laid_out(f"Hello\n{arabic}English\nbye")
    assert [line.is_right_to_left for line in block.lines] == [False, *[True] * (len(block.lines) - 2), False]
    assert len(block.lines) > 3


def test_a_line_that_begins_with_arabic_is_still_of_its_english_paragraph(tmp_path: Path) -> None:
    """Its full stop stands at the right end, as it would had the paragraph not been broken before the Arabic word."""
    block = _laid_out("English " * 6 + "مرحبا" * 8 + " last words.")
    first, second = block.lines
    assert second.runs[0].font.family == "Noto Sans Arabic"
    assert (first.is_right_to_left, second.is_right_to_left) == (False, False)
    (picture,) = _drawn(tmp_path, replace(block, lines=(second,)))
    columns = np.flatnonzero(picture.any(axis=0))
    # What stands at the right end is a dot: no ink above a sixth of an em.
    right = picture[:, columns[-1] - 4 : columns[-1] + 1]
    assert np.flatnonzero(right.any(axis=1))[-1] - second.baseline_px < 48 / 6


def test_japanese_and_both_chinese_are_three_pictures(tmp_path: Path) -> None:
    """Of the same three characters, each language has its own forms."""
    pictures = _drawn(tmp_path, *(_laid_out("直骨海", language) for language in ("ja", "zh-Hans", "zh-Hant")))
    assert all(picture.sum() > 500 for picture in pictures)
    for index, one in enumerate(pictures):
        assert all(np.count_nonzero(one ^ other) > 60 for other in pictures[index + 1 :])


def _boxes(folder: Path, text: str) -> npt.NDArray[np.bool_]:
    """The text as one picture, cut to its ink."""
    (picture,) = _drawn(folder, _laid_out(text))
    rows, columns = np.flatnonzero(picture.any(axis=1)), np.flatnonzero(picture.any(axis=0))
    return picture[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]


@pytest.mark.parametrize("space", [" ", "\u00a0", "\u2009", "\u202f", "\u3000", "\u200b", "\u2060"])
@pytest.mark.parametrize("words", [("안녕", "세계"), ("ไทย", "ไทย"), ("直", "海"), ("ᐃᓄ", "ᐃᓄ")])
def test_between_words_there_is_no_box(tmp_path: Path, words: tuple[str, str], space: str) -> None:
    """Whatever space stands there, and whether the words' font has it or not."""
    together = _boxes(tmp_path / "spaced", space.join(words))
    apart = sum(int(_boxes(tmp_path / word, word).sum()) for word in words)
    assert together.sum() == pytest.approx(apart, rel=0.04)


def test_every_script_has_a_font_that_libass_finds(tmp_path: Path) -> None:
    """By the name that libass knows it by: a letter of each is drawn with ink, as tall as the font's own outline says."""
    from fontTools import unicodedata

    fonts = [font for font in packaged_fonts().values() if font.scripts]
    texts = []
    for font in fonts:
        spans = zip(font.ranges[::2], font.ranges[1::2], strict=True)
        chars = [chr(point) for begin, end in spans for point in range(begin, end)]
        letters = [char for char in chars if char.isalpha() and unicodedata.script(char) == font.scripts[0]]
        texts.append(letters[len(letters) // 2] * 2)
    blocks = [_laid_out(text) for text in texts]
    assert [block.lines[0].runs[0].font for block in blocks] == fonts
    for block, picture in zip(blocks, _drawn(tmp_path, *blocks), strict=True):
        (run,) = block.lines[0].runs
        extent = extent_of(run, block.language)
        rows = np.flatnonzero(picture.any(axis=1))
        assert len(rows), run
        assert rows[-1] + 1 - block.lines[0].baseline_px == pytest.approx(extent.above * 48, abs=1.5), run


def test_only_fonts_that_a_sheet_uses_are_given_to_libass(tmp_path: Path) -> None:
    """It reads all that there are into memory; what an earlier sheet used is taken away."""
    with _typesetter(["안녕", *["plain"] * 19], tmp_path) as typesetter:
        typesetter.draw(0)
        for index in range(1, 20):
            typesetter.draw(index)
    assert [path.name for path in (tmp_path / "fonts").iterdir()] == ["NotoSans-Regular.ttf"]


def _typesetter(texts: list[str], folder: Path) -> Any:
    return SubtitleRenderer(texts, LOOK, FRAME, str(find_ffmpeg().path), folder, FontBook(use_system=False))
