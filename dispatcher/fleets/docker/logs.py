"""Reads the container engine's log stream: frames of standard output and standard error."""

from collections.abc import Iterable, Iterator

#: Stream number, three zero bytes, and the length of what follows, big-endian. Source: Docker Engine API, ContainerAttach.
_HEADER_BYTES = 8


def payloads(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Yield the payloads of a stream of frames, in order; of a frame that is cut off, as much as has arrived."""
    kept = b""
    left = 0
    for chunk in chunks:
        kept += chunk
        while kept:
            if not left:
                if len(kept) < _HEADER_BYTES:
                    break
                left, kept = int.from_bytes(kept[4:_HEADER_BYTES], "big"), kept[_HEADER_BYTES:]
                continue
            yield kept[:left]
            left, kept = left - len(kept[:left]), kept[left:]
