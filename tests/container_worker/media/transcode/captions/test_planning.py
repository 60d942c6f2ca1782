"""The choice of subtitles that become WebVTT files, and of the files' names."""

from container_worker.media.transcode.planning.captions import choose_captions
from scenequeue.jobs.transcode.options import TranscodeOptions
from tests.container_worker.media.transcode.sources import stream

_WANTED = TranscodeOptions(webvtt=True)


def test_files_are_named_after_their_language_and_those_of_one_language_apart() -> None:
    """A language that is none, or is not known, gives the number of the stream."""
    languages = ["eng", "pt-BR", "ENG", "und", None, "../x", "sprites", "eng"]
    streams = [stream(at, "subtitle", "subrip", language=each) for at, each in enumerate(languages, 2)]
    captions, notes = choose_captions(streams, _WANTED)
    assert [each.name for each in captions] == ["eng", "pt-BR", "ENG-4", "5", "6", "7", "8", "eng-9"]
    assert notes == []


def test_subtitles_that_are_pictures_are_named() -> None:
    """Those of other programs are not looked at; without any text, this is said."""
    streams = [
        stream(1, "audio", "aac"), stream(2, "subtitle", "hdmv_pgs_subtitle"), stream(3, "subtitle", "ttml", is_decodable=False),
        stream(4, "subtitle", "subrip", is_of_program=False),
    ]  # fmt: skip
    captions, notes = choose_captions(streams, _WANTED)
    assert captions == []
    assert [note.code for note in notes] == ["subtitles_without_text", "subtitles_without_text", "no_subtitles_of_text"]
    assert choose_captions(streams, TranscodeOptions()) == ([], [])
