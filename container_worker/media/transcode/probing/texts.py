"""Finds texts of subtitles that are not UTF-8, as Matroska demands: decoders drop them without a word."""

from collections import Counter
from collections.abc import Iterable
from typing import Any

#: Subtitles whose packets are plain text.
_PLAIN = frozenset({"subrip", "ass", "ssa", "webvtt", "text"})


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


def _is_plain(stream: Any) -> bool:
    return stream.codec_context is not None and stream.codec_context.codec.canonical_name in _PLAIN
