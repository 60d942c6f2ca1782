"""Texts are laid out and drawn a few at a time, and look as if they had been all at once."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest

from container_worker.media.ffmpeg import find_ffmpeg
from container_worker.media.request import TextStyle
from container_worker.media.subtitles import renderer
from container_worker.media.subtitles.renderer import AssBatch, SubtitleRenderer
from container_worker.media.text import layout
from container_worker.media.text.fontbook import FontBook, Run
from container_worker.media.text.fonts import Font
from container_worker.media.text.layout import lay_out
from container_worker.media.text.shaping import extent_of
from tests.support.waiting import wait_until

LOOK = TextStyle(24, (255, 255, 255), 1, (0, 0, 0), 0.5, (0, 0, 0), 560, 20)
TEXTS = [f"Text {number} 世界 مرحبا" + " and some more words" * (number % 5) for number in range(12)]


def _typesetter(texts: list[str], folder: Path) -> SubtitleRenderer:
    folder.mkdir()
    return SubtitleRenderer(texts, LOOK, (640, 360), str(find_ffmpeg().path), folder, FontBook(use_system=False))


def test_texts_drawn_in_parts_are_those_drawn_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same pixels in the same places, whichever child drew them."""
    patches = {}
    for at_once in (100, 5):
        monkeypatch.setattr(renderer, "_BATCH_SIZE", at_once)
        with _typesetter(TEXTS, tmp_path / str(at_once)) as typesetter:
            patches[at_once] = [typesetter.draw(index) for index in range(len(TEXTS))]
    for whole, part in zip(patches[100], patches[5], strict=True):
        assert whole is not None
        assert part is not None
        assert whole.extent == part.extent
        assert np.array_equal(whole.luma.colour, part.luma.colour)


def _is_ffmpeg(process: psutil.Process) -> bool:
    try:
        return process.name().startswith("ffmpeg")
    except psutil.NoSuchProcess:
        return False


def test_what_draws_the_texts_has_ended_while_they_show(tmp_path: Path) -> None:
    """Its memory is free for the encoder then; texts that come much later are drawn by another."""

    def drawing() -> list[psutil.Process]:
        return [child for child in psutil.Process().children() if _is_ffmpeg(child)]

    with _typesetter([*TEXTS, *TEXTS], tmp_path / "texts") as typesetter:
        assert typesetter.draw(0) is not None
        wait_until(lambda: not drawing(), "the first texts and the next are drawn")
        assert all(typesetter.draw(index) is not None for index in range(1, 2 * len(TEXTS)))
    assert not drawing()


def test_only_one_batch_of_thousands_of_texts_is_laid_out_before_the_first_is_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One more when it is asked for; and characters are looked up once, not once a text."""
    laid_out, lookups = [], 0
    inner = Font.covers

    def count_layout(text: str, *more: Any) -> Any:
        laid_out.append(text)
        return lay_out(text, *more)

    def count_lookup(font: Font, char: str) -> bool:
        nonlocal lookups
        lookups += 1
        return inner(font, char)

    monkeypatch.setattr(renderer, "lay_out", count_layout)
    monkeypatch.setattr(Font, "covers", count_lookup)
    texts = [f"Text {number} with a good many words 世界 in it, to lay out" for number in range(20_000)]
    with _typesetter(texts, tmp_path / "many") as typesetter:
        assert lookups < 5_000
        assert len(laid_out) <= renderer._BATCH_SIZE
        assert typesetter.draw(0) is not None
    assert laid_out == texts[: len(laid_out)]
    assert len(laid_out) <= 2 * renderer._BATCH_SIZE


@pytest.mark.parametrize("text", ["a" * 2000, "世" * 2000, "word " * 400, "e\u0301" * 1000])
def test_a_text_that_fills_more_than_the_frame_is_cut_with_a_warning(
    tmp_path: Path, text: str, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its characters are measured a few times each, and it is kept to its share of the frame."""
    measured = 0

    def count(run: Run, language: str) -> Any:
        nonlocal measured
        measured += len(run.text)
        return extent_of(run, language)

    monkeypatch.setattr(layout, "extent_of", count)
    with _typesetter([text, "short"], tmp_path / "long") as typesetter:
        patch = typesetter.draw(0)
    assert measured < 10 * len(text)
    assert patch is not None
    assert patch.luma.colour.shape[0] < 0.75 * 360
    (line,) = capfd.readouterr().out.splitlines()
    assert json.loads(line) == {"warning": {"code": "text_cut", "parameters": {"cues": 1}}}


@pytest.mark.parametrize("colour", [(255, 255, 255), (0, 0, 0), (255, 0, 0), (0, 224, 255), (128, 128, 128)])
def test_words_and_outlines_have_just_the_colour_that_was_named(tmp_path: Path, colour: tuple[int, int, int]) -> None:
    """White is white and not a light grey, which is what limited range makes of it when it is applied twice."""
    for number, part in enumerate(({"colour": colour, "em_px": 80}, {"outline_colour": colour, "outline_px": 8})):
        folder = tmp_path / str(number)
        folder.mkdir()
        look = replace(LOOK, **part)
        block, _ = lay_out("III", FontBook(use_system=False), look, 9)
        sheet = AssBatch([block], look, (640, 360), str(find_ffmpeg().path), folder)
        picture = sheet.next_picture()
        sheet.close()
        solid = picture[picture[..., 3] == 255][:, :3]
        assert (solid == colour).all(axis=1).sum() > 200
