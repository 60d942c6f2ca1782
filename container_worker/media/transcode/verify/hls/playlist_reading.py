"""Reads playlists strictly: a line that is not expected is an error."""

import re
from dataclasses import dataclass, field
from fractions import Fraction

_TARGET, _MAP, _INF, _RANGE = "#EXT-X-TARGETDURATION:", "#EXT-X-MAP:", "#EXTINF:", "#EXT-X-BYTERANGE:"
_STREAM, _MEDIA, _END = "#EXT-X-STREAM-INF:", "#EXT-X-MEDIA:", "#EXT-X-ENDLIST"
#: Tags that say the same of every playlist.
_FIXED = ("#EXT-X-VERSION:7", "#EXT-X-MEDIA-SEQUENCE:0", "#EXT-X-PLAYLIST-TYPE:VOD")
_INDEPENDENT = "#EXT-X-INDEPENDENT-SEGMENTS"
_ATTRIBUTE = re.compile(r'([A-Z0-9-]+)=("[^"\r\n]*"|[^",\s]+)(?:,|$)')


@dataclass
class Segment:
    """One segment of a playlist; the range is empty for a whole file."""

    length_s: Fraction
    begin: int
    end: int
    uri: str


@dataclass
class MediaPlaylist:
    """The playlist of one file."""

    target_s: int = 0
    is_independent: bool = False
    map_uri: str = ""
    map_end: int = 0
    segments: list[Segment] = field(default_factory=list)


@dataclass
class MasterPlaylist:
    """The playlist of the ladder."""

    #: Attributes and address of each rung.
    rungs: list[tuple[dict[str, str], str]] = field(default_factory=list)
    #: Attributes of each sound or subtitles.
    members: list[dict[str, str]] = field(default_factory=list)
    is_independent: bool = False


def read_media_playlist(text: str) -> MediaPlaylist:
    """Return what a playlist of one file says.

    Raises:
        ValueError: with the line that is not understood.
    """
    found, length_s, span = MediaPlaylist(), Fraction(-1), ""
    lines = _lines(text)
    if lines[-1] != _END:
        raise ValueError(lines[-1])
    for line in lines[1:-1]:
        if line.startswith(_TARGET):
            found.target_s = int(line.removeprefix(_TARGET))
        elif line.startswith(_MAP):
            attributes = attributes_of(line.removeprefix(_MAP))
            found.map_uri, (found.map_end, begin) = attributes["URI"], _span(attributes["BYTERANGE"])
            if begin:
                raise ValueError(line)
        elif line == _INDEPENDENT:
            found.is_independent = True
        elif line.startswith(_INF):
            length_s = Fraction(line.removeprefix(_INF).removesuffix(","))
        elif line.startswith(_RANGE):
            span = line.removeprefix(_RANGE)
        elif not line.startswith("#") and length_s >= 0:
            length, begin = _span(span) if span else (0, 0)
            found.segments.append(Segment(length_s, begin, begin + length, line))
            length_s, span = Fraction(-1), ""
        elif line not in _FIXED:
            raise ValueError(line)
    return found


def read_master_playlist(text: str) -> MasterPlaylist:
    """Return what a master playlist says.

    Raises:
        ValueError: with the line that is not understood.
    """
    found, attributes = MasterPlaylist(), dict[str, str]()
    for line in _lines(text)[1:]:
        if line.startswith(_STREAM):
            attributes = attributes_of(line.removeprefix(_STREAM))
        elif line == _INDEPENDENT:
            found.is_independent = True
        elif line.startswith(_MEDIA):
            found.members.append(attributes_of(line.removeprefix(_MEDIA)))
        elif not line.startswith("#") and attributes:
            found.rungs.append((attributes, line))
            attributes = {}
        elif line not in _FIXED:
            raise ValueError(line)
    return found


def attributes_of(text: str) -> dict[str, str]:
    """Return the attributes of a tag, without quotes.

    Raises:
        ValueError: it is no list of attributes.
    """
    found: dict[str, str] = {}
    at = 0
    while at < len(text):
        one = _ATTRIBUTE.match(text, at)
        if one is None or one[1] in found:
            raise ValueError(text)
        found[one[1]], at = one[2].strip('"'), one.end()
    return found


def _span(text: str) -> tuple[int, int]:
    """Return length and begin of a byte range."""
    length, begin = text.split("@")
    return int(length), int(begin)


def _lines(text: str) -> list[str]:
    lines = text.split("\n")
    if lines[0] != "#EXTM3U" or lines.pop() or len(lines) < 2 or "" in lines:
        raise ValueError(text[:80])
    return lines
