"""Playlists and the names in them."""

import re
from fractions import Fraction
from pathlib import Path

import m3u8
import pytest

from container_worker.media.transcode.hls.bit_rates import average_bps, peak_bps
from container_worker.media.transcode.hls.codec_strings import Colour, codec_string
from container_worker.media.transcode.hls.languages import language_tag
from container_worker.media.transcode.hls.packaging import facts_of
from container_worker.media.transcode.hls.playlists import frames_per_second, master_playlist, target_duration_s
from container_worker.media.transcode.verify.hls.playlist_reading import attributes_of, read_media_playlist
from scenequeue.jobs.transcode.hls import HlsMedia, HlsSegment
from scenequeue.jobs.transcode.source import Track
from tests.container_worker.media.transcode.encode.clips import ffmpeg


def _media(*segments: tuple[int, float], packets: int = 60, **facts: object) -> HlsMedia:
    """A file whose segments have so many bytes and seconds."""
    made = [HlsSegment(size, round(seconds * 1000), packets) for size, seconds in segments]
    shared = {"codecs": "avc1.64001f", "timescale": 1000, "init_bytes": 700, "shift_s": 1, "width": 640, "height": 360}
    return HlsMedia.model_validate({**shared, "segments": made, **facts})


def test_the_peak_is_that_of_segments_as_long_as_the_target() -> None:
    """A short segment counts with its neighbours only, as RFC 8216 says; together they must not be too long."""
    media = _media((6000, 6), (9000, 6), (1000, 0.5))
    assert average_bps(media) == 10240
    assert peak_bps(media, 6) == 12308
    assert peak_bps(_media((1000, 1)), 6) == 8000
    assert target_duration_s([media, _media((1, 6.5))]) == 7
    assert target_duration_s([_media((1, 0.2))]) == 1


def test_a_picture_without_a_steady_rate_has_that_of_its_fastest_segment() -> None:
    """Times in milliseconds are steady enough."""
    assert frames_per_second(_media((1, 6.006), packets=180), (30000, 1001)) == Fraction(30000, 1001)
    assert frames_per_second(_media((1, 6), (1, 3), packets=90), (20, 1)) == 30


@pytest.mark.parametrize(
    "encoder",
    [
        ("libx264", "-profile:v", "high"), ("libx264", "-profile:v", "baseline"), ("libx265", "-x265-params", "log-level=none"),
        ("libx265", "-pix_fmt", "yuv420p10le", "-x265-params", "log-level=none"), ("libsvtav1", "-preset", "12"),
    ],
    ids=str,
)  # fmt: skip
def test_pictures_are_called_as_ffmpeg_calls_them(tmp_path: Path, encoder: tuple[str, ...]) -> None:
    """In the manifest that it writes beside the same stream."""
    tag = ["-tag:v", "hvc1"] if encoder[0] == "libx265" else []
    source = ["-f", "lavfi", "-i", "testsrc2=s=160x96:r=5:d=1", "-c:v", *encoder, *tag]
    ffmpeg(*source, "-f", "dash", "-single_file", "1", tmp_path / "media.mpd")
    told = re.search(r'codecs="([^"]+)"', (tmp_path / "media.mpd").read_text())
    (clip,) = tmp_path.glob("*.mp4")
    assert told
    assert facts_of(clip)["codecs"] == told[1]


def test_sounds_are_named_by_their_object_type(tmp_path: Path) -> None:
    """AAC tells it in its configuration."""
    assert codec_string("aac", bytes([0x12, 0x10])) == "mp4a.40.2"
    assert codec_string("aac", bytes([0xF8, 0x40])) == "mp4a.40.34"
    assert [codec_string(codec, b"") for codec in ("ac3", "eac3", "flac", "opus")] == ["ac-3", "ec-3", "fLaC", "Opus"]
    with pytest.raises(ValueError, match="vorbis"):
        codec_string("vorbis", b"")
    with pytest.raises(ValueError, match="av1"):
        codec_string("av1", b"\x81")
    hdr = codec_string("av1", bytes([0x81, 0x08, 0x4C]), Colour(9, 16, 9))
    assert hdr == "av01.0.08M.10.0.110.09.16.09.0"


def test_titles_cannot_break_out_of_their_attribute() -> None:
    """Names are unique, and have neither quotes nor line breaks; one member is the default."""
    tracks = [
        Track(index=1, type="audio", codec="aac", action="copy", language="eng", title='The "director"\n#EXT-X-ENDLIST'),
        Track(index=2, type="audio", codec="aac", action="copy", language="eng", dispositions=["default"]),
        Track(index=3, type="audio", codec="aac", action="copy", language="eng", dispositions=["visual_impaired"]),
        Track(index=4, type="audio", codec="aac", action="copy", language="und"),
    ]
    sound = _media((1000, 6), codecs="mp4a.40.2", channels=2)
    sounds = [(f"audio-{number}", track, sound) for number, track in enumerate(tracks, 1)]
    texts = [("subtitles-1", Track(index=5, type="subtitle", codec="mov_text", action="copy", language="ger"))]
    text = master_playlist({"360p": _media((6000, 6))}, sounds, texts, frame_rate=(25, 1), target_s=6)
    found = [attributes_of(line.removeprefix("#EXT-X-MEDIA:")) for line in text.splitlines() if line.startswith("#EXT-X-MEDIA:")]
    assert [each["NAME"] for each in found] == ["The 'director'#EXT-X-ENDLIST", "eng", "eng 2", "audio-4", "ger"]
    assert [each["DEFAULT"] for each in found] == ["NO", "YES", "NO", "NO", "NO"]
    assert [each["AUTOSELECT"] for each in found] == ["YES", "YES", "YES", "YES", "YES"]
    assert [each.get("LANGUAGE") for each in found] == ["en", "en", "en", None, "de"]
    assert "describes-video" in found[2]["CHARACTERISTICS"]
    assert len(m3u8.loads(text).media) == 5


def test_languages_have_two_letters_where_they_can() -> None:
    """Others keep their code; what is none is left out."""
    assert [language_tag(code) for code in ("ger", "deu", "en-GB", "haw", "und", "", None, 'x"y')] == [
        "de", "de", "en-GB", "haw", None, None, None, "xy",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "text",
    [
        "", "#EXTM3U", "#EXTM3U\n", "#EXTM3U\n#EXT-X-ENDLIST", "#EXTM3U\n\n#EXT-X-ENDLIST\n",
        "#EXTM3U\nfile.mp4\n#EXT-X-ENDLIST\n",
        "#EXTM3U\n#EXTINF:x,\n#EXT-X-ENDLIST\n",
        '#EXTM3U\n#EXT-X-MAP:URI="a",BYTERANGE="5@1"\n#EXT-X-ENDLIST\n',
    ],
)  # fmt: skip
def test_a_broken_playlist_is_not_understood(text: str) -> None:
    """Nothing is guessed."""
    with pytest.raises(ValueError, match=r".*"):
        read_media_playlist(text)
