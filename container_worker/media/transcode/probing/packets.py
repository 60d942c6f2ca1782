"""The table of a picture's packets: the child writes it as a file, which the worker reads."""

import sys
from array import array
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import IntFlag
from pathlib import Path
from typing import NamedTuple

#: Most packets of a picture: a day at 30 frames a second, or twelve hours at 60.
MAX_PACKETS = 24 * 3600 * 30
#: Stands for a time that is missing.
NO_TIME = -(2**63)
_COLUMNS = 5


class Flag(IntFlag):
    """Properties of a packet."""

    KEY = 1
    #: Decoded, but never shown: it stands before the start of an edit list, or holds no frame of its own.
    HIDDEN = 2
    #: The file ends within it.
    CUT = 4


class Row(NamedTuple):
    """One packet. Times are in ticks of the picture's time base, or NO_TIME."""

    pts: int
    dts: int
    #: Position in the file, in bytes; -1 if unknown.
    pos: int
    size: int
    flags: Flag


@dataclass
class Packets:
    """A picture's packets in the order of the file, by columns; two and a half million are 100 MB."""

    pts: "array[int]" = field(default_factory=lambda: array("q"))
    dts: "array[int]" = field(default_factory=lambda: array("q"))
    pos: "array[int]" = field(default_factory=lambda: array("q"))
    size: "array[int]" = field(default_factory=lambda: array("q"))
    flags: "array[int]" = field(default_factory=lambda: array("q"))

    def __len__(self) -> int:
        return len(self.pts)

    def __iter__(self) -> Iterator[Row]:
        for pts, dts, pos, size, flags in zip(self.pts, self.dts, self.pos, self.size, self.flags, strict=True):
            yield Row(pts, dts, pos, size, Flag(flags))

    def append(self, row: Row) -> None:
        """Add a packet."""
        for column, value in zip(self.columns, row, strict=True):
            column.append(value)

    @property
    def columns(self) -> "tuple[array[int], ...]":
        """The columns in the order of the file that holds them."""
        return self.pts, self.dts, self.pos, self.size, self.flags


def write_packets(packets: Packets, path: Path) -> None:
    """Write the table, column by column, as little-endian integers of eight bytes."""
    with path.open("wb") as file:
        for column in packets.columns:
            _in_file_order(column).tofile(file)


def read_packets(path: Path) -> Packets:
    """Read the table.

    Raises:
        ValueError: it is none, or is too large.
    """
    count, rest = divmod(path.stat().st_size, 8 * _COLUMNS)
    if rest or count > MAX_PACKETS:
        raise ValueError(count)
    packets = Packets()
    with path.open("rb") as file:
        for column in packets.columns:
            column.fromfile(file, count)
            if sys.byteorder == "big":
                column.byteswap()
    return packets


def _in_file_order(column: "array[int]") -> "array[int]":
    if sys.byteorder == "little":
        return column
    swapped = array("q", column)
    swapped.byteswap()
    return swapped
