"""Fonts are chosen by the words around a mark, by the language, and by all texts of a file."""

import pytest
from hypothesis import given, settings, strategies as st

from container_worker.media.text import fontbook
from container_worker.media.text.fontbook import FontBook
from container_worker.media.text.writing import han_of

SHORT = {"Noto Sans": "latin", "Noto Sans SC": "SC", "Noto Sans TC": "TC", "Noto Sans JP": "JP", "Noto Sans KR": "KR"}


def _runs(text: str, language: str | None = None) -> list[tuple[str, str]]:
    """Families and texts of a cue's runs."""
    book = FontBook(language, use_system=False)
    assert book.drawable(text) == text
    return [(SHORT.get(run.font.family, run.font.family), run.text) for run in book.runs(text)]


@pytest.mark.parametrize(
    ("text", "language", "runs"),
    [
        ("She said “Don’t go…”", None, [("latin", "She said “Don’t go…”")]),
        ("L’été, c’est « beau »\u202f! — Déjà", None, [("latin", "L’été, c’est « beau »\u202f! — Déjà")]),
        ("Он сказал: “Да…”", None, [("latin", "Он сказал: “Да…”")]),
        ("他说“直接”…", "zh-Hans", [("SC", "他说“直接”…")]),
        ("他说“直接”…", None, [("SC", "他说“直接”…")]),
        ("我们 don’t 去", None, [("SC", "我们 "), ("latin", "don’t "), ("SC", "去")]),
        ("그는 “안녕” 직접", "ko", [("KR", "그는 “안녕” 직접")]),
        ("그는 直接 “안녕”", None, [("KR", "그는 "), ("JP", "直接 "), ("KR", "“안녕”")]),
        ("The word “你好” means", None, [("latin", "The word “"), ("SC", "你好"), ("latin", "” means")]),
        ("The word (你好) means", None, [("latin", "The word ("), ("SC", "你好"), ("latin", ") means")]),
        ("یہ “اردو” ہے", "ur", [("Noto Nastaliq Urdu", "یہ “اردو” ہے")]),
        ("یہ “اردو” ہے", "ar", [("Noto Sans Arabic", "یہ “اردو” ہے")]),
        ("“直接”…\nHe said “directly” 3", None, [("SC", "“直接”…\n"), ("latin", "He said “directly” 3")]),
        ("直接\n“……”", None, [("SC", "直接\n“……”")]),
        ("ᐃᓄᓕᒫᑦ", None, [("Noto Sans CanAborig", "ᐃᓄᓕᒫᑦ")]),
        ("आप कैसे हैं।", None, [("Noto Sans Devanagari", "आप कैसे हैं।")]),
        ("আপনি।", None, [("Noto Sans Bengali", "আপনি।")]),
        ("สวัสดี 👍🏽 ok", None, [("Noto Sans Thai", "สวัสดี "), ("Noto Emoji", "👍🏽"), ("Noto Sans Thai", " "), ("latin", "ok")]),
        ("♪ la la ♪", None, [("Noto Sans Symbols", "♪ "), ("latin", "la la "), ("Noto Sans Symbols", "♪")]),
    ],
)
def test_a_mark_is_drawn_in_the_font_of_the_words_it_belongs_to(
    text: str, language: str | None, runs: list[tuple[str, str]]
) -> None:
    """Quotes are as wide as their script has them, brackets alike at both ends, and spaces never an emoji's."""
    assert _runs(text, language) == runs


@pytest.mark.parametrize(
    ("language", "texts", "han"),
    [
        ("ja", ["语言"], "Jpan"),
        ("zh-TW", ["语言"], "Hant"),
        ("zh-Hans-HK", ["語言"], "Hans"),
        ("yue", ["语言"], "Hant"),
        ("zh", ["語言發展"], "Hant"),
        ("en", ["語言發展"], "Hant"),
        (None, ["语言发展"], "Hans"),
        (None, ["語言發展"], "Hant"),
        (None, ["直接", "です"], "Jpan"),
        (None, ["直接", "안녕"], "Kore"),
        (None, ["我们都喜欢寿司店门口的那个牌子上面写着的字，" * 3, "の"], "Hans"),
        (None, ["plain"], "Hans"),
    ],
)
def test_whose_ideographs_are_drawn_is_told_by_language_or_by_all_texts(language: str | None, texts: list[str], han: str) -> None:
    """The language where it says; else kana, Hangul, or characters that only one of the Chinese encodings has."""
    assert han_of(language, texts) == han


def test_one_file_has_one_hand_whatever_a_single_cue_holds() -> None:
    """A cue of ideographs alone in a Japanese file is Japanese."""
    book = FontBook(use_system=False)
    book.find_fonts(["これは", "直骨海"])
    assert {run.font.family for run in book.runs("直骨海")} == {"Noto Sans JP"}


#: All kinds of characters that meet in subtitles, Latin ones more often.
_MIXED = "abc\n Ж é“”‘’…—·.,!?()1直かア안สวะำကက္ခកុ្កক্শऄ़ا،“ ﷺ\u200d\ufe0f👍🏽🇩🇪1️⃣\u00a0\u202f\u3000\u0301\u200b♪☀✓→€ꦱ꧀ꦱ་"


@settings(max_examples=300, deadline=None)
@given(st.text(alphabet=_MIXED, max_size=40), st.sampled_from([None, "ja", "zh-Hant", "ko", "ur", "en"]))
def test_no_character_is_drawn_in_a_font_that_lacks_it(text: str, language: str | None) -> None:
    """Such a one would be a box. Nothing is lost between runs either."""
    book = FontBook(language, use_system=False)
    text = book.drawable(text)
    runs = book.runs(text)
    assert "".join(run.text for run in runs) == text
    for run in runs:
        drawn = [char for char in run.text if char != "\n" and (char.isspace() or not fontbook._is_invisible(char))]
        assert all(map(run.font.covers, drawn)), run


@settings(max_examples=200, deadline=None)
@given(st.text(alphabet="".join(sorted(fontbook._latin())), max_size=30))
def test_the_short_way_for_european_texts_leads_where_the_long_one_does(text: str) -> None:
    """It is there for speed alone."""
    book = FontBook(use_system=False)
    short = book.fonts_for(text)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(fontbook, "_latin", frozenset)
        assert [font.family for font in book.fonts_for(text)] == [font.family for font in short]
