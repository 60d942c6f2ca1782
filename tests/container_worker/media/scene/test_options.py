"""Every option of a scene in what it makes, on really rendered videos."""

from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from pydantic import ValidationError

from container_worker.media.ffmpeg import find_ffmpeg
from container_worker.media.request import RenderRequest
from container_worker.media.scene.worker import SceneInputs, request_for
from scenequeue.jobs.kinds.render import RenderOptions
from tests.container_worker.media.conftest import Made
from tests.support.media import Media
from tests.support.prober import check, first_sound_s, pictures, probe

CODECS = ["h264", "av1"] if find_ffmpeg().has_av1 else ["h264"]


def _mark(media: Media) -> Path:
    path = media.folder / "mark.png"
    Image.new("RGBA", (120, 60), (255, 255, 255, 255)).save(path)
    return path


@pytest.mark.parametrize("fps", [24, 25, 30, 50, 60])
@pytest.mark.parametrize("codec", CODECS)
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


def test_what_no_font_can_draw_is_a_warning_that_says_where(make: Callable[..., Made], media: Media) -> None:
    """In the title as in the subtitles: nothing vanishes without a word."""
    text = media.srt("s.srt", [(0.1, 0.8, "one \U0010fffe two")])
    made = make({"title_card_s": 0.2, "motion": "none"}, title="A \U0010ffff", subtitles=text)
    assert sorted(warning.text for warning in made.report.warnings) == [
        "subtitles: no font has 1 of the characters, which was left out (U+10FFFE)",
        "title: no font has 1 of the characters, which was left out (U+10FFFF)",
    ]


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


@pytest.mark.parametrize(("codec", "crf"), [("h264", 1), ("h264", 51), *([("av1", 0), ("av1", 63)] if len(CODECS) > 1 else [])])
def test_the_outermost_crfs_can_be_rendered(make: Callable[..., Made], codec: str, crf: int) -> None:
    """The encoders take every CRF that the options accept."""
    made = make({"codec": codec, "crf": crf, "motion": "none"}, length_s=0.6)
    check(made.path, frames=18, fps=30, size=(640, 360), codec=codec)


@pytest.mark.parametrize("title", ["a':b,c;[x]%{pts}\\N{\\p1}m 0 0", "100% = ${HOME} $(id) `id`", "\u202egnitset", "\U0010ffff"])
def test_a_hostile_title_is_only_text(make: Callable[..., Made], title: str) -> None:
    """No filter, expression or override in it is obeyed; it is drawn as far as fonts have it, and kept as it is."""
    made = make({"title_card_s": 0.2, "motion": "none"}, title=title)
    assert made.report.frames == 6 + 28
    assert probe(made.path).title == title


@pytest.mark.parametrize(
    ("given", "kept"),
    [("ja", "ja"), ("ZH-hant-tw", "zh-Hant-TW"), ("pt_BR", "pt-BR"), ("ca-valencia", "ca-valencia"), (None, None)],
)
def test_a_language_is_kept_as_bcp_47_writes_it(given: str | None, kept: str | None) -> None:
    """One spelling for all that choose by it; a scene's own lies over the job's."""
    assert RenderOptions(language=given).language == kept
    assert RenderOptions(language="de").overridden({"language": given}).language == kept


@pytest.mark.parametrize("given", ["", "chinese", "z", "ja-", "zh-Hant;x", "日本", "en-" + "a" * 9])
def test_a_language_that_is_no_tag_is_refused_with_examples(given: str) -> None:
    """In words that say what would do."""
    with pytest.raises(ValueError, match="a BCP 47 tag such as ja, zh-Hant or pt-BR is needed, not"):
        RenderOptions(language=given)


def test_the_language_reaches_the_render_child(tmp_path: Path) -> None:
    """From the options into the request that the child reads."""
    inputs = SceneInputs(tmp_path / "a.jpg", tmp_path / "a.mp3")
    request = request_for(inputs, RenderOptions(language="zh-hant"), tmp_path, tmp_path / "ffmpeg", 1)
    assert RenderRequest.from_json(asdict(request)).language == "zh-Hant"


def test_what_earlier_versions_queued_with_texts_for_numbers_is_still_read() -> None:
    """Callers are held to the types of options; what lies in Redis already is not."""
    with pytest.raises(ValidationError):
        RenderOptions(fps="24")  # type: ignore[arg-type]
    with pytest.raises(ValidationError):
        RenderOptions().overridden({"subtitle_style": {"box": "no"}})
    queued = RenderOptions.model_validate_json('{"fps": "24", "subtitle_style": {"box": "no"}}', strict=False)
    assert (queued.fps, queued.subtitle_style.box) == (24, False)
    merged = queued.overridden({"zoom": "1.5", "watermark_style": {"width": "0.5"}}, strict=False)
    assert (merged.fps, merged.zoom, merged.watermark_style.width) == (24, 1.5, 0.5)
    assert RenderOptions().overridden({"zoom": 1}).zoom == 1
