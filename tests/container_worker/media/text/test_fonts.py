"""Choice of fonts: the packaged ones, the system's for what those lack, and emoji in outlines."""

from pathlib import Path

import numpy as np
import pytest
from fontTools.fontBuilder import FontBuilder
from fontTools.pens.ttGlyphPen import TTGlyphPen
from fontTools.ttLib import TTFont

from container_worker.media.ffmpeg import find_ffmpeg
from container_worker.media.request import TextStyle
from container_worker.media.subtitles.renderer import SubtitleRenderer
from container_worker.media.text import fontbook, fonts
from container_worker.media.text.fontbook import FontBook
from container_worker.media.text.fonts import packaged_fonts, system_fonts_for

LOOK = TextStyle(48, (255, 255, 255), 2, (0, 0, 0), 0.0, (0, 0, 0), 1100, 40)
#: A skin tone, a family held together by joiners, a flag, a keycap, and two signs that become one.
EMOJI = {"skin tone": "👍🏽", "family": "👨‍👩‍👧", "flag": "🇩🇪", "keycap": "1️⃣", "heart": "❤️‍🔥"}


def _make_font(path: Path, chars: str, *, has_outlines: bool = True) -> Path:
    """A font of squares for these characters."""
    pen = TTGlyphPen(None)
    pen.moveTo((0, 0))
    for point in ((0, 700), (700, 700), (700, 0)):
        pen.lineTo(point)
    pen.closePath()
    names = [f"g{ord(char):04X}" for char in chars]
    builder = FontBuilder(1000, isTTF=True)
    builder.setupGlyphOrder([".notdef", *names])
    builder.setupCharacterMap(dict(zip(map(ord, chars), names, strict=True)))
    if has_outlines:
        builder.setupGlyf({name: pen.glyph() for name in (".notdef", *names)})
        builder.setupHorizontalMetrics(dict.fromkeys((".notdef", *names), (800, 0)))
        builder.setupHorizontalHeader(ascent=800, descent=-200)
    else:
        builder.setupHorizontalMetrics(dict.fromkeys((".notdef", *names), (800, 0)))
    builder.setupNameTable({"familyName": path.stem, "styleName": "Regular"})
    builder.setupOS2(usWinAscent=800, usWinDescent=200)
    builder.save(path)
    return path


def test_what_packaged_fonts_lack_comes_from_as_many_of_the_systems_as_it_takes(tmp_path: Path) -> None:
    """The one that covers most first, then those that add to it, and none that adds nothing."""
    for name, chars in (("a", "ກຂ"), ("b", "ကခဂ"), ("c", "ဂ"), ("z", "ກ")):
        _make_font(tmp_path / f"{name}.ttf", chars)
    (tmp_path / "broken.ttf").write_bytes(b"no font")
    found = system_fonts_for(frozenset("ກຂကခဂ"), [str(tmp_path)])
    assert [font.family for font in found] == ["b", "a"]


def test_a_font_of_pictures_is_not_taken_for_one_of_outlines(tmp_path: Path) -> None:
    """Libass would draw nothing, or a box."""
    _make_font(tmp_path / "colour.ttf", "ກ", has_outlines=False)
    assert system_fonts_for(frozenset("ກ"), [str(tmp_path)]) == []


def test_a_font_is_known_by_the_name_that_libass_looks_for(tmp_path: Path) -> None:
    """Name ID 1; by the nicer name, ID 16, libass finds nothing and draws nothing."""
    font = TTFont(_make_font(tmp_path / "plain.ttf", "ກ"))
    font["name"].setName("Nice Family", 16, 3, 1, 0x409)
    font.save(tmp_path / "nice.ttf")
    assert fonts.describe(tmp_path / "nice.ttf")["family"] == "plain"


def test_all_texts_together_cost_one_look_into_the_system(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """However many cues bring characters that nobody has; which these are is known before the first frame."""
    asked: list[frozenset[str]] = []

    def look(chars: frozenset[str]) -> list[fonts.Font]:
        asked.append(chars)
        return []

    monkeypatch.setattr(fontbook, "system_fonts_for", look)
    book = FontBook()
    texts = [f"word {chr(0xF0000 + number)}" for number in range(500)]
    with SubtitleRenderer(texts, LOOK, (1280, 720), str(find_ffmpeg().path), tmp_path, book) as typesetter:
        typesetter.draw(0)
    assert len(asked) == 1
    assert len(book.missing) == 500


def _ink(folder: Path, text: str, book: FontBook) -> np.ndarray:
    """Mask of the text's opaque pixels, cut to its own box."""
    folder.mkdir()
    with SubtitleRenderer([text], LOOK, (1280, 720), str(find_ffmpeg().path), folder, book) as typesetter:
        patch = typesetter.draw(0)
    assert patch is not None
    ink = patch.luma.colour > 120
    rows, columns = np.flatnonzero(ink.any(axis=1)), np.flatnonzero(ink.any(axis=0))
    return ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]


@pytest.mark.parametrize("kind", EMOJI)
def test_emoji_are_drawn_as_outlines(tmp_path: Path, kind: str) -> None:
    """In one font, no part left out, with a shape of their own, and not as an empty box."""
    text = EMOJI[kind]
    book = FontBook(use_system=False)
    assert book.drawable(text) == text
    assert not book.missing
    (run,) = book.runs(text)
    assert run.font.family == "Noto Emoji"
    ink = _ink(tmp_path / "one", text, book)
    hollow = ink[2:-2, 2:-2]
    assert 0.05 < hollow.mean() < 0.9
    assert len(np.unique(ink.sum(axis=1))) > 6, "rows are not all alike, as those of a box are"
    assert ink.shape[1] < 1.4 * LOOK.em_px


def test_a_joined_emoji_is_one_sign_and_another_than_its_parts(tmp_path: Path) -> None:
    """The family is drawn as a family, not as three people in a row."""
    book = FontBook(use_system=False)
    joined, apart = _ink(tmp_path / "joined", "👨‍👩‍👧", book), _ink(tmp_path / "apart", "👨👩👧", book)
    assert joined.shape[1] < 0.6 * apart.shape[1]


def test_emoji_beside_words_are_drawn_in_their_own_font() -> None:
    """Neither the words nor the digits go over to it."""
    runs = FontBook(use_system=False).runs("Step 1️⃣ is 👍🏽 done 3 🇩🇪")
    assert [(run.font.family, run.text.strip()) for run in runs if run.text.strip()] == [
        ("Noto Sans", "Step"), ("Noto Emoji", "1️⃣"), ("Noto Sans", "is"), ("Noto Emoji", "👍🏽"), ("Noto Sans", "done 3"),
        ("Noto Emoji", "🇩🇪"),
    ]  # fmt: skip
    assert not any(run.text.endswith(" ") for run in runs if run.font.family == "Noto Emoji"), "its space is an em wide"


def test_the_coverage_file_is_that_of_the_packaged_fonts() -> None:
    """Facts read at build time are the fonts' own."""
    for font in packaged_fonts().values():
        facts = fonts.describe(font.path)
        assert (font.family, list(font.ranges)) == (facts["family"], facts["ranges"])
    assert {font.path for font in packaged_fonts().values()} == set(fonts.PACKAGED.glob("*.ttf"))
