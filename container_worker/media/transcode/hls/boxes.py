"""Splits bytes into the boxes of an MP4."""

HEADER_BYTES = 8


def boxes_in(data: bytes) -> list[tuple[bytes, bytes]]:
    """Return type and bytes, header included, of the boxes one behind the other.

    Raises:
        ValueError: they do not fill the bytes.
    """
    found, at = [], 0
    while at < len(data):
        length = int.from_bytes(data[at : at + 4], "big")
        if length < HEADER_BYTES or at + length > len(data):
            raise ValueError(length)
        found.append((data[at + 4 : at + HEADER_BYTES], data[at : at + length]))
        at += length
    return found
