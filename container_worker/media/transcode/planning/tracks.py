"""Decides what becomes of the streams beside the picture."""

from collections.abc import Iterable

from container_worker.codes import Code
from container_worker.media.transcode.probing.facts import StreamFacts
from scenequeue.jobs.transcode.fitting import SOUNDS_IN_HLS
from scenequeue.jobs.transcode.options import SOUND_IN, Container, TranscodeOptions
from scenequeue.jobs.transcode.source import Track
from scenequeue.reasons import Parameter, Reason

#: Audio codecs that a container holds, as the demuxers name them.
_SOUND = {
    "mp4": frozenset({"aac", "ac3", "eac3", "mp3", "alac", "opus", "flac"}),
    "webm": frozenset({"opus", "vorbis"}),
    "flv": frozenset({"aac", "mp3"}),
    "mkv": frozenset({
        "aac", "ac3", "eac3", "mp3", "mp2", "mp1", "alac", "opus", "vorbis", "flac", "dts", "truehd", "mlp", "tta", "wavpack",
        "pcm_u8", "pcm_s16le", "pcm_s24le", "pcm_s32le", "pcm_s16be", "pcm_s24be", "pcm_s32be", "pcm_f32le", "pcm_f64le",
    }),
}  # fmt: skip
#: Subtitles that consist of text, and can be converted.
TEXT_CODECS = frozenset({"subrip", "srt", "ass", "ssa", "webvtt", "mov_text", "text", "subviewer", "microdvd", "ttml"})
#: Subtitles that a container holds as they are.
_SUBTITLES = {
    "mp4": frozenset({"mov_text"}),
    "webm": frozenset({"webvtt"}),
    "mkv": frozenset({"subrip", "srt", "ass", "ssa", "webvtt", "hdmv_pgs_subtitle", "dvd_subtitle", "dvb_subtitle"}),
}
#: Codec to which text is converted.
_TEXT_MADE = {"mp4": "mov_text", "webm": "webvtt", "mkv": "webvtt"}
#: Tracks of sound that a container holds; unlimited elsewhere.
_MOST_SOUND = {"flv": 1}


def choose_tracks(streams: Iterable[StreamFacts], options: TranscodeOptions) -> tuple[list[Track], list[Reason]]:
    """Return the tracks that the files get, in the source's order, and a note for each stream that they do not get as it is.

    Args:
        streams: all streams of the source but the picture.
        options: of the transcoding.
    """
    tracks: list[Track] = []
    notes: list[Reason] = []
    streams = list(streams)
    kept = _kept_sounds(streams, options)
    for stream in streams:
        action = _action(stream, options, kept, sum(track.type == "audio" for track in tracks))
        if action is None or stream.type not in {"audio", "subtitle"}:
            notes.append(_left_out(stream, options.container))
            continue
        tracks.append(
            Track(
                index=stream.index, type="audio" if stream.type == "audio" else "subtitle", codec=stream.codec, action=action,
                language=stream.language, title=stream.title, dispositions=stream.dispositions,
            )
        )  # fmt: skip
        if action != "copy" and (stream.type == "subtitle" or action != options.audio):
            code = _code_of_conversion(stream, options.container)
            notes.append(Reason(code, {"track": stream.index, "codec": stream.codec, "made": action}))
    return tracks, notes


def _kept_sounds(streams: Iterable[StreamFacts], options: TranscodeOptions) -> frozenset[str]:
    """Return the codecs of sounds that are kept: those that the files hold, and of a ladder, whose sounds are all alike, one."""
    kept = _SOUND[options.container]
    if not options.hls:
        return kept
    found = {stream.codec for stream in streams if stream.type == "audio" and _is_there(stream)}
    return kept & SOUNDS_IN_HLS & (found if len(found) == 1 else {SOUND_IN[options.container][0]})


def _action(stream: StreamFacts, options: TranscodeOptions, kept: frozenset[str], sounds: int) -> str | None:
    """Return the action of a track, None for a stream that is left out.

    Args:
        stream: the stream.
        options: of the transcoding.
        kept: codecs of sounds that are copied if that is wanted.
        sounds: number of tracks of sound so far.
    """
    if not _is_there(stream):
        return None
    if stream.type == "audio":
        return _sound_action(stream, options, kept) if sounds < _MOST_SOUND.get(options.container, 1000) else None
    if stream.type == "subtitle":
        if stream.codec in _SUBTITLES.get(options.container, ()):
            return "copy"
        return _TEXT_MADE.get(options.container) if stream.codec in TEXT_CODECS and stream.is_decodable else None
    return None


def _sound_action(stream: StreamFacts, options: TranscodeOptions, kept: frozenset[str]) -> str | None:
    if options.audio == "copy" and stream.codec in kept and not stream.is_changing:
        return "copy"
    if not stream.is_decodable:
        return None
    made = SOUND_IN[options.container]
    return options.audio if options.audio in made else made[0]


def _code_of_conversion(stream: StreamFacts, container: Container) -> Code:
    if stream.type == "subtitle" or stream.codec not in _SOUND[container]:
        return Code.TRACK_CONVERTED
    return Code.TRACK_CONVERTED_AS_IT_CHANGES if stream.is_changing else Code.TRACK_CONVERTED_FOR_HLS


def _is_there(stream: StreamFacts) -> bool:
    return stream.is_of_program and stream.has_packets


def _left_out(stream: StreamFacts, container: Container) -> Reason:
    facts: dict[str, Parameter] = {"stream": stream.index, "codec": stream.codec}
    if not stream.is_of_program:
        return Reason(Code.STREAM_OF_OTHER_PROGRAM, facts)
    if stream.type in {"audio", "subtitle"} and not stream.has_packets:
        return Reason(Code.STREAM_EMPTY, facts)
    code = {
        "audio": Code.SOUND_LEFT_OUT, "subtitle": Code.SUBTITLES_LEFT_OUT, "video": Code.PICTURE_LEFT_OUT,
    }.get(stream.type, Code.DATA_LEFT_OUT)  # fmt: skip
    return Reason(code, {**facts, "container": container})
