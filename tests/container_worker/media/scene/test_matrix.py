"""All options of a scene crossed pairwise, on really rendered videos."""

import random
from collections.abc import Callable
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from container_worker.media.ffmpeg import find_ffmpeg
from tests.container_worker.media.conftest import LENGTH_S, Made
from tests.support.media import Media
from tests.support.prober import check, first_sound_s, loudness_lufs, pictures_at, sound

#: Loudness is measured in blocks of 0.4 s: a scene whose loudness is asserted has some of them.
LOUD_LENGTH_S = 1.31
#: When the tone begins, and the subtitle comes up and goes.
BEGIN_S, CUE_END_S = 0.5, 0.8
LONG_PX = {360: 640, 480: 854, 720: 1280, 1080: 1920, 1440: 2560}
#: What is crossed. `music`, `watermark` and `subtitles` are inputs, the others options.
AXES: dict[str, list[Any]] = {
    "resolution": ["360p", "480p", "720p", "1080p", "1440p"],
    "fps": [24, 25, 30, 50, 60],
    "orientation": ["landscape", "portrait", "square"],
    "motion": ["zoom_in", "zoom_out", "pan_left", "pan_right", "none"],
    "zoom": [1.0, 1.12, 2.0],
    "fit": ["auto", "contain", "cover"],
    "codec": ["h264", "av1"] if find_ffmpeg().has_av1 else ["h264"],
    "crf": [None, 12, 40],
    "audio_kbps": [48, 160, 320],
    "subtitle_mode": ["burned", "soft", "off"],
    "subtitle_style": [
        {},
        {"box": False, "size": 0.1, "outline": 0.01, "outline_colour": "#301040", "colour": "#FFE000"},
        {"box_opacity": 1.0, "box_colour": "#202080", "margin": 0.2, "max_width": 0.5, "outline": 0.0},
    ],
    "watermark_style": [
        {},
        {"corner": "top_left", "opacity": 1.0, "width": 0.3},
        {"corner": "bottom_left", "margin": 0.1},
        {"corner": "bottom_right", "margin": 0.0, "width": 0.1},
    ],
    "subtitles": [True, False],
    "music": [True, False],
    "ducking": [True, False],
    "normalize_loudness": [True, False],
    "title_card_s": [0.0, 0.25],
    "safe_area": [0.0, 0.1],
    "webvtt": [True, False],
    "poster": [True, False],
    "watermark": [True, False],
    "cut_s": [None, 0.3],
}


def pairwise_rows(axes: dict[str, list[Any]]) -> list[dict[str, Any]]:
    """Rows in which every value of every axis meets every value of every other; greedy, and the same each time."""
    names = list(axes)
    open_pairs = {(a, x, b, y) for a, b in combinations(names, 2) for x in range(len(axes[a])) for y in range(len(axes[b]))}
    draw = random.Random(5)
    rows = []

    def gain(row: dict[str, int]) -> int:
        return sum((a, row[a], b, row[b]) in open_pairs for a, b in combinations(names, 2))

    while open_pairs:
        seed = min(open_pairs)
        tries = []
        for _ in range(40):
            row = {name: draw.randrange(len(axes[name])) for name in names}
            row[seed[0]], row[seed[2]] = seed[1], seed[3]
            tries.append(row)
        best = max(tries, key=gain)
        for name in names:
            if name not in (seed[0], seed[2]):
                best = max(({**best, name: value} for value in range(len(axes[name]))), key=gain)
        open_pairs.difference_update({(a, best[a], b, best[b]) for a, b in combinations(names, 2)})
        rows.append({name: axes[name][index] for name, index in best.items()})
    return rows


ROWS = pairwise_rows(AXES)


def test_the_matrix_crosses_every_pair() -> None:
    """No two values of two options were left out, in far fewer scenes than all combinations."""
    for (a, first), (b, second) in combinations(AXES.items(), 2):
        met = [(row[a], row[b]) for row in ROWS]
        assert all((x, y) in met for x in first for y in second)
    assert len(ROWS) <= 45


@pytest.fixture(scope="session")
def dark_picture(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Detailed, and darker than any text or mark."""
    media = Media(tmp_path_factory.mktemp("dark"))
    path = media.folder / "dark.png"
    bright = Image.open(media.image("bright.png", 800, 450))
    bright.point([level // 4 for level in range(256)] * 3).save(path)
    return path


def _mark(media: Media) -> Path:
    path = media.folder / "mark.png"
    Image.new("RGBA", (120, 60), (255, 255, 255, 255)).save(path)
    return path


@pytest.mark.parametrize("number", range(len(ROWS)))
def test_options_crossed_pairwise_hold_together(make: Callable[..., Made], media: Media, dark_picture: Path, number: int) -> None:
    """Length, rate, size, tags, loudness, what is shown where, and that sound and subtitle begin together, in every row."""
    row = dict(ROWS[number])
    has_subtitles, has_music, has_mark = row.pop("subtitles"), row.pop("music"), row.pop("watermark")
    length_s = LOUD_LENGTH_S if row["normalize_loudness"] else LENGTH_S
    made = make(
        {key: value for key, value in row.items() if key != "cut_s"},
        length_s=length_s,
        image=dark_picture,
        subtitles=media.srt("s.srt", [(BEGIN_S, CUE_END_S, "Pairwise مرحبا 世界")]) if has_subtitles else None,
        music=media.silence_then_tone("m.wav", 0.0, 0.3, 0.05) if has_music else None,
        watermark=_mark(media) if has_mark else None,
        title="Title: 'one'",
        cut_s=row["cut_s"],
    )
    fps, short = row["fps"], int(row["resolution"][:-1])
    card = round(row["title_card_s"] * fps)
    frames = card + -(-round(length_s * 100) * fps // 100)
    size = {"landscape": (LONG_PX[short], short), "portrait": (short, LONG_PX[short]), "square": (short, short)}[
        row["orientation"]
    ]
    seen = check(made.path, frames=frames, fps=fps, size=size, codec=row["codec"])
    assert (made.report.frames, made.report.warnings) == (frames, ())
    assert seen.title == "Title: 'one'"
    assert seen.subtitle_tracks == int(has_subtitles and row["subtitle_mode"] == "soft")
    assert (made.scratch / "captions.vtt").exists() == (has_subtitles and row["webvtt"])
    assert (made.scratch / "poster.jpg").exists() == row["poster"]
    if row["normalize_loudness"]:
        assert loudness_lufs(made.path) == pytest.approx(-16.0, abs=0.5)
    # Music is far below a third of the narration's level.
    begins_s = first_sound_s(made.path, level=float(np.abs(sound(made.path)).max()) / 3)
    assert begins_s == pytest.approx(card / fps + BEGIN_S, abs=0.010)
    is_burned = has_subtitles and row["subtitle_mode"] == "burned"
    up, gone = round(BEGIN_S * fps), round(CUE_END_S * fps)
    looked_at = (0, up - 1, up, gone - 1, gone)
    shown = pictures_at(made.path, [card + index for index in looked_at])
    for index in looked_at:
        assert _is_bright(shown[card + index], "subtitle") == (is_burned and up <= index < gone), index
    if is_burned:
        assert (card + up) / fps == pytest.approx(begins_s, abs=0.5 / fps + 0.010)
    corner = row["watermark_style"].get("corner", "top_right")
    for place in ("top_left", "top_right", "bottom_left", "bottom_right"):
        assert _is_bright(shown[card + up - 1], place) == (has_mark and place == corner), place


def _is_bright(picture: np.ndarray, place: str) -> bool:
    """Return True if something lighter than the picture lies there."""
    height, width = picture.shape
    rows = slice(0, height // 3) if place.startswith("top") else slice(height // 2, height)
    columns = slice(0, width * 2 // 5) if place.endswith("left") else slice(width * 3 // 5, width)
    if place == "subtitle":
        columns = slice(width * 2 // 5, width * 3 // 5)
    return float(np.percentile(picture[rows, columns], 99.9)) > 140
