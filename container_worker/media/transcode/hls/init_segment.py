"""Tells players in an MP4's header by how much its times are later than those that are meant (an edit list)."""

from pathlib import Path

from container_worker.media.transcode.hls.boxes import HEADER_BYTES, boxes_in

#: The box of descriptions, which the muxer writes empty; its place is used.
_SPARE = b"udta"


def write_delay(path: Path, init_bytes: int, delay: int) -> None:
    """Write into a fragmented MP4 of one track that it begins at a time of its clock; the file keeps its length.

    Frames that are reordered are decoded before they are shown. Players begin to count with the first that is decoded, so
    that this delay must be taken off again.

    Args:
        path: of the file.
        init_bytes: length of its header.
        delay: in ticks of its track.

    Raises:
        ValueError: the header has no room, or is none of a single track.
    """
    with path.open("r+b") as file:
        header = file.read(init_bytes)
        file.seek(0)
        file.write(_delayed(header, delay))


def _delayed(header: bytes, delay: int) -> bytes:
    edit = (0).to_bytes(4, "big") + delay.to_bytes(4, "big") + (1 << 16).to_bytes(4, "big")
    edits = _box(b"edts", _box(b"elst", bytes(4) + (1).to_bytes(4, "big") + edit))
    found: list[bytes] = []
    for kind, whole in boxes_in(header):
        if kind == b"moov":
            parts = boxes_in(whole[HEADER_BYTES:])
            kinds = [part for part, _ in parts]
            room = sum(len(data) for part, data in parts if part == _SPARE) - len(edits) - HEADER_BYTES
            if kinds.count(b"trak") != 1 or room < 0:
                raise ValueError(kinds)
            kept = [_with_edits(data, edits) if part == b"trak" else data for part, data in parts if part != _SPARE]
            found.append(_box(b"moov", b"".join([*kept, _box(b"free", bytes(room))])))
        else:
            found.append(whole)
    made = b"".join(found)
    if len(made) != len(header):
        raise ValueError(len(made))
    return made


def _with_edits(trak: bytes, edits: bytes) -> bytes:
    parts = [data for kind, data in boxes_in(trak[HEADER_BYTES:]) if kind != b"edts"]
    # Behind the track's own header.
    return _box(b"trak", b"".join([parts[0], edits, *parts[1:]]))


def _box(kind: bytes, data: bytes) -> bytes:
    return (len(data) + HEADER_BYTES).to_bytes(4, "big") + kind + data
