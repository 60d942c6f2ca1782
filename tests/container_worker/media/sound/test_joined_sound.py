"""Sounds that were joined of several files, as text-to-speech scripts do it, and headers that are wrong."""

from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import av
import numpy as np
import pytest

from container_worker.media.sound.measuring import measure_sound
from container_worker.media.sound.parts import Part, parts_of
from producer.durations import believable_s, weight_of
from scenequeue.errors import BadInput
from tests.container_worker.media.conftest import Made
from tests.support.media import Media
from tests.support.prober import check, loudness_lufs, sound

#: Ending -> codec.
CODECS = {
    "wav": "pcm_s16le", "flac": "flac", "opus": "libopus", "aac": "aac", "mp3": "mp3",
}  # fmt: skip
_BEEP_S = 0.1


def _chunk(media: Media, name: str, rate: int, layout: str, seconds: float, beeps: list[float]) -> Path:
    """A sound file with beeps of 1 kHz that begin at these seconds; MP3 without a header, as services send it in pieces."""
    path = media.folder / name
    at = np.arange(round(seconds * rate))
    tone = np.sin(at * 2 * np.pi * 1000 / rate) * 0.5
    heard = np.zeros(len(at), bool)
    for beep in beeps:
        heard[round(beep * rate) : round((beep + _BEEP_S) * rate)] = True
    samples = (tone * heard * 32_767).astype(np.int16)
    bare = {"write_xing": "0", "id3v2_version": "0"} if path.suffix == ".mp3" else {}
    _encode(path, CODECS[path.suffix[1:]], samples, rate, layout, bare)
    return path


def _encode(path: Path, codec: str, samples: np.ndarray, rate: int, layout: str, options: dict[str, str]) -> None:
    with av.open(str(path), "w", options=options, format="adts" if path.suffix == ".aac" else None) as container:
        stream = container.add_stream(codec, rate=rate, layout=layout)
        frame = av.AudioFrame.from_ndarray(samples[None, :], format="s16", layout="mono")
        frame.rate = rate
        resampler = av.AudioResampler(
            format=stream.codec_context.format, layout=layout, rate=rate, frame_size=stream.codec_context.frame_size or 1024
        )
        for piece in [*resampler.resample(frame), *resampler.resample(None)]:
            container.mux(stream.encode(piece))
        container.mux(stream.encode(None))


def _joined(media: Media, name: str, chunks: list[Path]) -> Path:
    path = media.folder / name
    path.write_bytes(b"".join(chunk.read_bytes() for chunk in chunks))
    return path


def _onsets(samples: np.ndarray) -> list[float]:
    loud = np.flatnonzero(np.abs(samples) > 0.1)
    first = [loud[0], *(after for before, after in pairwise(loud) if after - before > 2400)]
    return [float(each) / 48_000 for each in first]


#: What a file is joined of: (rate, layout).
CHANGES = {
    "rate and channels": [(24_000, "mono"), (44_100, "stereo"), (24_000, "mono")],
    "channels": [(24_000, "mono"), (24_000, "stereo")],
    "nothing": [(24_000, "mono"), (24_000, "mono")],
}


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("ending", CODECS)
def test_every_beep_of_a_joined_narration_is_where_it_belongs(
    make: Callable[..., Made], media: Media, ending: str, change: str
) -> None:
    """Each chunk begins where the one before ends, and the video is as long as all of them together."""
    forms = CHANGES[change]
    if ending == "opus":
        forms = [(48_000, layout) for _, layout in forms]
    chunks = [_chunk(media, f"{n}.{ending}", rate, layout, 1.0, [0.3, 0.7]) for n, (rate, layout) in enumerate(forms)]
    lengths = [float(measure_sound(str(chunk)).duration_s) for chunk in chunks]
    alone = [_onsets(sound(make({"motion": "none", "fps": 25}, audio=chunk).path)) for chunk in chunks]
    made = make({"motion": "none", "fps": 25}, audio=_joined(media, f"joined.{ending}", chunks))
    assert made.report.warnings == ()
    check(made.path, frames=-int(-sum(lengths) * 25 // 1), fps=25, size=(640, 360))
    wanted = [sum(lengths[:number]) + onset for number, onsets in enumerate(alone) for onset in onsets]
    # A decoder of MP3 takes in a new rate one frame late: 24 ms of a frame at most, and only there.
    slack = 0.025 if ending == "mp3" and change == "rate and channels" else 0.002
    assert _onsets(sound(made.path)) == pytest.approx(wanted, abs=slack)


#: Ending -> codec and options, of formats that other programs stop in after the first part.
_OTHER_FORMATS = {
    "w64": ("pcm_s16le", {}), "aiff": ("pcm_s16be", {}), "caf": ("pcm_s16le", {}), "wav": ("pcm_s16le", {"rf64": "always"}),
    "mka": ("pcm_s16le", {}), "webm": ("libopus", {}), "m4a": ("aac", {}),
}  # fmt: skip


@pytest.mark.parametrize("ending", _OTHER_FORMATS)
def test_a_narration_joined_of_files_of_any_format_is_heard_whole(media: Media, ending: str) -> None:
    """Nothing of it is cut silently: it is as long as all its parts together."""
    codec, options = _OTHER_FORMATS[ending]
    part = media.folder / f"part.{ending}"
    _encode(part, codec, np.zeros(48_000, np.int16), 48_000, "mono", options)
    alone = measure_sound(str(part))
    assert (alone.is_steady, float(alone.duration_s)) == (True, pytest.approx(1.0, abs=0.05))
    joined = measure_sound(str(_joined(media, f"joined.{ending}", [part] * 3)))
    assert (joined.duration_s, joined.is_steady, joined.damaged_packets) == (3 * alone.duration_s, False, 0)


def test_tags_between_the_parts_of_a_joined_mp3_are_no_damage(make: Callable[..., Made], media: Media) -> None:
    """Each part brings its tag and its header, as files of their own do."""
    parts = [media.tone(f"{n}.mp3", 0.5) for n in range(3)]
    assert all(part.read_bytes().startswith(b"ID3") for part in parts)
    made = make({"motion": "none", "fps": 25}, audio=_joined(media, "joined.mp3", parts))
    assert made.report.warnings == ()
    # A decoder hears an encoder's start at the beginning of every part but the first: 50 ms at most.
    assert 1.5 <= made.report.duration_s <= 1.7


@pytest.mark.parametrize("ending", ["mp3", "wav", "aac"])
def test_joined_music_is_repeated_and_ends(make: Callable[..., Made], media: Media, ending: str) -> None:
    """Under a longer narration: every beep of every round, and the video as long as its narration."""
    chunks = [_chunk(media, f"{n}.{ending}", rate, "mono", 0.5, [0.2]) for n, rate in enumerate((24_000, 44_100))]
    music = _joined(media, f"music.{ending}", chunks)
    length_s = float(measure_sound(str(music)).duration_s)
    quiet = media.silence_then_tone("quiet.wav", 4.0, 0.0)
    made = make({"motion": "none", "fps": 25, "music_gain_db": 0, "ducking": False}, audio=quiet, music=music)
    check(made.path, frames=100, fps=25, size=(640, 360))
    onsets = _onsets(sound(made.path)[: 48_000 * 3])
    assert len(onsets) >= 2 * int(3 // length_s)
    gaps = np.diff(onsets[::2])
    assert gaps == pytest.approx([length_s] * len(gaps), abs=0.002)


def test_a_joined_narration_reaches_its_loudness(make: Callable[..., Made], media: Media) -> None:
    """It is measured as it is played."""
    chunks = [_chunk(media, f"{n}.mp3", rate, "mono", 2.0, [0.0, 0.3, 0.6, 1.0, 1.5]) for n, rate in enumerate((24_000, 44_100))]
    made = make({"motion": "none", "normalize_loudness": True}, audio=_joined(media, "joined.mp3", chunks))
    assert loudness_lufs(made.path) == pytest.approx(-16.0, abs=0.5)


def test_music_too_short_to_be_repeated_is_refused(make: Callable[..., Made], media: Media) -> None:
    """A sample repeated for hours would take hours."""
    with pytest.raises(BadInput, match=r"^music lasts 0\.010 s; the shortest allowed is 0\.1 s"):
        make({}, music=media.tone("click.wav", 0.01))


def _with_claim(media: Media, frames: int) -> Path:
    """An MP3 of one second whose Xing header claims this many frames."""
    path = media.tone("claim.mp3", 1.0)
    data = bytearray(path.read_bytes())
    place = max(data.find(b"Xing"), data.find(b"Info"))
    assert place > 0
    data[place + 8 : place + 12] = frames.to_bytes(4, "big")
    path.write_bytes(data)
    return path


@pytest.mark.parametrize("frames", [2_000_000, 1])
def test_a_narration_is_as_long_as_it_is_whatever_its_header_claims(make: Callable[..., Made], media: Media, frames: int) -> None:
    """Thirteen hours, or a moment, in the header of one second."""
    path = _with_claim(media, frames)
    made = make({"motion": "none", "fps": 25}, audio=path)
    assert made.report.duration_s == pytest.approx(1.0, abs=0.08)


def test_a_weight_is_no_larger_than_the_file_can_hold(media: Media) -> None:
    """The planner would launch containers for hours of work that is not there."""
    assert weight_of(_with_claim(media, 2_000_000)) <= 10
    assert weight_of(media.tone("right.mp3", 2.0)) == pytest.approx(2.0, abs=0.1)
    assert believable_s(0, 16_000) == 1.0
    assert believable_s(3600, 3600 * 750) == 3600


_OGG_CHAIN = b"OggS\x00\x02" + bytes(20) + b"\x01\x01a" + b"OggS\x00\x02" + bytes(20) + b"\x00" + b"OggS\x00\x00rest"

_GUID_END = b"\xf3\xac\xd3\x11\x8c\xd1\x00\xc0O\x8e\xdb\x8a"
_W64 = b"riff.\x91\xcf\x11\xa5\xd6(\xdb\x04\xc1\x00\x00" + b"\xff" * 8 + b"wave" + _GUID_END + b"fmt "


@pytest.mark.parametrize(
    ("data", "parts"),
    [
        (b"RIFF\x04\x00\x00\x00WAVE", [(0, 12)]),
        (b"RIFF\xff\xff\xff\xffWAVEfmt 1234RIFF\xff\xff\xff\xffWAVEfmt 12", [(0, 20), (20, 38)]),
        (b"RIFF\x0c\x00\x00\x00WAVEfmt 1234RIFF\x0c\x00\x00\x00WAVEfmt 1234", [(0, 20), (20, 40)]),
        (b"fLaC\x00\x00\x00\x22" + bytes(40) + b"fLaC\x80\x00\x00\x22" + bytes(40), [(0, 48), (48, 96)]),
        # Two streams of one chain begin one behind the other; the second chain has them too.
        (2 * _OGG_CHAIN, [(0, 66), (66, 132)]),
        (2 * _W64, [(0, 44), (44, 88)]),
        (_W64[:16] + b"\x2c" + bytes(7) + _W64[24:], [(0, 44)]),
        (2 * b"FORM\x00\x00\x00\x0cAIFFCOMM1234", [(0, 20), (20, 40)]),
        (b"FORM\x00\x00\x00\x0cAIFCFVER1234", [(0, 20)]),
        (2 * (b"RF64\xff\xff\xff\xffWAVEds64\x1c\x00\x00\x00" + b"\x18" + bytes(11)), [(0, 32), (32, 64)]),
        (2 * (b"caff\x00\x01\x00\x00desc" + bytes(7) + b"\x20"), [(0, 20), (20, 40)]),
        (2 * b"\x1aE\xdf\xa3\x93B\x86\x81\x01B\x82\x88matroska", [(0, 20), (20, 40)]),
        (2 * (b"\x00\x00\x00\x08ftyp" + b"\x00\x00\x00\x0cmdatxxxx"), [(0, 20), (20, 40)]),
        # Within another box, and behind a box of a length that cannot be, there is no file.
        (b"\x00\x00\x00\x08ftyp\x00\x00\x00\x10mdat\x00\x00\x00\x08ftyp", [(0, 24)]),
        (b"\x00\x00\x00\x08ftyp\x00\x00\x00\x02mdat\x00\x00\x00\x08ftyp", [(0, 24)]),
        (2 * (b"\x00\x00\x00\x08ftyp" + b"\x00\x00\x00\x01mdat" + bytes(7) + b"\x10"), [(0, 24), (24, 48)]),
        (b"OggS\x00\x02", [(0, 6)]),
        (b"xxRIFF\xff\xff\xff\xffWAVEfmt ", [(0, 18)]),
        (b"", [(0, 0)]),
    ],
)  # fmt: skip
def test_the_parts_of_a_joined_file_are_found(tmp_path: Path, data: bytes, parts: list[tuple[int, int]]) -> None:
    """By what each kind of file begins with."""
    path = tmp_path / "sound"
    path.write_bytes(data)
    assert parts_of(str(path), "narration") == [Part(*each) for each in parts]


def test_more_parts_than_can_be_meant_are_refused(tmp_path: Path) -> None:
    """Each costs the opening of a file."""
    path = tmp_path / "sound"
    path.write_bytes(b"fLaC\x00\x00\x00\x22" * 10_001)
    with pytest.raises(BadInput, match="narration was joined of more than the 10000 files allowed"):
        parts_of(str(path), "narration")
