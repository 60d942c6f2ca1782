"""The choice of what becomes of sound, subtitles and other streams."""

from typing import Any

import pytest

from container_worker.media.transcode.planning.tracks import choose_tracks
from scenequeue.jobs.transcode.options import TranscodeOptions
from tests.container_worker.media.transcode.sources import stream


def _actions(container: str, kind: str, *codecs: str, **options: Any) -> list[str]:
    """The action of each track, or the code of the note for one that is left out."""
    found = []
    for codec in codecs:
        made = TranscodeOptions(container=container, codec="av1", **options)  # type: ignore[arg-type]
        tracks, notes = choose_tracks([stream(1, kind, codec)], made)
        found.append(tracks[0].action if tracks else str(notes[0].code))
    return found


@pytest.mark.parametrize(
    ("container", "codecs", "actions"),
    [
        ("mp4", ("aac", "ac3", "opus", "flac", "vorbis", "pcm_s16le"), ["copy"] * 4 + ["aac"] * 2),
        ("mkv", ("aac", "vorbis", "dts", "pcm_s24le", "wmav2"), ["copy"] * 4 + ["aac"]),
        ("webm", ("opus", "vorbis", "aac"), ["copy", "copy", "opus"]),
        ("flv", ("aac", "mp3", "opus"), ["copy", "copy", "aac"]),
    ],
)
def test_sound_is_copied_where_the_container_holds_it(container: str, codecs: tuple[str, ...], actions: list[str]) -> None:
    """Else it is encoded to the container's usual codec."""
    assert _actions(container, "audio", *codecs) == actions


def test_an_empty_track_is_left_out() -> None:
    """And tells nothing of the codec that all sounds of a ladder share."""
    sounds = [stream(1, "audio", "ac3"), stream(2, "audio", "aac", has_packets=False)]
    tracks, notes = choose_tracks([*sounds, stream(3, "subtitle", "ass", has_packets=False)], TranscodeOptions(hls=True))
    assert [(track.index, track.action) for track in tracks] == [(1, "copy")]
    assert [(note.code, note.parameters["stream"]) for note in notes] == [("stream_empty", 2), ("stream_empty", 3)]


def test_sound_is_encoded_where_a_codec_is_asked_for() -> None:
    """To the container's own one, where it cannot hold that."""
    assert _actions("mp4", "audio", "aac", "opus", audio="opus") == ["opus", "opus"]
    assert _actions("webm", "audio", "opus", audio="aac") == ["opus"]
    assert _actions("flv", "audio", "aac", audio="opus") == ["aac"]


@pytest.mark.parametrize(
    ("container", "hls", "audio", "action", "notes"),
    [
        ("mp4", False, "copy", "aac", ["track_converted_as_it_changes"]),
        ("mkv", False, "copy", "aac", ["track_converted_as_it_changes"]),
        ("mp4", True, "copy", "aac", ["track_converted_as_it_changes"]),
        ("webm", False, "copy", "opus", ["track_converted"]),
        ("mp4", False, "aac", "aac", []),
    ],
)
def test_sound_whose_format_changes_is_not_copied(container: str, hls: bool, audio: str, action: str, notes: list[str]) -> None:
    """A container describes a track once: behind the change a copy would be noise or nothing."""
    options = TranscodeOptions(container=container, codec="av1", hls=hls, audio=audio)  # type: ignore[arg-type]
    (track,), told = choose_tracks([stream(1, "audio", "aac", is_changing=True)], options)
    assert track.action == action
    assert [str(note.code) for note in told] == notes


@pytest.mark.parametrize(
    ("container", "codecs", "actions", "notes"),
    [
        ("mp4", ("aac", "aac"), ["copy", "copy"], []),
        ("mp4", ("ac3",), ["copy"], []),
        ("mp4", ("ac3", "aac"), ["aac", "copy"], ["track_converted_for_hls"]),
        ("mp4", ("mp3",), ["aac"], ["track_converted_for_hls"]),
        ("mkv", ("vorbis", "pcm_u8"), ["aac", "aac"], ["track_converted_for_hls"] * 2),
        ("webm", ("vorbis",), ["opus"], ["track_converted_for_hls"]),
        ("mp4", ("wmav2",), ["aac"], ["track_converted"]),
    ],
)
def test_all_sounds_of_a_ladder_have_one_codec(
    container: str, codecs: tuple[str, ...], actions: list[str], notes: list[str]
) -> None:
    """One that HLS has; what is converted for it is named."""
    options = TranscodeOptions(container=container, codec="av1", hls=True)  # type: ignore[arg-type]
    tracks, told = choose_tracks([stream(number, "audio", codec) for number, codec in enumerate(codecs, 1)], options)
    assert [track.action for track in tracks] == actions
    assert [str(note.code) for note in told] == notes


@pytest.mark.parametrize(
    ("container", "codecs", "actions"),
    [
        ("mp4", ("mov_text", "subrip", "ass", "hdmv_pgs_subtitle"), ["copy", "mov_text", "mov_text", "subtitles_left_out"]),
        ("mkv", ("mov_text", "subrip", "ass", "dvd_subtitle"), ["webvtt", "copy", "copy", "copy"]),
        ("webm", ("webvtt", "subrip", "dvb_subtitle"), ["copy", "webvtt", "subtitles_left_out"]),
        ("flv", ("subrip",), ["subtitles_left_out"]),
    ],
)
def test_subtitles_of_text_are_kept_or_converted(container: str, codecs: tuple[str, ...], actions: list[str]) -> None:
    """Those of pictures are kept where the container holds them."""
    assert _actions(container, "subtitle", *codecs) == actions


def test_language_title_and_dispositions_are_kept_in_the_sources_order() -> None:
    """For tracks of both types."""
    streams = [
        stream(1, "audio", "aac", language="deu", title="Ton", dispositions=["default"]),
        stream(3, "subtitle", "subrip", language="eng"),
        stream(4, "audio", "aac", language="eng"),
    ]
    tracks, notes = choose_tracks(streams, TranscodeOptions())
    assert [(track.index, track.language, track.title, track.dispositions) for track in tracks] == [
        (1, "deu", "Ton", ["default"]), (3, "eng", None, []), (4, "eng", None, []),
    ]  # fmt: skip
    assert [str(note.code) for note in notes] == ["track_converted"]


def test_every_other_stream_is_named_with_what_it_is() -> None:
    """Covers, data, attachments, other programs, sound that nothing can decode, and a second sound in FLV."""
    streams = [
        stream(1, "video", "mjpeg", dispositions=["attached_pic"]), stream(2, "data", "bin_data"), stream(3, "attachment", "ttf"),
        stream(4, "audio", "aac", is_of_program=False), stream(5, "audio", "none", is_decodable=False),
        stream(6, "audio", "aac"), stream(7, "audio", "aac"),
    ]  # fmt: skip
    tracks, notes = choose_tracks(streams, TranscodeOptions(container="flv"))
    assert [track.index for track in tracks] == [6]
    assert [(note.parameters["stream"], str(note.code)) for note in notes] == [
        (1, "picture_left_out"), (2, "data_left_out"), (3, "data_left_out"), (4, "stream_of_other_program"),
        (5, "sound_left_out"), (7, "sound_left_out"),
    ]  # fmt: skip
