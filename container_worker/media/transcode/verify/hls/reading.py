"""Reads a file of a ladder: its packets, and where each stands."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from container_worker.media.transcode.hls.fragments import read_fragments
from container_worker.media.transcode.hls.packaging import facts_of
from container_worker.media.transcode.verify.reading import add_packet, columns_of, opened
from container_worker.media.transcode.verify.tables import Packets


@dataclass
class Packaged:
    """A file of a ladder, as it was read."""

    packets: Packets
    #: In bytes.
    size: int
    init_bytes: int
    #: Where fragments begin, ascending, in bytes.
    fragments: list[int]
    #: What playlists tell of it: codecs, width, height, channels, …
    facts: dict[str, Any]
    #: Of each packet, in bytes.
    places: list[int] = field(default_factory=list)
    #: Time at which the last packet ends, in ticks.
    end: int = 0


def read_packaged(path: Path) -> Packaged:
    """Return the tables of a file.

    Raises:
        ValueError: it is no fragmented MP4 with one stream. FFmpegError: it cannot be read.

    Cost:
        Reads the file once, decodes nothing.
    """
    init_bytes, fragments = read_fragments(path)
    with opened(path) as container:
        if len(container.streams) != 1:
            raise ValueError(len(container.streams))
        stream = container.streams[0]
        found = Packaged(
            columns_of(stream), path.stat().st_size, init_bytes, [each.begin for each in fragments], facts_of(path)
        )  # fmt: skip
        for packet in container.demux(stream):
            if packet.size and packet.pts is not None:
                add_packet(found.packets, packet)
                found.places.append(packet.pos or 0)
                found.end = max(found.end, packet.pts + (packet.duration or 0))
    return found
