"""Reads a bit rate that a person has written."""

import re

_BIT_RATE = re.compile(r"(\d{1,9}(?:\.\d{1,3})?)([kKmM]?)")
_KBPS = {"": 1, "k": 1, "m": 1000}


def parse_kbps(text: str) -> int | None:
    """Return 4M, 2500k or 2500 in kbit/s; None for another text."""
    parts = _BIT_RATE.fullmatch(text.strip())
    return round(float(parts[1]) * _KBPS[parts[2].lower()]) if parts else None
