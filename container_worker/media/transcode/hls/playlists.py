"""Writes the playlists of a ladder: pure functions of what was packaged. Every address in them is a file's name."""

from collections.abc import Mapping, Sequence
from fractions import Fraction
from math import floor

from container_worker.media.transcode.hls.bit_rates import average_bps, peak_bps
from container_worker.media.transcode.hls.languages import language_tag
from scenequeue.jobs.transcode.hls import HlsMedia
from scenequeue.jobs.transcode.source import Captions, Ratio, Track

#: Has maps of whole files, byte ranges and fragmented MP4.
_VERSION = 7
_INDEPENDENT = "#EXT-X-INDEPENDENT-SEGMENTS"
#: Of MPEG, in which such a file tells the time.
_CLOCK_HZ = 90_000
_MICROSECONDS = 1_000_000
#: A picture whose segments have frames this much faster than its average has no steady rate.
_STEADY = Fraction(1005, 1000)
_SOUNDS, _TEXTS = "audio", "subtitles"
_DESCRIBES_PICTURE = "public.accessibility.describes-video"
_DESCRIBES_SOUND = "public.accessibility.describes-music-and-sound,public.accessibility.transcribes-spoken-dialog"


def target_duration_s(media: Sequence[HlsMedia]) -> int:
    """Return the target duration, which all playlists of picture and sound share: the longest segment's, in whole seconds."""
    return max(
        1, *(floor(max(each.segments, key=_duration).duration / Fraction(each.timescale) + Fraction(1, 2)) for each in media)
    )


def media_playlist(file_name: str, media: HlsMedia, target_s: int) -> str:
    """Return the playlist of one file.

    Args:
        file_name: of the file, beside the playlist.
        media: the file.
        target_s: of `target_duration_s`.
    """
    lines = _head(target_s)
    lines += [*([_INDEPENDENT] if media.is_independent else []), f'#EXT-X-MAP:URI="{file_name}",BYTERANGE="{media.init_bytes}@0"']
    at, ticks, told_us = media.init_bytes, 0, 0
    for segment in media.segments:
        ticks += segment.duration
        # Of the sums, so that no errors add up.
        end_us = round(Fraction(ticks * _MICROSECONDS, media.timescale))
        lines += [_extinf(end_us - told_us), f"#EXT-X-BYTERANGE:{segment.bytes}@{at}", file_name]
        at, told_us = at + segment.bytes, end_us
    return _text([*lines, "#EXT-X-ENDLIST"])


def text_playlist(file_name: str, duration_s: Fraction) -> str:
    """Return the playlist of subtitles, which are one segment.

    Args:
        file_name: of the WebVTT file, beside the playlist.
        duration_s: of the picture.
    """
    lines = _head(max(1, floor(duration_s + Fraction(1, 2))))
    return _text([*lines, _extinf(round(duration_s * _MICROSECONDS)), file_name, "#EXT-X-ENDLIST"])


def with_clock(webvtt: str, shift_s: int) -> str:
    """Return a WebVTT file that tells by how much the times of picture and sound are later than its own."""
    head, _, rest = webvtt.partition("\n")
    return f"{head}\nX-TIMESTAMP-MAP=LOCAL:00:00:00.000,MPEGTS:{_CLOCK_HZ * shift_s}\n{rest}"


def master_playlist(
    pictures: Mapping[str, HlsMedia],
    sounds: Sequence[tuple[str, Track, HlsMedia]],
    texts: Sequence[tuple[str, Captions]],
    *,
    frame_rate: Ratio,
    target_s: int,
) -> str:
    """Return the master playlist.

    Args:
        pictures: by the name of their playlists, without ending.
        sounds: name of the playlist, track and file of each.
        texts: name of the playlist and track of all subtitles.
        frame_rate: average of the source.
        target_s: of `target_duration_s`.
    """
    lines = ["#EXTM3U", f"#EXT-X-VERSION:{_VERSION}"]
    lines += [_INDEPENDENT] if all(media.is_independent for media in pictures.values()) else []
    lines += _group("AUDIO", _SOUNDS, [(name, track, media.channels) for name, track, media in sounds])
    lines += _group("SUBTITLES", _TEXTS, [(name, track, 0) for name, track in texts])
    files = [media for _name, _track, media in sounds]
    peak = max((peak_bps(each, target_s) for each in files), default=0)
    average = max((average_bps(each) for each in files), default=0)
    for name, media in pictures.items():
        codecs = ",".join(dict.fromkeys([media.codecs, *(each.codecs for each in files)]))
        attributes = [
            f"BANDWIDTH={peak_bps(media, target_s) + peak}", f"AVERAGE-BANDWIDTH={average_bps(media) + average}",
            f'CODECS="{codecs}"', f"RESOLUTION={media.width}x{media.height}",
            f"FRAME-RATE={float(frames_per_second(media, frame_rate)):.3f}", f"VIDEO-RANGE={media.video_range}",
            *([f'AUDIO="{_SOUNDS}"'] if sounds else []), *([f'SUBTITLES="{_TEXTS}"'] if texts else []),
        ]  # fmt: skip
        lines += [f"#EXT-X-STREAM-INF:{','.join(attributes)}", f"{name}.m3u8"]
    return _text(lines)


def frames_per_second(media: HlsMedia, average: Ratio) -> Fraction:
    """Return the largest frame rate of a picture: the average of a steady one, else that of its fastest segment."""
    rates = [Fraction(each.packets * media.timescale, each.duration) for each in media.segments if each.duration]
    steady, fastest = Fraction(*average), max(rates, default=Fraction(0))
    return steady if fastest <= steady * _STEADY else fastest


def _group(kind: str, group: str, members: Sequence[tuple[str, Track | Captions, int]]) -> list[str]:
    """Return the lines of a group of sounds or subtitles."""
    first = next((at for at, (_name, track, _channels) in enumerate(members) if "default" in track.dispositions), 0)
    lines, names, alike = list[str](), set[str](), set[tuple[object, ...]]()
    for at, (name, track, channels) in enumerate(members):
        language = language_tag(track.language)
        label = _label(track.title or (track.language if language else None) or name, name, names)
        is_forced, traits = "forced" in track.dispositions, _traits(track)
        # Subtitles are shown only to those who choose them, or whose system does.
        is_default = at == first and (kind == "AUDIO" or "default" in track.dispositions)
        # A player cannot choose between members that differ by name alone.
        key = (language, is_forced, traits)
        is_chosen = is_default or key not in alike
        alike.add(key)
        attributes = [
            f"TYPE={kind}", f'GROUP-ID="{group}"', f'NAME="{label}"', *([f'LANGUAGE="{language}"'] if language else []),
            f"DEFAULT={_yes(is_default)}", f"AUTOSELECT={_yes(is_chosen)}",
            *([f"FORCED={_yes(is_forced)}"] if kind == "SUBTITLES" else []),
            *([f'CHARACTERISTICS="{traits}"'] if traits else []), *([f'CHANNELS="{channels}"'] if channels else []),
            f'URI="{name}.m3u8"',
        ]  # fmt: skip
        lines.append(f"#EXT-X-MEDIA:{','.join(attributes)}")
    return lines


def _label(title: str, name: str, taken: set[str]) -> str:
    """Return the name that players show; it is unique in its group, and `taken` gets it."""
    # A quoted string has neither quotes nor line breaks.
    plain = "".join(char for char in title if char.isprintable()).replace('"', "'").strip()
    label, number = plain[:80] or name, 2
    while label in taken:
        label, number = f"{plain[:80]} {number}", number + 1
    taken.add(label)
    return label


def _traits(track: Track | Captions) -> str:
    if isinstance(track, Track):
        return _DESCRIBES_PICTURE if "visual_impaired" in track.dispositions else ""
    return _DESCRIBES_SOUND if "hearing_impaired" in track.dispositions else ""


def _yes(value: bool) -> str:
    return "YES" if value else "NO"


def _head(target_s: int) -> list[str]:
    return [
        "#EXTM3U", f"#EXT-X-VERSION:{_VERSION}", f"#EXT-X-TARGETDURATION:{target_s}", "#EXT-X-MEDIA-SEQUENCE:0",
        "#EXT-X-PLAYLIST-TYPE:VOD",
    ]  # fmt: skip


def _extinf(microseconds: int) -> str:
    return f"#EXTINF:{microseconds // _MICROSECONDS}.{microseconds % _MICROSECONDS:06d},"


def _duration(segment: "tuple[int, ...]") -> int:
    return segment[1]


def _text(lines: Sequence[str]) -> str:
    return "\n".join(lines) + "\n"
