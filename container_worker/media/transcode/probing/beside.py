"""Finds what only the packets beside the picture tell: AAC whose format changes midway, and texts that are not UTF-8.

The files that are made describe a sound once, for all of its packets. Matroska demands UTF-8, and decoders drop other texts
without a word.
"""

from collections import Counter
from collections.abc import Iterable
from typing import Any

_ADTS_HEAD_BYTES = 4
#: Bits of an ADTS header that are the format: profile, sample rate and channels, without the private bit between them.
_ADTS_FORMAT = 0xFDC0
_NEW_FORMAT = "new_extradata"
#: Subtitles whose packets are plain text.
_PLAIN = frozenset({"subrip", "ass", "ssa", "webvtt", "text"})


class SoundChanges:
    """Formats of the sounds of a source, from packet to packet.

    Args:
        streams: those of the source; of other codecs, none is looked at.
    """

    def __init__(self, streams: Iterable[Any]) -> None:
        aac = (each for each in streams if each.type == "audio" and _is_aac(each))
        self._formats = {each.index: each.codec_context.extradata for each in aac}
        #: Indexes of the streams whose format has changed.
        self.found: set[int] = set()

    def look_at(self, packet: Any) -> None:
        """Compare the format that a packet tells, if it tells one, with the one before; packets of other streams tell none."""
        if packet.stream_index not in self._formats:
            return
        told = _format_in(packet)
        if told is None:
            return
        if self._formats[packet.stream_index] not in {None, told}:
            self.found.add(packet.stream_index)
        self._formats[packet.stream_index] = told


class Texts:
    """Counts texts that cannot be read.

    Args:
        streams: those of the source; of other codecs, none is looked at.
    """

    def __init__(self, streams: Iterable[Any]) -> None:
        self._indexes = {each.index for each in streams if each.type == "subtitle" and _is_plain(each)}
        #: Number of unreadable texts by the index of their stream.
        self.unreadable: Counter[int] = Counter()

    def look_at(self, packet: Any) -> None:
        """Count a packet whose text is not UTF-8; packets of other streams have none."""
        if packet.stream_index not in self._indexes:
            return
        try:
            bytes(packet).decode("utf-8")
        except UnicodeDecodeError:
            self.unreadable[packet.stream_index] += 1


def _is_aac(stream: Any) -> bool:
    return _codec_of(stream) == "aac"


def _format_in(packet: Any) -> bytes | None:
    if packet.has_sidedata(_NEW_FORMAT):
        return bytes(packet.get_sidedata(_NEW_FORMAT))
    head = bytes(memoryview(packet)[:_ADTS_HEAD_BYTES])
    if len(head) < _ADTS_HEAD_BYTES or head[0] != 0xFF or head[1] & 0xF6 != 0xF0:
        return None
    return (int.from_bytes(head[2:], "big") & _ADTS_FORMAT).to_bytes(2, "big")


def _is_plain(stream: Any) -> bool:
    return _codec_of(stream) in _PLAIN


def _codec_of(stream: Any) -> str | None:
    """Return the name of a stream's codec; None without a decoder for it."""
    return None if stream.codec_context is None else str(stream.codec_context.codec.canonical_name)
