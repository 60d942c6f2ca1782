"""Decides which tracks of subtitles become WebVTT files, and the names of the files."""

import re
from collections.abc import Iterable

from container_worker.codes import Code
from container_worker.media.transcode.planning.tracks import TEXT_CODECS
from container_worker.media.transcode.probing.facts import StreamFacts
from scenequeue.jobs.transcode.options import TranscodeOptions
from scenequeue.jobs.transcode.source import Captions
from scenequeue.reasons import Reason

#: A tag of a language (BCP 47, or three letters of ISO 639).
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8}){0,4}")
#: Stands in files for a language that is not known.
_UNKNOWN = "und"


def choose_captions(streams: Iterable[StreamFacts], options: TranscodeOptions) -> tuple[list[Captions], list[Reason]]:
    """Return the tracks that become files, in the source's order, and notes on those that cannot.

    Args:
        streams: all streams of the source but the picture.
        options: of the transcoding.
    """
    if not (options.webvtt or options.hls):
        return [], []
    captions: list[Captions] = []
    notes: list[Reason] = []
    taken: set[str] = set()
    for stream in streams:
        if stream.type != "subtitle" or not stream.is_of_program or not stream.has_packets:
            continue
        if stream.codec not in TEXT_CODECS or not stream.is_decodable:
            notes.append(Reason(Code.SUBTITLES_WITHOUT_TEXT, {"stream": stream.index, "codec": stream.codec}))
            continue
        name = _name(stream, taken)
        taken.add(name.lower())
        captions.append(
            Captions(
                index=stream.index, codec=stream.codec, language=stream.language, title=stream.title, name=name,
                dispositions=stream.dispositions,
            )
        )  # fmt: skip
    if not captions and options.webvtt:
        notes.append(Reason(Code.NO_SUBTITLES_OF_TEXT))
    return captions, notes


def _name(stream: StreamFacts, taken: set[str]) -> str:
    """Return the language; with the stream's number where another track has it, and the number alone where it is unknown."""
    language = stream.language or ""
    if not _LANGUAGE.fullmatch(language) or language.lower() == _UNKNOWN:
        language = ""
    name = language or str(stream.index)
    while name.lower() in taken:
        name = f"{name}-{stream.index}"
    return name
