"""Encoded sound is compared with the source's: its lag at three places, and silence where the source has none."""

from pathlib import Path

import numpy as np
import pytest

from container_worker.media.transcode.file_names import TRACK_REPORT_FILE
from container_worker.media.transcode.packet_table import read_table
from container_worker.media.transcode.sound_envelope import STEP_S, Levels, pack, read_envelope, unpack
from container_worker.media.transcode.verify.child import make
from container_worker.media.transcode.verify.file_names import REPORT_FILE
from container_worker.media.transcode.verify.sound_checks import Heard, aligned, check_sound
from scenequeue.jobs.transcode.plan import TrackReport
from scenequeue.jobs.transcode.verification import Check, TranscodeReport
from tests.container_worker.media.transcode.encode.clips import ffmpeg
from tests.container_worker.media.transcode.verify.joining import Encoded, Mistakes, encode

#: Bursts of a tone at irregular times, over quiet noise.
_SOUND = "aevalsrc='0.4*sin(2000*t)*gt(sin(5*t)+sin(8.3*t),0.6)+0.04*(random(0)-0.5)':d=4:s=44100"


@pytest.fixture(scope="module")
def encoded(tmp_path_factory: pytest.TempPathFactory) -> Encoded:
    """A source whose track is encoded."""
    return encode(tmp_path_factory.mktemp("encoded") / "a")


def _checked(encoded: Encoded, tmp_path: Path, filters: str = "anull", delay_s: float = 0.0) -> tuple[dict[str, Check], float]:
    """Verify a track that was encoded through these filters, and so reported; returns what failed, and the lag in ms."""
    source, made = tmp_path / "source.wav", tmp_path / "made.mp4"
    ffmpeg("-f", "lavfi", "-i", _SOUND, source)
    ffmpeg("-i", source, "-af", filters, "-c:a", "aac", "-b:a", "48k", made)
    folder = encoded.folder_with(tmp_path / "checked", mistakes=Mistakes(sound=made))
    levels = read_envelope(source, 0, "wav")
    report = TrackReport(
        index=1, table=read_table(made, 0), envelope=pack(levels.levels), envelope_start_s=levels.start_s + delay_s
    )
    (folder / TRACK_REPORT_FILE.format(1)).write_text(report.model_dump_json())
    make({"folder": str(folder)})
    found = TranscodeReport.model_validate_json((folder / REPORT_FILE).read_text())
    lag_ms = next(float(each.detail.parameters.get("lag_ms", 0)) for each in found.checks if each.name == "sound")
    return {each.name: each for each in found.checks if not each.ok}, lag_ms


def test_encoded_sound_passes(encoded: Encoded, tmp_path: Path) -> None:
    """At a low bit rate, without a lag."""
    assert _checked(encoded, tmp_path) == ({}, 0.0)


@pytest.mark.parametrize(
    ("filters", "code"),
    [
        ("volume=0", "sound_has_hole"),
        ("volume=0:enable='between(t,2.4,3)'", "sound_has_hole"),
        ("adelay=80:all=1,atrim=end=4", "sound_lags"),
        ("atrim=start=0.08,asetpts=N/SR/TB,apad=whole_dur=4", "sound_lags"),
    ],
)
def test_what_the_encoder_did_to_the_sound_is_found(encoded: Encoded, tmp_path: Path, filters: str, code: str) -> None:
    """Silence, a hole, 80 ms too late and too early: packets and their times are as they were reported."""
    failed, lag_ms = _checked(encoded, tmp_path, filters)
    assert {name: each.detail.code for name, each in failed.items()} == {"sound": code}
    if code == "sound_lags":
        assert abs(lag_ms) == pytest.approx(80, abs=5)


def test_sound_that_was_encoded_with_other_times_is_found(encoded: Encoded, tmp_path: Path) -> None:
    """The source's sound begins 80 ms later than the track that was made of it."""
    failed, lag_ms = _checked(encoded, tmp_path, delay_s=0.08)
    assert failed.keys() == {"sound"}
    assert lag_ms == pytest.approx(-80, abs=5)


def _levels(seconds: float, seed: int = 1) -> Levels:
    bursts = np.random.default_rng(seed).integers(0, 2, round(seconds / 0.25)) * 100 + 30
    return np.repeat(bursts, round(0.25 / STEP_S)).astype(np.uint8)


@pytest.mark.parametrize("at_s", [0.5, 20.0, 31.0])
def test_a_lag_is_found_at_the_start_in_the_middle_and_at_the_end(at_s: float) -> None:
    """A sound that slips within the file."""
    source = _levels(40)
    joined, steps = source.copy(), round(0.08 / STEP_S)
    joined[round(at_s / STEP_S) :] = np.roll(source, steps)[round(at_s / STEP_S) :]
    assert check_sound("a", {1: Heard(source, joined)}).detail.code == "sound_lags"


def test_sound_without_features_has_no_lag() -> None:
    """An even tone, and silence."""
    for level in (0, 90):
        even = np.full(3000, level, np.uint8)
        assert check_sound("a", {1: Heard(even, even)}).ok
    assert check_sound("a", {}).ok
    assert check_sound("a", {1: Heard(even[:0], even[:0])}).ok


def test_levels_are_brought_onto_one_axis() -> None:
    """Joined sound that begins later, earlier, or nowhere near."""
    source, joined = np.arange(1, 7, dtype=np.uint8), np.arange(11, 15, dtype=np.uint8)
    assert aligned(source, 0.0, joined, 2 * STEP_S).joined.tolist() == [0, 0, 11, 12, 13, 14]
    assert aligned(source, 1.0, joined, 1.0 - 3 * STEP_S).joined.tolist() == [14, 0, 0, 0, 0, 0]
    assert aligned(source, 0.0, joined, 99.0).joined.tolist() == [0] * 6


def test_levels_are_stored_and_read(tmp_path: Path) -> None:
    """As text; another text is no error of its own kind. They follow the times of the frames, holes included."""
    source = tmp_path / "a.mkv"
    ffmpeg("-f", "lavfi", "-i", "sine=duration=1", "-af", "aselect='not(between(t,0.4,0.6))'", source)
    found = read_envelope(source, 0)
    levels = found.levels
    assert unpack(pack(levels)).tolist() == levels.tolist()
    assert len(levels) * STEP_S == pytest.approx(1.0, abs=0.03)
    assert levels[round(0.5 / STEP_S)] == 0
    assert levels[round(0.2 / STEP_S)] > 50
    with pytest.raises(ValueError):
        unpack("!")
