"""Every option of a scene in what it makes, and all of them crossed pairwise, on really rendered videos."""

import random
from collections.abc import Callable
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from container_worker.ffmpeg import Limits, find_ffmpeg
from container_worker.render.scene import RenderReport, SceneInputs, render_scene
from scenequeue.errors import BadInput
from scenequeue.options import RenderOptions
from tests.media import Media
from tests.prober import check, first_sound_s, loudness_lufs, pictures, probe, sound, true_peak_db

#: A scene of the matrix is this long: short, and no whole number of frames at most rates.
LENGTH_S = 0.91
SIZES = {"landscape": (640, 360), "portrait": (360, 640), "square": (360, 360)}
#: What is crossed. `music`, `watermark` and `subtitles` are inputs, the others options.
AXES: dict[str, list[Any]] = {
    "fps": [24, 25, 30, 50, 60],
    "orientation": ["landscape", "portrait", "square"],
    "motion": ["zoom_in", "zoom_out", "pan_left", "pan_right", "none"],
    "fit": ["auto", "contain", "cover"],
    "codec": ["h264", "av1"] if find_ffmpeg().has_av1 else ["h264"],
    "subtitle_mode": ["burned", "soft", "off"],
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


@dataclass(frozen=True)
class Made:
    """A rendered scene, and the folder in which it was made."""

    path: Path
    scratch: Path
    report: RenderReport


@pytest.fixture
def make(media: Media, tmp_path: Path) -> Callable[..., Made]:
    """Renders a scene from its options; half a second in, its tone begins and its subtitle comes up."""
    numbers = iter(range(100))

    def render(options: dict[str, Any], *, length_s: float = LENGTH_S, level: float = 0.4, **inputs: Any) -> Made:
        scratch = tmp_path / f"scratch{next(numbers)}"
        scratch.mkdir()
        scene = SceneInputs(
            image=inputs.pop("image", None) or media.image(),
            audio=inputs.pop("audio", None) or media.silence_then_tone("n.wav", 0.5, length_s - 0.5, level), **inputs
        )  # fmt: skip
        target = scratch / "made.mp4"
        look = RenderOptions(**{"resolution": "360p", **options})
        return Made(target, scratch, render_scene(scene, look, target, scratch, limits=Limits(wall_s=120)))

    return render


def _mark(media: Media) -> Path:
    path = media.folder / "mark.png"
    Image.new("RGBA", (120, 60), (255, 255, 255, 255)).save(path)
    return path


def test_the_matrix_crosses_every_pair() -> None:
    """No two values of two options were left out, in far fewer scenes than all combinations."""
    for a, b in combinations(AXES, 2):
        assert {(row[a], row[b]) for row in ROWS} == {(x, y) for x in AXES[a] for y in AXES[b]}
    assert len(ROWS) <= 40


@pytest.mark.parametrize("number", range(len(ROWS)))
def test_options_crossed_pairwise_hold_together(make: Callable[..., Made], media: Media, number: int) -> None:
    """Length, frames, rate, size, colour tags, start of the index and the beginning of the sound are right in every row."""
    row = dict(ROWS[number])
    has_subtitles, has_music, has_mark = row.pop("subtitles"), row.pop("music"), row.pop("watermark")
    made = make(
        {key: value for key, value in row.items() if key != "cut_s"},
        subtitles=media.srt("s.srt", [(0.5, 0.8, "Pairwise مرحبا 世界")]) if has_subtitles else None,
        music=media.silence_then_tone("m.wav", 0.0, 0.3, 0.05) if has_music else None,
        watermark=_mark(media) if has_mark else None,
        title="Title: 'one'",
        cut_s=row["cut_s"],
    )
    fps = row["fps"]
    card = round(row["title_card_s"] * fps)
    frames = card + -(-round(LENGTH_S * 100) * fps // 100)
    seen = check(made.path, frames=frames, fps=fps, size=SIZES[row["orientation"]], codec=row["codec"])
    assert (made.report.frames, made.report.warnings) == (frames, ())
    assert seen.title == "Title: 'one'"
    assert seen.subtitle_tracks == int(has_subtitles and row["subtitle_mode"] == "soft")
    assert (made.scratch / "captions.vtt").exists() == (has_subtitles and row["webvtt"])
    assert (made.scratch / "poster.jpg").exists() == row["poster"]
    if not has_music:
        assert first_sound_s(made.path) == pytest.approx(card / fps + 0.5, abs=0.010)


@pytest.mark.parametrize("fps", [24, 25, 30, 50, 60])
@pytest.mark.parametrize("codec", AXES["codec"])
def test_a_subtitle_comes_up_with_its_sound(make: Callable[..., Made], media: Media, fps: int, codec: str) -> None:
    """The first frame that shows it, and the first sample of the tone, are less than 10 ms apart."""
    begin = fps // 2
    made = make(
        {"fps": fps, "codec": codec, "motion": "none"}, image=_plain_picture(media),
        audio=media.silence_then_tone("voice.wav", begin / fps, 0.5),
        subtitles=media.srt("s.srt", [(begin / fps, begin / fps + 0.3, "Now")]),
    )  # fmt: skip
    levels = [float(picture[300:345, 270:370].mean()) for picture in pictures(made.path)]
    shown = int(np.argmin(np.diff(levels))) + 1
    assert shown == begin
    assert abs(first_sound_s(made.path) - shown / fps) <= 0.010


def _plain_picture(media: Media) -> Path:
    path = media.folder / "plain.png"
    Image.new("RGB", (640, 360), (180, 180, 180)).save(path)
    return path


@pytest.mark.parametrize(("level", "target"), [(0.02, -16.0), (0.9, -16.0), (0.3, -23.0)])
def test_loudness_reaches_its_target(make: Callable[..., Made], level: float, target: float) -> None:
    """Measured on the finished file, quiet and loud narrations alike, within half a unit."""
    made = make({"normalize_loudness": True, "loudness_lufs": target, "motion": "none"}, length_s=3.0, level=level)
    assert loudness_lufs(made.path) == pytest.approx(target, abs=0.5)
    assert true_peak_db(made.path) <= -1.0


def test_loudness_reaches_its_target_where_peaks_must_be_held(make: Callable[..., Made], media: Media) -> None:
    """A narration of short loud peaks over a quiet voice: the gain is corrected for what the limiter takes."""
    made = make({"normalize_loudness": True, "loudness_lufs": -14.0, "motion": "none"}, audio=media.spiky("spiky.wav", 4.0))
    assert loudness_lufs(made.path) == pytest.approx(-14.0, abs=0.5)
    assert true_peak_db(made.path) <= -1.0


def test_silence_is_left_silent(make: Callable[..., Made], media: Media) -> None:
    """Nothing is blown up."""
    made = make({"normalize_loudness": True}, audio=media.silence_then_tone("quiet.wav", 1.0, 0.0))
    assert np.abs(sound(made.path)).max() < 1e-3


def _music_db(path: Path, start_s: float, end_s: float) -> float:
    """Level of the 220 Hz music in a part of the sound, by its own frequency; the narration is at 1 kHz."""
    part = sound(path)[round(start_s * 48_000) : round(end_s * 48_000)]
    at = np.exp(-2j * np.pi * 220 * np.arange(len(part)) / 48_000)
    return float(20 * np.log10(abs((part * at).mean()) * 2))


def test_music_steps_back_under_the_narration_and_comes_back(make: Callable[..., Made], media: Media) -> None:
    """By more than 8 dB with ducking, not at all without; and it lasts, though the file is short."""
    narration = media.tone_between("voice.wav", 2.0, 4.0, 7.0)
    music = media.tone("music.wav", 0.7 - 0.7 % (1 / 220), 220)
    ducked = make({"motion": "none", "music_gain_db": -6.0}, audio=narration, music=music).path
    steady = make({"motion": "none", "music_gain_db": -6.0, "ducking": False}, audio=narration, music=music).path
    alone, under, after = ((1.6, 1.95), (2.5, 3.9), (5.0, 5.4))
    assert _music_db(ducked, *alone) - _music_db(ducked, *under) > 8
    assert abs(_music_db(ducked, *alone) - _music_db(ducked, *after)) < 1.5
    assert abs(_music_db(steady, *alone) - _music_db(steady, *under)) < 1
    assert _music_db(steady, 6.9, 6.99) < _music_db(steady, *alone) - 10


def test_a_title_card_stands_on_the_darkened_picture_before_the_narration(make: Callable[..., Made], media: Media) -> None:
    """Dark with bright letters in the middle, then the plain picture, and the narration begins just then."""
    image = _plain_picture(media)
    made = make({"motion": "none", "title_card_s": 0.4, "fps": 25}, title="Dusk {\\b1}: 'x' 標題", image=image)
    shown = pictures(made.path)
    assert shown[0][:60].mean() < 0.6 * shown[10][:60].mean()
    assert shown[9][140:220, 100:540].max() > 200
    assert shown[9][:100].max() < 120
    assert abs(float(shown[10].mean()) - 180) < 12
    assert first_sound_s(made.path) == pytest.approx(0.9, abs=0.010)


def test_without_a_title_there_is_no_card(make: Callable[..., Made]) -> None:
    """A card with nothing on it would only delay the scene."""
    assert make({"title_card_s": 2.0}).report.frames == -(-91 * 30 // 100)


def test_subtitles_and_watermark_stay_out_of_the_safe_area(make: Callable[..., Made], media: Media) -> None:
    """A tenth of the frame along each edge is as without them, compression apart."""
    image, options = _plain_picture(media), {"motion": "none", "safe_area": 0.1, "crf": 10}
    text = media.srt("s.srt", [(0.0, 0.9, "A rather long line of words that would fill more than the frame is wide " * 3)])
    plain = pictures(make(options, image=image).path)[5].astype(int)
    made = pictures(make(options, image=image, subtitles=text, watermark=_mark(media)).path)[5].astype(int)
    difference = np.abs(made - plain) > 12
    rows, columns = np.flatnonzero(difference.any(axis=1)), np.flatnonzero(difference.any(axis=0))
    assert rows.min() >= 36 - 2
    assert rows.max() < 324 + 2
    assert columns.min() >= 64 - 2
    assert columns.max() < 576 + 2


@pytest.mark.parametrize(("share", "index"), [(0.0, 0), (0.5, 13), (1.0, 27)])
def test_the_poster_is_the_frame_named(make: Callable[..., Made], share: float, index: int) -> None:
    """By its place in the video; nearer to that frame than to its neighbours."""
    made = make({"poster": True, "poster_at": share, "motion": "pan_right", "zoom": 1.3})
    poster = np.asarray(Image.open(made.scratch / "poster.jpg").convert("L")).astype(int)
    distances = [np.abs(poster - picture).mean() for picture in pictures(made.path)]
    assert int(np.argmin(distances)) in (index, index + 1)


def test_the_sidecar_keeps_words_that_look_like_markup(make: Callable[..., Made], media: Media) -> None:
    """Entities for what WebVTT would obey; times from the frames that show them, after the card."""
    text = media.srt("s.srt", [(0.1, 0.4, "a < b & c --> d {x}"), (0.5, 0.8, "世界")])
    made = make({"webvtt": True, "subtitle_mode": "soft", "title_card_s": 0.5, "fps": 50}, subtitles=text, title="T")
    written = (made.scratch / "captions.vtt").read_text(encoding="utf-8")
    assert written == (
        "WEBVTT\n\n00:00:00.600 --> 00:00:00.900\na &lt; b &amp; c --&gt; d {x}\n\n00:00:01.000 --> 00:00:01.300\n世界\n"
    )
    assert probe(made.path).subtitle_tracks == 1


def test_a_square_4k_scene_at_60_fps_is_what_it_says(make: Callable[..., Made]) -> None:
    """The largest frame and the highest rate."""
    options = {"resolution": "2160p", "orientation": "square", "fps": 60, "motion": "none"}
    made = make(options, length_s=0.6)
    check(made.path, frames=36, fps=60, size=(2160, 2160))


def test_a_4k_landscape_scene_is_what_it_says(make: Callable[..., Made], media: Media) -> None:
    """3840 x 2160, moving, with a subtitle."""
    made = make({"resolution": "2160p", "fps": 24}, length_s=0.6, subtitles=media.srt("s.srt", [(0.1, 0.5, "4K")]))
    check(made.path, frames=15, fps=24, size=(3840, 2160))


def test_a_scene_overrides_the_jobs_options_field_by_field() -> None:
    """Nested styles are merged; what is not named stays the job's; an unknown one is an error."""
    job = RenderOptions(fps=25, safe_area=0.05, subtitle_style={"size": 0.08, "box": False})
    scene = job.overridden({"orientation": "square", "ducking": False, "subtitle_style": {"box": True}})
    assert (scene.fps, scene.safe_area, scene.orientation, scene.ducking) == (25, 0.05, "square", False)
    assert (scene.subtitle_style.size, scene.subtitle_style.box) == (0.08, True)
    with pytest.raises(ValueError, match="subtitle_mod"):
        job.overridden({"subtitle_mod": "soft"})


@pytest.mark.parametrize(
    ("codec", "crf", "is_good"), [("h264", 0, False), ("h264", 52, False), ("h264", 1, True), ("av1", 0, True)]
)
def test_a_crf_that_the_codec_cannot_have_is_refused_at_once(codec: str, crf: int, *, is_good: bool) -> None:
    """Crf 0 is lossless H.264, which the profile that players understand has not."""
    if is_good:
        assert RenderOptions(codec=codec, crf=crf).crf == crf
        return
    with pytest.raises(ValueError, match=f"crf is 1 to 51 with codec h264, not {crf}"):
        RenderOptions(codec=codec, crf=crf)


@pytest.mark.parametrize(
    ("codec", "crf"), [("h264", 1), ("h264", 51), *([("av1", 0), ("av1", 63)] if len(AXES["codec"]) > 1 else [])]
)
def test_the_outermost_crfs_can_be_rendered(make: Callable[..., Made], codec: str, crf: int) -> None:
    """What options accept, the encoders take."""
    made = make({"codec": codec, "crf": crf, "motion": "none"}, length_s=0.6)
    check(made.path, frames=18, fps=30, size=(640, 360), codec=codec)


@pytest.mark.parametrize("content", [b"no sound at all" * 99, b""])
def test_music_that_is_none_is_a_permanent_error(make: Callable[..., Made], media: Media, content: bytes) -> None:
    """Named as music, and not tried again."""
    path = media.folder / "music.mp3"
    path.write_bytes(content)
    with pytest.raises(BadInput, match="music"):
        make({}, music=path)


def test_a_playlist_or_another_protocol_is_not_followed_from_music(make: Callable[..., Made], media: Media) -> None:
    """A file that only points to others is not opened as sound."""
    path = media.folder / "music.mp3"
    path.write_text(f"#EXTM3U\n#EXTINF:1,\n{media.tone('other.wav').as_uri()}\nhttps://example.com/a.mp3\n")
    with pytest.raises(BadInput, match="music"):
        make({}, music=path)


@pytest.mark.parametrize("title", ["a':b,c;[x]%{pts}\\N{\\p1}m 0 0", "100% = ${HOME} $(id) `id`", "\u202egnitset", "\U0010ffff"])
def test_a_hostile_title_is_only_text(make: Callable[..., Made], title: str) -> None:
    """No filter, expression or override in it is obeyed; it is drawn as far as fonts have it, and kept as it is."""
    made = make({"title_card_s": 0.2, "motion": "none"}, title=title)
    assert made.report.frames == 6 + 28
    assert probe(made.path).title == title
