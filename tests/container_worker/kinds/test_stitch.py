"""Films of really rendered scenes: what is copied, what is faded, and that sound and picture stay together."""

from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from container_worker.media.defaults import RENDERER_VERSION
from container_worker.media.ffmpeg import find_ffmpeg
from tests.container_worker.kinds.films import FADE_S, OPTIONS, Run, scenes
from tests.support.ffmpeg_recorder import Recorder
from tests.support.media import Media
from tests.support.prober import check, first_sound_s, loudness_lufs, pictures, probe, sound

ENCODERS = {"h264": "libx264", "av1": "libsvtav1"}
CODECS = ["h264", "av1"] if find_ffmpeg().has_av1 else ["h264"]


def _packets(path: Path) -> list[bytes]:
    with av.open(str(path)) as container:
        return [bytes(packet) for packet in container.demux(video=0) if packet.size]


@pytest.mark.parametrize("codec", CODECS)
def test_a_film_copies_all_but_the_fades(
    run: Run, media: Media, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, codec: str
) -> None:
    """Its length is the scenes' less the fades; the packets between are those of the scenes, byte for byte."""
    options = OPTIONS.overridden({"codec": codec})
    sources = scenes(run, media, [2.0, 3.0, 2.0], options)
    recorder = Recorder(tmp_path, monkeypatch)
    result = run("stitch", "film", {"sources": sources, "crossfade_s": FADE_S, "title": "A film: 'one'"}, options)
    film = tmp_path / "out" / "film.mp4"
    frames = (50 - 10) + (75 - 10) + 50
    seen = check(film, frames=frames, fps=25, size=(640, 360), codec=codec)
    assert seen.title == "A film: 'one'"
    assert (result.details["frames"], result.details["encoded_frames"]) == (frames, 20)
    assert result.duration_s == pytest.approx(frames / 25)
    packets = _packets(film)
    for number, (begin, first, copied) in enumerate([(0, 0, 40), (50, 10, 55), (115, 10, 40)]):
        of_scene = _packets(tmp_path / "out" / f"scene{number}.mp4")
        assert packets[begin : begin + copied] == of_scene[first : first + copied]
    # One encode for either fade, and one of the sound.
    assert recorder.encodes() == [ENCODERS[codec]] * 2
    assert recorder.sound_encodes() == ["aac"]


def test_sound_and_picture_stay_together_to_the_last_scene(run: Run, media: Media, tmp_path: Path) -> None:
    """In every scene of the film the tone begins with the frame that first shows the subtitle, within 10 ms."""
    sources = scenes(run, media, [2.0] * 6)
    run("stitch", "film", {"sources": sources, "crossfade_s": FADE_S}, OPTIONS)
    film = tmp_path / "out" / "film.mp4"
    shown = pictures(film)
    heard = sound(film)
    for number in range(6):
        begin = number * 40
        lower = [float(picture[290:340, 200:440].std()) for picture in shown[begin + 10 : begin + 15]]
        change = begin + 11 + int(np.argmax(np.abs(np.diff(lower))))
        assert change == begin + 12
        quiet = heard[round((begin + 11) / 25 * 48_000) : round((begin + 12) / 25 * 48_000) - 480]
        assert np.abs(quiet).max() < 0.05
        assert first_sound_s(film, after_s=(begin + 11) / 25) == pytest.approx(change / 25, abs=0.010)


def _coarse(picture: Any) -> Any:
    rows, columns = picture.shape[0] // 8, picture.shape[1] // 8
    blocks = picture[: rows * 8, : columns * 8].astype(float).reshape(rows, 8, columns, 8, -1)
    return blocks.mean(axis=(1, 3))


def test_in_a_fade_the_picture_turns_step_by_step(run: Run, media: Media, tmp_path: Path) -> None:
    """Every frame holds just its share of the coming scene; outside of the fade the scenes are untouched."""
    sources = scenes(run, media, [2.0, 2.0])
    run("stitch", "film", {"sources": sources, "crossfade_s": FADE_S}, OPTIONS)
    film, first, second = (pictures(tmp_path / "out" / f"{name}.mp4") for name in ("film", "scene0", "scene1"))
    for step in range(10):
        # Averages of blocks: what lossy coding takes from the grain is no lag of the fade.
        old, new, seen = (_coarse(picture) for picture in (first[40 + step], second[step], film[40 + step]))
        share = ((seen - old) * (new - old)).sum() / ((new - old) ** 2).sum()
        assert share == pytest.approx((step + 1) / 11, abs=0.03)
    for index in (0, 20, 39):
        assert np.array_equal(film[index], first[index])
    for index in (10, 49):
        assert np.array_equal(film[40 + index], second[index])


def test_a_hard_cut_encodes_nothing(run: Run, media: Media, tmp_path: Path) -> None:
    """With a fade of 0 s all packets are the scenes'."""
    sources = scenes(run, media, [1.2, 1.2])
    result = run("stitch", "film", {"sources": sources}, OPTIONS)
    assert result.details["encoded_frames"] == 0
    check(tmp_path / "out" / "film.mp4", frames=60, fps=25, size=(640, 360))


def test_scenes_shorter_than_their_fades_are_joined_all_the_same(run: Run, media: Media, tmp_path: Path) -> None:
    """The fade is at most half of either scene, and the film says so."""
    sources = scenes(run, media, [2.0, 0.56, 2.0])
    result = run("stitch", "film", {"sources": sources, "crossfade_s": FADE_S}, OPTIONS)
    check(tmp_path / "out" / "film.mp4", frames=50 + 14 + 50 - 7 - 7, fps=25, size=(640, 360))
    assert [warning.code for warning in result.warnings] == ["fade_shortened"]


def test_scenes_of_another_encoder_setup_are_encoded_again(run: Run, media: Media, tmp_path: Path) -> None:
    """Parts whose headers differ cannot share a track: the film is whole, and only slower to make."""
    sources = scenes(run, media, [1.2])
    other = scenes(run, media, [1.2, 1.2], cut_s=None)
    result = run("stitch", "film", {"sources": [sources[0], other[1]], "crossfade_s": FADE_S}, OPTIONS)
    assert result.details["encoded_frames"] > 10
    check(tmp_path / "out" / "film.mp4", frames=50, fps=25, size=(640, 360))


@pytest.mark.parametrize("mode", ["soft", "burned"])
def test_a_film_has_its_scenes_subtitles_at_their_new_times(run: Run, media: Media, tmp_path: Path, mode: str) -> None:
    """As a track, as a sidecar, and a poster beside it."""
    options = OPTIONS.overridden({"subtitle_mode": mode, "webvtt": True, "poster": True})
    sources = scenes(run, media, [2.0, 2.0], options)
    result = run("stitch", "film", {"sources": sources, "crossfade_s": FADE_S}, options)
    film = tmp_path / "out" / "film.mp4"
    assert probe(film).subtitle_tracks == (1 if mode == "soft" else 0)
    text = film.with_suffix(".vtt").read_text()
    assert "00:00:00.480 --> 00:00:01.000\nScene 0" in text
    assert "00:00:02.080 --> 00:00:02.600\nScene 1" in text
    assert result.details["beside"] == [".jpg", ".vtt"]
    assert film.with_suffix(".jpg").read_bytes()[:2] == b"\xff\xd8"


def test_subtitles_left_by_an_earlier_scene_do_not_get_into_a_film(run: Run, media: Media, tmp_path: Path) -> None:
    """A sidecar counts only where the scene itself says that it was delivered with one."""
    options = OPTIONS.overridden({"webvtt": True, "subtitle_mode": "off"})
    sources = scenes(run, media, [1.2, 1.2], options)
    stale = tmp_path / "out" / "scene1.vtt"
    scenes(run, media, [1.2, 1.2], options, subtitles=None)
    scenes(run, media, [1.2], options)
    assert stale.exists()
    run("stitch", "film", {"sources": sources}, options)
    text = (tmp_path / "out" / "film.vtt").read_text()
    assert "Scene 0" in text
    assert "Scene 1" not in text


def test_music_lies_under_the_whole_film_at_the_loudness_asked_for(run: Run, media: Media, tmp_path: Path) -> None:
    """It repeats through every cut, steps back under speech, and the mix is measured as a whole."""
    options = OPTIONS.overridden({"normalize_loudness": True, "loudness_lufs": -20})
    sources = scenes(run, media, [2.0, 2.0], options)
    music = media.tone("music.wav", 0.7, 220).as_uri()
    run("stitch", "film", {"sources": sources, "crossfade_s": FADE_S, "music": music}, options)
    film = tmp_path / "out" / "film.mp4"
    assert loudness_lufs(film) == pytest.approx(-20, abs=0.5)
    heard = sound(film)
    assert np.abs(heard[round(1.8 * 48_000) : round(2.0 * 48_000)]).max() > 0.001


def test_the_same_film_is_not_made_twice(run: Run, media: Media) -> None:
    """The fingerprint at the output says that it is there."""
    sources = scenes(run, media, [1.2, 1.2])
    payload = {"sources": sources, "crossfade_s": FADE_S}
    first = run("stitch", "film", payload, OPTIONS)
    again = run("stitch", "film", payload, OPTIONS)
    assert again.details["reused"] is True
    assert again.details["sha256"] == first.details["sha256"]
    other = run("stitch", "film", {**payload, "crossfade_s": 0.2}, OPTIONS)
    assert "reused" not in other.details


def test_a_scene_is_another_film_than_the_same_file_as_music(run: Run, media: Media, tmp_path: Path) -> None:
    """Music may be an MP4: what a file is for is part of the fingerprint, and the old film is not taken for the new one."""
    first, second = scenes(run, media, [1.2, 1.2])
    run("stitch", "film", {"sources": [first], "music": second}, OPTIONS)
    result = run("stitch", "film", {"sources": [first, second]}, OPTIONS)
    assert "reused" not in result.details
    check(tmp_path / "out" / "film.mp4", frames=60, fps=25, size=(640, 360))


def test_another_renderer_makes_a_film_anew(run: Run, media: Media, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its version is part of what a film is."""
    payload = {"sources": scenes(run, media, [1.2]), "crossfade_s": FADE_S}
    first = run("stitch", "film", payload, OPTIONS)
    monkeypatch.setattr("container_worker.kinds.stitch.RENDERER_VERSION", RENDERER_VERSION + 1)
    second = run("stitch", "film", payload, OPTIONS)
    assert "reused" not in second.details
    assert second.details["fingerprint"] != first.details["fingerprint"]
