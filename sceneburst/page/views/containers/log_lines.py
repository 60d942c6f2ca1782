"""Makes the lines of a container's log readable: without the colours of a terminal, bounded."""

import re
from collections.abc import Sequence

#: Escape sequences that colour text or move the cursor (ECMA-48: CSI, and OSC with its end).
_ESCAPES = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]{0,2000}(?:\x07|\x1b\\)?)")
_MAX_LINE_CHARACTERS = 1000


def readable_lines(lines: Sequence[str]) -> list[str]:
    """Return the lines without escape sequences and carriage returns, each shortened."""
    return [_readable(line) for line in lines]


def _readable(line: str) -> str:
    # What a terminal would show: the text after the last carriage return, as of a progress bar.
    shown = _ESCAPES.sub("", line.rstrip("\r\n")).rpartition("\r")[2]
    return shown if len(shown) <= _MAX_LINE_CHARACTERS else f"{shown[:_MAX_LINE_CHARACTERS]}…"
