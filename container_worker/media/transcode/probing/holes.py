"""Finds what a description of a source needed of a file with holes, and did not find."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from container_worker.media.transcode.probing.demuxing import opened
from container_worker.media.transcode.probing.facts import MAX_CHAPTERS
from container_worker.media.transcode.probing.packets import Packets
from scenequeue.jobs.transcode.spans import Span, is_within

#: Packets that are asked for at first, where nothing could be decoded before them; from these on frames come out.
_FIRST_PACKETS = 24
#: Most bytes of the titles of all chapters that are a track of their own.
_MAX_TITLES_BYTES = 1024 * 1024
#: Codec of which each packet must be seen.
_HIDING = "vp8"


def missing_spans(
    path: Path, name: str, packets: Packets, held: Sequence[Span], size: int, *, codec: str, decoded: int | None
) -> list[Span]:
    """Return the spans that were needed, and are holes; the whole file where they are not known.

    Args:
        path: the file.
        name: for messages.
        packets: of the picture.
        held: what the file holds; nothing for the whole.
        size: of the source, in bytes.
        codec: of the picture.
        decoded: packets that were decoded to describe it; None if these did not suffice.

    Raises:
        BadInput: it cannot be opened.
    """
    if not held:
        return []
    if codec == _HIDING:
        return [(0, size)]
    count = _FIRST_PACKETS if decoded is None else decoded
    places = [(pos, pos + length) for pos, length in zip(packets.pos[:count], packets.size[:count], strict=True)]
    is_known = decoded is not None and not _outside(places, held, size)
    wanted = _outside([*([] if is_known else places[:_FIRST_PACKETS]), *_titles(path, name)], held, size)
    return wanted if wanted or is_known else [(0, size)]


def _titles(path: Path, name: str) -> list[Span]:
    """Return the places of packets that are chapters' titles; they are read when the file is opened."""
    found: list[Span] = []
    with opened(path, name) as container:
        streams: list[Any] = [stream for stream in container.streams if stream.type not in {"video", "audio"}]
        for stream in streams:
            entries = [(entry.pos, entry.pos + entry.size) for entry in stream.index_entries]
            if len(entries) <= MAX_CHAPTERS and sum(end - begin for begin, end in entries) <= _MAX_TITLES_BYTES:
                found += entries
    return found[:MAX_CHAPTERS]


def _outside(spans: Sequence[Span], held: Sequence[Span], size: int) -> list[Span]:
    """Return those that are not held, as far as they lie within the file."""
    inside = [(max(0, begin), min(size, end)) for begin, end in spans]
    return [span for span in inside if span[0] < span[1] and not is_within(span, held)]
