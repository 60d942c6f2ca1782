"""Films of really rendered scenes: what is copied, what is faded, and that sound and picture stay together."""

import contextlib
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from container_worker.kind import ItemContext, carry_out
from container_worker.kinds import load_kinds
from container_worker.media.defaults import RENDERER_VERSION
from container_worker.media.ffmpeg import find_ffmpeg
from container_worker.sandbox.limits import Limits
from scenequeue.errors import BadInput, ItemError, ObjectNotFound
from scenequeue.jobs.ids import ItemId, LeaseToken, check_job_id
from scenequeue.jobs.item import Lease, WorkItem
from scenequeue.jobs.kinds.render import RenderOptions
from scenequeue.jobs.result import ItemResult
from scenequeue.settings import WorkerSettings
from scenequeue.storages.uri import UriStorage
from tests.support.ffmpeg_recorder import Recorder
from tests.support.media import Media
from tests.support.prober import check, first_sound_s, loudness_lufs, pictures, probe, sound

Run = Callable[..., ItemResult]
#: Where a film of these scenes cuts, in seconds from either end.
FADE_S = 0.4


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Carries out one item of a job, `render` or `stitch`, with the real renderer and storage."""
    numbers = iter(range(1000))

    def run_item(kind: str, name: str, payload: dict[str, Any], options: RenderOptions) -> ItemResult:
        scratch = tmp_path / f"scratch{next(numbers)}"
        scratch.mkdir()
        item = WorkItem(kind=kind, name=name, payload={"output": f"file://{tmp_path}/out/{name}.mp4", **payload})
        work = ItemContext(
            lease=Lease(
                job_id=check_job_id("a"), item_id=ItemId("0-0"), token=LeaseToken("1"), attempt=1, deadline_ms=0, item=item
            ),
            options={"render": options.model_dump(mode="json")}, scratch=scratch,
            storage=UriStorage(WorkerSettings.load(file_roots=[tmp_path])),
            limits=Limits(wall_s=60), container_id="c1", slot=contextlib.nullcontext,
            on_progress=lambda _share: None, should_stop=threading.Event(),
            note=lambda _notes: None,
        )  # fmt: skip
        return carry_out(load_kinds()[kind], work).result

    return run_item


ENCODERS = {"h264": "libx264", "av1": "libsvtav1"}
CODECS = ["h264", "av1"] if find_ffmpeg().has_av1 else ["h264"]
OPTIONS = RenderOptions(resolution="360p", fps=25, motion="zoom_in")
#: Files of the scenes rendered so far, by what they were made of.
_RENDERED: dict[tuple[object, ...], dict[str, bytes]] = {}


def _scenes(run: Run, media: Media, lengths: list[float], options: RenderOptions = OPTIONS, **more: Any) -> list[str]:
    """Scenes of these lengths: half a second in, a subtitle comes up and a tone begins.

    Rendering is deterministic, so a scene that another test has rendered is copied, unless this test has one of its name.
    """
    addresses = []
    out = media.folder.parent / "out"
    for number, seconds in enumerate(lengths):
        narration = media.silence_then_tone(f"n{number}.wav", 0.48, seconds - 0.48)
        payload = {
            "image": media.image(f"p{number}.jpg", width=640 + 64 * number).as_uri(), "audio": narration.as_uri(),
            "subtitles": media.srt(f"s{number}.srt", [(0.48, 1.0, f"Scene {number} {{\\b1}}")]).as_uri(), "cut_s": FADE_S, **more,
        }  # fmt: skip
        made, key = out / f"scene{number}.mp4", (number, seconds, options.model_dump_json(), tuple(sorted(more.items())))
        if made.exists() or key not in _RENDERED:
            before = _files(out)
            run("render", f"scene{number}", payload, options)
            if not before.keys() & {made.name}:
                _RENDERED[key] = {name: body for name, body in _files(out).items() if before.get(name) != body}
        else:
            out.mkdir(exist_ok=True)
            for name, body in _RENDERED[key].items():
                (out / name).write_bytes(body)
        addresses.append(made.as_uri())
    return addresses


def _files(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()} if folder.exists() else {}


def _packets(path: Path) -> list[bytes]:
    with av.open(str(path)) as container:
        return [bytes(packet) for packet in container.demux(video=0) if packet.size]


@pytest.mark.parametrize("codec", CODECS)
def test_a_film_copies_all_but_the_fades(
    run: Run, media: Media, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, codec: str
) -> None:
    """Its length is the scenes' less the fades; the packets between are those of the scenes, byte for byte."""
    options = OPTIONS.overridden({"codec": codec})
    sources = _scenes(run, media, [2.0, 3.0, 2.0], options)
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


def test_a_film_in_a_codec_that_this_ffmpeg_has_not_is_a_permanent_error(
    run: Run, media: Media, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Said before anything is fetched."""
    Recorder(tmp_path, monkeypatch, lacks="libsvtav1")
    with pytest.raises(BadInput, match="codec av1 needs an ffmpeg with libsvtav1"):
        run("stitch", "film", {"sources": [f"file://{tmp_path}/none.mp4"]}, OPTIONS.overridden({"codec": "av1"}))


def test_sound_and_picture_stay_together_to_the_last_scene(run: Run, media: Media, tmp_path: Path) -> None:
    """In every scene of the film the tone begins with the frame that first shows the subtitle, within 10 ms."""
    sources = _scenes(run, media, [2.0] * 6)
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
    sources = _scenes(run, media, [2.0, 2.0])
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
    sources = _scenes(run, media, [1.2, 1.2])
    result = run("stitch", "film", {"sources": sources}, OPTIONS)
    assert result.details["encoded_frames"] == 0
    check(tmp_path / "out" / "film.mp4", frames=60, fps=25, size=(640, 360))


def test_scenes_shorter_than_their_fades_are_joined_all_the_same(run: Run, media: Media, tmp_path: Path) -> None:
    """The fade is at most half of either scene, and the film says so."""
    sources = _scenes(run, media, [2.0, 0.56, 2.0])
    result = run("stitch", "film", {"sources": sources, "crossfade_s": FADE_S}, OPTIONS)
    check(tmp_path / "out" / "film.mp4", frames=50 + 14 + 50 - 7 - 7, fps=25, size=(640, 360))
    assert [warning.code for warning in result.warnings] == ["fade_shortened"]


def test_scenes_of_another_encoder_setup_are_encoded_again(run: Run, media: Media, tmp_path: Path) -> None:
    """Parts whose headers differ cannot share a track: the film is whole, and only slower to make."""
    sources = _scenes(run, media, [1.2])
    other = _scenes(run, media, [1.2, 1.2], cut_s=None)
    result = run("stitch", "film", {"sources": [sources[0], other[1]], "crossfade_s": FADE_S}, OPTIONS)
    assert result.details["encoded_frames"] > 10
    check(tmp_path / "out" / "film.mp4", frames=50, fps=25, size=(640, 360))


@pytest.mark.parametrize("mode", ["soft", "burned"])
def test_a_film_has_its_scenes_subtitles_at_their_new_times(run: Run, media: Media, tmp_path: Path, mode: str) -> None:
    """As a track, as a sidecar, and a poster beside it."""
    options = OPTIONS.overridden({"subtitle_mode": mode, "webvtt": True, "poster": True})
    sources = _scenes(run, media, [2.0, 2.0], options)
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
    sources = _scenes(run, media, [1.2, 1.2], options)
    stale = tmp_path / "out" / "scene1.vtt"
    _scenes(run, media, [1.2, 1.2], options, subtitles=None)
    _scenes(run, media, [1.2], options)
    assert stale.exists()
    run("stitch", "film", {"sources": sources}, options)
    text = (tmp_path / "out" / "film.vtt").read_text()
    assert "Scene 0" in text
    assert "Scene 1" not in text


def test_music_lies_under_the_whole_film_at_the_loudness_asked_for(run: Run, media: Media, tmp_path: Path) -> None:
    """It repeats through every cut, steps back under speech, and the mix is measured as a whole."""
    options = OPTIONS.overridden({"normalize_loudness": True, "loudness_lufs": -20})
    sources = _scenes(run, media, [2.0, 2.0], options)
    music = media.tone("music.wav", 0.7, 220).as_uri()
    run("stitch", "film", {"sources": sources, "crossfade_s": FADE_S, "music": music}, options)
    film = tmp_path / "out" / "film.mp4"
    assert loudness_lufs(film) == pytest.approx(-20, abs=0.5)
    heard = sound(film)
    assert np.abs(heard[round(1.8 * 48_000) : round(2.0 * 48_000)]).max() > 0.001


def test_the_same_film_is_not_made_twice(run: Run, media: Media) -> None:
    """The fingerprint at the output says that it is there."""
    sources = _scenes(run, media, [1.2, 1.2])
    payload = {"sources": sources, "crossfade_s": FADE_S}
    first = run("stitch", "film", payload, OPTIONS)
    again = run("stitch", "film", payload, OPTIONS)
    assert again.details["reused"] is True
    assert again.details["sha256"] == first.details["sha256"]
    other = run("stitch", "film", {**payload, "crossfade_s": 0.2}, OPTIONS)
    assert "reused" not in other.details


def test_another_renderer_makes_a_film_anew(run: Run, media: Media, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its version is part of what a film is."""
    payload = {"sources": _scenes(run, media, [1.2]), "crossfade_s": FADE_S}
    first = run("stitch", "film", payload, OPTIONS)
    monkeypatch.setattr("container_worker.kinds.stitch.RENDERER_VERSION", RENDERER_VERSION + 1)
    second = run("stitch", "film", payload, OPTIONS)
    assert "reused" not in second.details
    assert second.details["fingerprint"] != first.details["fingerprint"]


def test_a_scene_that_is_gone_or_does_not_fit_is_named(run: Run, media: Media, tmp_path: Path) -> None:
    """Permanent: another attempt finds the same."""
    sources = _scenes(run, media, [1.2])
    with pytest.raises(ObjectNotFound, match="scene 2"):
        run("stitch", "film", {"sources": [*sources, f"file://{tmp_path}/lost.mp4"]}, OPTIONS)
    with pytest.raises(BadInput, match="25 fps"):
        run("stitch", "film", {"sources": sources}, OPTIONS.overridden({"fps": 30}))
    bad = tmp_path / "bad.mp4"
    bad.write_text("no film")
    with pytest.raises(BadInput, match="not a rendered scene"):
        run("stitch", "film", {"sources": [bad.as_uri()]}, OPTIONS)


def _cut(content: bytes) -> bytes:
    """An MP4 whose index is whole and whose frames are not: zeros in place of the second half of its data."""
    at = content.index(b"mdat") + 4
    size = int.from_bytes(content[at - 8 : at - 4], "big") - 8
    return content[: at + size // 2] + bytes(size - size // 2) + content[at + size :]


@pytest.mark.parametrize(
    "damage", [lambda _: b"no film", lambda whole: whole[: len(whole) // 3], _cut], ids=["text", "cut", "zeros"]
)
def test_a_damaged_scene_is_named_by_its_address(
    run: Run, media: Media, tmp_path: Path, damage: Callable[[bytes], bytes]
) -> None:
    """Not by its copy in the scratch folder, which nobody has seen."""
    sources = _scenes(run, media, [1.2, 1.2])
    bad = tmp_path / "out" / "bad.mp4"
    bad.write_bytes(damage((tmp_path / "out" / "scene1.mp4").read_bytes()))
    with pytest.raises(ItemError) as caught:
        run("stitch", "film", {"sources": [sources[0], bad.as_uri()], "crossfade_s": FADE_S}, OPTIONS)
    said = str(caught.value)
    assert said.startswith(f"scene 2: {bad.as_uri()}")
    assert "scratch" not in said
    assert "00001" not in said


def test_a_scene_without_picture_is_told(run: Run, media: Media) -> None:
    """A sound file has none."""
    sound_only = media.folder / "only.mp4"
    with av.open(str(sound_only), "w") as container:
        track = container.add_stream("aac", rate=48_000, layout="mono")
        silence = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), format="fltp", layout="mono")
        silence.sample_rate = 48_000
        for frame in (silence, None):
            container.mux(track.encode(frame))
    with pytest.raises(BadInput, match=rf"scene 1: {sound_only.as_uri()} is not a rendered scene: it has no picture"):
        run("stitch", "film", {"sources": [sound_only.as_uri()]}, OPTIONS)
