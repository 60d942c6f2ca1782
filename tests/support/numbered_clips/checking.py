"""Compares a video with its source: every frame once and in its order, times, and the sound's content and place."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import numpy as np
import numpy.typing as npt

from tests.support.numbered_clips.pattern import RATE_HZ
from tests.support.numbered_clips.reading import PacketDigests, Pictures, Sound, packet_digests, read_pictures, read_sound

#: Greatest change of the distance between picture and sound, in seconds.
OFFSET_S = 0.001
#: Greatest lag that is looked for in all of the sound, in seconds, and in a part of it: less than between two beeps.
_REACH_S, _PART_REACH_S = 2.0, 0.13


def frame_faults(expected: Sequence[int], shown: Sequence[int | None]) -> list[str]:
    """Return what is wrong with the frames: lost, doubled, swapped, or unreadable."""
    counts = Counter(shown)
    known = set(expected)
    lost = [number for number in expected if not counts[number]]
    doubled = [number for number in expected if counts[number] > 1]
    foreign = [number for number in counts if number is not None and number not in known]
    place = {number: at for at, number in enumerate(expected)}
    ranks = [place[number] for number in shown if number is not None and number in place]
    swapped = [expected[later] for earlier, later in pairwise(ranks) if later < earlier]
    found = {"lost": lost, "doubled": doubled, "foreign": foreign, "swapped": swapped}
    faults = [f"{len(numbers)} {name}: {_few(numbers)}" for name, numbers in found.items() if numbers]
    if counts[None]:
        faults.append(f"{counts[None]} unreadable: at {_few([at for at, number in enumerate(shown) if number is None])}")
    return faults


def time_faults(times_s: Sequence[Fraction], made: Pictures, tick_s: Fraction) -> list[str]:
    """Return the frames that are shown more than a tick early or late, from the first one's time on.

    Args:
        times_s: times that are expected.
        made: the video.
        tick_s: the source's tick; the greater of both counts.
    """
    allowed = max(tick_s, made.tick_s)
    errors = [abs(got - wanted) for wanted, got in zip(times_s, made.times_s(), strict=False)]
    wrong = [at for at, error in enumerate(errors) if error > allowed]
    if None in made.pts:
        return ["frames without a time"]
    if not wrong:
        return []
    return [f"{len(wrong)} times wrong, by {float(max(errors) / allowed):.1f} ticks at most: at {_few(wrong)}"]


def lag_s(source: Sound, made: Sound, reach_s: float = _REACH_S) -> float:
    """Return the time by which the made sound is later than the source's, in seconds; both are heard on the same clock."""
    origin = min(source.start_s, made.start_s)
    wanted, got = _from(source, origin), _from(made, origin)
    length = max(len(wanted), len(got)) + int(reach_s * RATE_HZ)
    size = 1 << (length - 1).bit_length()
    likeness = np.fft.irfft(np.conj(np.fft.rfft(wanted, size)) * np.fft.rfft(got, size), size)
    reach = int(reach_s * RATE_HZ)
    lags = np.concatenate([np.arange(reach), np.arange(-reach, 0)])
    return float(lags[np.argmax(likeness[lags])]) / RATE_HZ


def lags_s(source: Sound, made: Sound) -> list[float]:
    """Return the lag of the whole, the first, the middle and the last third."""
    begin, length = source.start_s, len(source.samples)
    thirds = [(length * part // 3, length * (part + 1) // 3) for part in range(3)]
    heard = [(first, source.samples[first:end]) for first, end in thirds]
    parts = [
        lag_s(Sound(begin + Fraction(first, RATE_HZ), part), made, _PART_REACH_S)
        for first, part in heard
        # A third without a beep has no place.
        if len(part) and np.abs(part).max() > 0.1
    ]
    return [lag_s(source, made), *parts] if parts else []


def _from(sound: Sound, origin_s: Fraction) -> npt.NDArray[np.float32]:
    return np.concatenate([np.zeros(round((sound.start_s - origin_s) * RATE_HZ), np.float32), sound.samples])


def sound_faults(source: Path, made: Path, track: int, made_track: int, shift_s: Fraction, *, is_copied: bool) -> list[str]:
    """Return what is wrong with a track of sound.

    Args:
        source: the source.
        made: what was made of it.
        track: number of the source's track of sound, from 0.
        made_track: the same of what was made.
        shift_s: time by which the first frame is later than the source's.
        is_copied: its packets are the source's.
    """
    faults: list[str] = []
    if is_copied:
        faults += _packet_faults(packet_digests(source, track), packet_digests(made, made_track), track)
    heard, moved = read_sound(source, track), read_sound(made, made_track)
    moved = replace(moved, start_s=moved.start_s - shift_s)
    loudness = _energy(moved) / _energy(heard)
    if not 0.5 < loudness < 2:
        faults.append(f"sound {track}: has {loudness:.2f} times the source's energy")
    lags = lags_s(heard, moved)
    if not lags or max(map(abs, lags)) > OFFSET_S:
        faults.append(f"sound {track}: is late by {[round(lag * 1000, 2) for lag in lags]} ms beside the picture")
    elif not is_copied and max(lags) - min(lags) > 1.5 / RATE_HZ:
        faults.append(f"sound {track}: drifts: {[round(lag * RATE_HZ, 1) for lag in lags]} samples")
    return faults


def _packet_faults(source: PacketDigests, made: PacketDigests, track: int) -> list[str]:
    """Return whether packets differ; those of which nothing is heard in the source may be left out."""
    left_out = len(source.digests) - len(made.digests)
    if 0 <= left_out <= source.hidden and source.digests[left_out:] == made.digests:
        return []
    same = sum(each in set(source.digests) for each in made.digests)
    return [f"sound {track}: {len(made.digests)} packets, of which {same} are among the source's {len(source.digests)}"]


def _energy(sound: Sound) -> float:
    return float(np.square(sound.samples, dtype=np.float64).sum()) or 1e-9


def span_faults(wanted_s: Fraction, made: Pictures) -> list[str]:
    """Return whether the picture is longer or shorter than the source's by more than a frame."""
    frame_s = wanted_s / max(1, len(made.numbers))
    if abs(made.span_s - wanted_s) <= max(frame_s, made.tick_s):
        return []
    return [f"the picture lasts {float(made.span_s):.4f} s, not {float(wanted_s):.4f} s"]


def video_faults(
    source: Path, made: Path, numbers: Sequence[int], *, quarter_turns: int = 0, has_times: bool = True
) -> list[str]:
    """Return what is wrong with a video's frames and their times.

    Args:
        source: the source.
        made: what was made of it.
        numbers: frames that the source shows.
        quarter_turns: counter-clockwise turns after which the numbers of what was made stand upright.
        has_times: the source has a time for every frame.
    """
    got = read_pictures(made, quarter_turns)
    faults = frame_faults(numbers, got.numbers)
    if has_times and not faults:
        shown = read_pictures(source)
        wanted = {number: time for number, time in zip(shown.numbers, shown.times_s(), strict=True) if number is not None}
        first = wanted[numbers[0]]
        times_s = [wanted[number] - first for number in numbers]
        faults += time_faults(times_s, got, shown.tick_s)
        faults += span_faults(shown.span_s - first, got) if len(numbers) == len(shown.numbers) else []
    return faults


def start_shift_s(source: Path, made: Path) -> Fraction:
    """Return the time by which the first frame is later than the source's."""
    return read_pictures(made).start_s - read_pictures(source).start_s


def _few(numbers: Sequence[int]) -> str:
    return ", ".join(map(str, numbers[:8])) + (", …" if len(numbers) > 8 else "")
