"""Sounds whose format changes midway, and texts that are not UTF-8, found in real files."""

from pathlib import Path

import pytest

from container_worker.media.transcode.probing.demuxing import read_table
from tests.container_worker.media.transcode.probing.clips import PICTURE, clip, ffmpeg

_FLV_HEAD_BYTES = 13


def _sound(path: Path, rate_hz: int, channels: int) -> bytes:
    sine = ("-f", "lavfi", "-i", "sine=d=0.5", "-ar", str(rate_hz), "-ac", str(channels), "-c:a", "aac")
    return ffmpeg(path, *sine).read_bytes()


def _found(path: Path) -> tuple[set[int], int]:
    table = read_table(path, 0, "source", lambda _bytes: None)
    return table.changing_sounds, len(table.packets)


@pytest.mark.parametrize(
    ("second", "is_changing"),
    [((48_000, 6), True), ((48_000, 1), True), ((44_100, 2), True), ((48_000, 2), False)],
)
def test_a_broadcast_whose_sound_changes_is_found(tmp_path: Path, second: tuple[int, int], is_changing: bool) -> None:
    """Stereo, and then something else, as between a film and its advertisements; the picture's table is whole."""
    joined = tmp_path / "joined.aac"
    joined.write_bytes(_sound(tmp_path / "a.aac", 48_000, 2) + _sound(tmp_path / "b.aac", *second))
    source = clip(tmp_path / "a.ts", "-map", "0", seconds=1)
    made = ffmpeg(tmp_path / "b.ts", "-i", source, "-i", joined, "-c", "copy", "-map", "0", "-map", "1")
    assert _found(made) == ({1} if is_changing else set(), 25)


@pytest.mark.parametrize(("rate_hz", "is_changing"), [(22_050, True), (44_100, False)])
def test_a_recorded_stream_whose_sender_began_anew_is_found(tmp_path: Path, rate_hz: int, is_changing: bool) -> None:
    """FLV repeats the headers then, which differ only if the sender has changed its format."""
    parts = []
    for number, rate in enumerate((44_100, rate_hz)):
        picture = (word.format(seconds=1) for word in PICTURE)
        sine = ("-f", "lavfi", "-i", "sine=d=1", "-c:v", "libx264", "-c:a", "aac", "-ar", str(rate))
        parts.append(ffmpeg(tmp_path / f"{number}.flv", *picture, *sine, "-output_ts_offset", str(number)).read_bytes())
    (both := tmp_path / "both.flv").write_bytes(parts[0] + parts[1][_FLV_HEAD_BYTES:])
    changing, packets = _found(both)
    assert changing == ({1} if is_changing else set())
    assert packets >= 50


def test_of_an_mp4_only_the_index_is_read(tmp_path: Path) -> None:
    """So nothing is said of its sounds."""
    assert _found(clip(tmp_path / "a.mp4", sound=True)) == (set(), 50)


@pytest.mark.parametrize("codec", ["srt", "ass"])
def test_a_text_in_another_encoding_is_counted(tmp_path: Path, codec: str) -> None:
    """Others, also those beyond ASCII, are not."""
    (tmp_path / "a.srt").write_text("1\n00:00:00,000 --> 00:00:01,000\nPRI?\n\n2\n00:00:01,000 --> 00:00:02,000\nété\n")
    made = ffmpeg(tmp_path / "b.mkv", "-i", clip(tmp_path / "a.mp4"), "-i", tmp_path / "a.srt", "-c", "copy", "-c:s", codec)
    assert read_table(made, 0, "source", lambda _bytes: None).unreadable_texts == {}
    made.write_bytes(made.read_bytes().replace(b"PRI?", "При!".encode("cp1251")))
    table = read_table(made, 0, "source", lambda _bytes: None)
    assert (table.unreadable_texts, len(table.packets)) == ({1: 1}, 50)
