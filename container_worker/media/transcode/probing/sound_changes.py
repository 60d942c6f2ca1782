"""Finds AAC sounds whose format changes midway: the files that are made describe a track once, for all of its packets."""

from collections.abc import Iterable
from typing import Any

_ADTS_HEAD_BYTES = 4
#: Bits of an ADTS header that are the format: profile, sample rate and channels, without the private bit between them.
_ADTS_FORMAT = 0xFDC0
_NEW_FORMAT = "new_extradata"


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


def _is_aac(stream: Any) -> bool:
    return stream.codec_context is not None and stream.codec_context.codec.canonical_name == "aac"


def _format_in(packet: Any) -> bytes | None:
    if packet.has_sidedata(_NEW_FORMAT):
        return bytes(packet.get_sidedata(_NEW_FORMAT))
    head = bytes(memoryview(packet)[:_ADTS_HEAD_BYTES])
    if len(head) < _ADTS_HEAD_BYTES or head[0] != 0xFF or head[1] & 0xF6 != 0xF0:
        return None
    return (int.from_bytes(head[2:], "big") & _ADTS_FORMAT).to_bytes(2, "big")
