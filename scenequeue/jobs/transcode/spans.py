"""Spans of a source, in bytes."""

from collections.abc import Callable, Iterable
from typing import BinaryIO

#: First byte, and the byte behind the last one.
Span = tuple[int, int]
#: Reads a span of a source.
ReadAt = Callable[[int, int], bytes]
#: Spans with less than this between them are read as one.
GAP_BYTES = 64 * 1024


def reading(file: BinaryIO) -> ReadAt:
    """Return a function that reads spans of an open file."""

    def read_at(begin: int, end: int) -> bytes:
        file.seek(begin)
        return file.read(end - begin)

    return read_at


def merge_spans(spans: Iterable[Span], size: int, gap: int = GAP_BYTES) -> list[Span]:
    """Return the spans within a file, in order; neighbours with less than `gap` bytes between them become one.

    Args:
        spans: in any order; may overlap, be empty, or reach beyond the file.
        size: of the file, in bytes.
        gap: in bytes.
    """
    merged: list[Span] = []
    for begin, end in sorted((max(0, begin), min(size, end)) for begin, end in spans):
        if begin >= end:
            continue
        if merged and begin - merged[-1][1] < gap:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((begin, end))
    return merged


def is_within(span: Span, held: Iterable[Span]) -> bool:
    """Return True if a span lies within one of others."""
    return any(begin <= span[0] and span[1] <= end for begin, end in held)
