"""Reads which streams belong to the first program of an MPEG-TS; PyAV does not tell."""

from collections.abc import Iterator

_PACKET = 188
_SYNC = 0x47
_PROGRAMS_PID = 0
#: Length of a table's header before its entries, and of the checksum behind them.
_PAT_HEADER, _PMT_HEADER, _CHECKSUM = 8, 12, 4


def first_program(head: bytes) -> frozenset[int] | None:
    """Return the PIDs of the first program's streams; None where there is one program, or the tables are not found.

    Args:
        head: the beginning of the file.
    """
    tables = _pids_of_programs(head)
    if len(tables) < 2:
        return None
    for section in _sections(head, tables[0]):
        if section[0] == 2:
            return frozenset(_streams(section))
    return None


def _pids_of_programs(head: bytes) -> list[int]:
    for section in _sections(head, _PROGRAMS_PID):
        entries = section[_PAT_HEADER:-_CHECKSUM]
        pairs = [entries[at : at + 4] for at in range(0, len(entries) - 3, 4)]
        # Program 0 is the network's own table.
        return [_pid(pair[2:]) for pair in pairs if pair[:2] != b"\0\0"]
    return []


def _streams(section: bytes) -> Iterator[int]:
    at, end = _PMT_HEADER + _length(section[10:12]), len(section) - _CHECKSUM
    while at + 5 <= end:
        yield _pid(section[at + 1 : at + 3])
        at += 5 + _length(section[at + 3 : at + 5])


def _sections(head: bytes, pid: int) -> Iterator[bytes]:
    """Yield the tables of a PID that lie in one packet each."""
    for at in range(0, len(head) - _PACKET + 1, _PACKET):
        packet = head[at : at + _PACKET]
        if packet[0] != _SYNC or _pid(packet[1:3]) != pid or not packet[1] & 0x40:
            continue
        payload = 4 + (1 + packet[4] if packet[3] & 0x20 else 0)
        if payload >= _PACKET:
            continue
        section = packet[payload + 1 + packet[payload] :]
        if len(section) > _PMT_HEADER and len(section) >= (length := 3 + _length(section[1:3])) > _PMT_HEADER:
            yield section[:length]


def _pid(two: bytes) -> int:
    return int.from_bytes(two, "big") & 0x1FFF


def _length(two: bytes) -> int:
    return int.from_bytes(two, "big") & 0x0FFF
