"""Reads the fragments of an MP4: where each begins, and how many packets it has."""

from pathlib import Path
from typing import NamedTuple

from container_worker.media.transcode.hls.boxes import HEADER_BYTES, boxes_in

#: Number of packets in a run, behind its header, version and flags.
_TRUN_COUNT = slice(12, 16)
#: Largest moof, in bytes: a fragment of an hour has less.
_MAX_MOOF_BYTES = 16 * 1024 * 1024


class Fragment(NamedTuple):
    """A moof and its mdat."""

    begin: int
    end: int
    packets: int


def read_fragments(path: Path) -> tuple[int, list[Fragment]]:
    """Return the number of bytes before the first fragment, and the fragments.

    Raises:
        ValueError: it consists of other boxes than ftyp, moov, and pairs of moof and mdat.
    """
    size, kinds, found, moof = path.stat().st_size, list[bytes](), list[Fragment](), (0, 0)
    init_bytes = at = 0
    with path.open("rb") as file:
        while at < size:
            file.seek(at)
            header = file.read(HEADER_BYTES)
            length, kind = int.from_bytes(header[:4], "big"), header[4:]
            if len(header) < HEADER_BYTES or length < HEADER_BYTES or at + length > size:
                raise ValueError(at)
            if kind == b"moof":
                if length > _MAX_MOOF_BYTES:
                    raise ValueError(length)
                moof = at, _packets_in(file.read(length - HEADER_BYTES))
            elif kind == b"mdat":
                found.append(Fragment(moof[0], at + length, moof[1]))
            at += length
            init_bytes = at if kind == b"moov" else init_bytes
            kinds.append(kind)
    if kinds != [b"ftyp", b"moov", *[b"moof", b"mdat"] * len(found)] or not found:
        raise ValueError(kinds[:4])
    return init_bytes, found


def _packets_in(moof: bytes) -> int:
    """Return the number of packets that the runs of a fragment list."""
    return sum(
        int.from_bytes(run[_TRUN_COUNT], "big")
        for kind, traf in boxes_in(moof) if kind == b"traf"
        for of, run in boxes_in(traf[HEADER_BYTES:]) if of == b"trun"
    )  # fmt: skip
