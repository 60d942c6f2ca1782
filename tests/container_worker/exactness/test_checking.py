"""The checker itself: it accepts what is exact, and finds each fault that is planted."""

from collections.abc import Callable, Iterable, Iterator
from fractions import Fraction
from itertools import chain
from pathlib import Path

import av
import numpy as np
import pytest

from tests.support.numbered_clips import odd, timing, usual
from tests.support.numbered_clips.checking import frame_faults, sound_faults, video_faults
from tests.support.numbered_clips.clip import Clip
from tests.support.numbered_clips.making import X264, encode, run_ffmpeg
from tests.support.numbered_clips.pattern import draw, read
from tests.support.numbered_clips.reading import read_pictures

_CLIPS = [*usual.CLIPS, *timing.CLIPS, *odd.CLIPS]
_FRAMES = 50
_INTRA = (*X264, "-g", "1", "-bf", "0")

Packets = Iterable[av.Packet]


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A video of keyframes, so that any of its packets can be left out."""
    return encode(tmp_path_factory.mktemp("source") / "a.mp4", _FRAMES, video=_INTRA)


def _remuxed(source: Path, made: Path, change: Callable[[list[av.Packet]], Packets], sound_s: float = 0.0) -> Path:
    """Write a file again with its picture's packets changed; they get their times by their places."""
    with av.open(str(source)) as given, av.open(str(made), "w") as container:
        streams = [container.add_stream_from_template(stream) for stream in given.streams]
        packets = _by_stream(given)
        times = [packet.pts for packet in packets[0]]
        for place, packet in enumerate(change(packets[0])):
            copy = av.Packet(bytes(packet))
            copy.pts = copy.dts = times[place] if place < len(times) else times[-1] + (place - len(times) + 1) * times[1]
            copy.time_base, copy.duration, copy.is_keyframe, copy.stream = packet.time_base, times[1], True, streams[0]
            container.mux(copy)
        for packet in packets[1]:
            shift = round(Fraction(sound_s) / packet.time_base)
            packet.pts, packet.dts, packet.stream = packet.pts + shift, packet.dts + shift, streams[1]
            container.mux(packet)
    return made


def _by_stream(container: av.container.InputContainer) -> dict[int, list[av.Packet]]:
    found: dict[int, list[av.Packet]] = {stream.index: [] for stream in container.streams}
    for packet in container.demux():
        if packet.size:
            found[packet.stream_index].append(packet)
    return found


def _dropped(packets: list[av.Packet]) -> Iterator[av.Packet]:
    yield from chain(packets[:20], packets[21:])


def _doubled(packets: list[av.Packet]) -> Iterator[av.Packet]:
    yield from chain(packets[:21], packets[20:21], packets[22:])


def _swapped(packets: list[av.Packet]) -> Iterator[av.Packet]:
    yield from chain(packets[:20], [packets[21], packets[20]], packets[22:])


def test_a_number_is_read_as_it_was_drawn() -> None:
    """At any size; a blend of two frames is no number."""
    assert [read(draw(number, 160, 90)) for number in range(4096)] == list(range(4096))
    assert read(draw(1234, 854, 480)) == 1234
    blend = (draw(1234, 160, 90) // 2 + draw(1235, 160, 90) // 2).astype(np.uint8)
    assert read(blend) is None


@pytest.mark.parametrize("clip", _CLIPS, ids=lambda clip: clip.name)
def test_a_clip_shows_what_it_says(clip: Clip, clip_path: Callable[[Clip], Path]) -> None:
    """A player shows these frames in this order."""
    shown = read_pictures(clip_path(clip)).numbers
    assert frame_faults(clip.numbers, shown) == []


@pytest.mark.parametrize("clip", odd.BROKEN_TAILS, ids=lambda clip: clip.name)
def test_most_of_a_clip_with_a_broken_end_is_shown(clip: Clip, clip_path: Callable[[Clip], Path]) -> None:
    """The last frames are shown or not, by their order in the file."""
    shown = read_pictures(clip_path(clip)).numbers[: clip.fewest]
    assert frame_faults(clip.numbers[: clip.fewest], shown) == []


def test_numbers_survive_a_small_size_and_a_low_quality(source: Path, tmp_path: Path) -> None:
    """Scaled and encoded again, the video has the same frames at the same times."""
    run_ffmpeg("-i", source, "-vf", "scale=160:90", "-c:v", "libx264", "-crf", "28", "-c:a", "copy", tmp_path / "b.mp4")
    assert video_faults(source, tmp_path / "b.mp4", range(_FRAMES)) == []
    assert sound_faults(source, tmp_path / "b.mp4", 0, 0, Fraction(0), is_copied=True) == []


def test_encoded_sound_in_its_place_is_accepted(source: Path, tmp_path: Path) -> None:
    """Not as copied sound, whose packets are the same."""
    run_ffmpeg("-i", source, "-c:v", "copy", "-c:a", "libopus", tmp_path / "b.mp4")
    assert sound_faults(source, tmp_path / "b.mp4", 0, 0, Fraction(0), is_copied=False) == []
    assert "of which 0 are" in sound_faults(source, tmp_path / "b.mp4", 0, 0, Fraction(0), is_copied=True)[0]


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        (_dropped, "1 lost: 20"),
        (_doubled, "1 lost: 21; 1 doubled: 20"),
        (_swapped, "1 swapped: 20"),
        (lambda packets: packets[:-3], "3 lost: 47, 48, 49"),
    ],
)
def test_a_planted_fault_of_the_frames_is_found(
    change: Callable[[list[av.Packet]], Packets], fault: str, source: Path, tmp_path: Path
) -> None:
    """A frame that is left out, shown twice, or in another's place, with times that are in order."""
    assert "; ".join(video_faults(source, _remuxed(source, tmp_path / "b.mp4", change), range(_FRAMES))) == fault


def test_a_wrong_time_is_found(source: Path, tmp_path: Path) -> None:
    """Frames that are shown faster have the same numbers, and a length of their own."""
    run_ffmpeg("-itsscale", "0.95", "-i", source, "-c", "copy", "-an", tmp_path / "b.mp4")
    found = video_faults(source, tmp_path / "b.mp4", range(_FRAMES))
    assert len(found) == 2
    assert "times wrong" in found[0]
    assert "lasts 1.90" in found[1]


@pytest.mark.parametrize("late_s", [0.08, -0.08, 0.003, 0.5])
def test_sound_that_is_shifted_is_found(late_s: float, source: Path, tmp_path: Path) -> None:
    """By 80 ms or by three, late or early."""
    shifted = _remuxed(source, tmp_path / "b.mkv", lambda packets: packets, late_s)
    found = sound_faults(source, shifted, 0, 0, Fraction(0), is_copied=True)
    assert any("late by" in fault for fault in found)


def test_silence_is_found(source: Path, tmp_path: Path) -> None:
    """Sound of the right length without anything in it."""
    run_ffmpeg("-i", source, "-c:v", "copy", "-af", "volume=0", tmp_path / "b.mp4")
    assert sound_faults(source, tmp_path / "b.mp4", 0, 0, Fraction(0), is_copied=False)
