"""Reads values of JSON of which any part may have another type: such a part counts as missing."""

import json
import math
from collections.abc import Mapping
from typing import Any

from scenequeue.reasons import Reason

#: Larger numbers, which are neither times nor amounts, count as 0.
_MAX_NUMBER = 1e18


def json_map(text: str) -> dict[str, Any] | None:
    """Parse a JSON object; None for anything else."""
    try:
        found = json.loads(text, parse_float=_finite, parse_constant=lambda _name: None)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _finite(text: str) -> float | None:
    """Parse a number; one too large for JSON, which would become Infinity, is None."""
    value = float(text)
    return value if math.isfinite(value) else None


def number(value: object) -> int | float:
    """Return a number; 0 for anything else."""
    # A comparison with NaN is false too.
    return value if isinstance(value, int | float) and abs(value) < _MAX_NUMBER else 0


def whole_number(value: object) -> int:
    """Return a number without its fraction; 0 for anything else."""
    return int(number(value))


def known_number(value: object) -> int | float | None:
    """Return a number; None for anything else, which is then unknown."""
    return value if isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < _MAX_NUMBER else None


def text_in(value: object) -> str:
    """Return a text; "" for anything else."""
    return value if isinstance(value, str) else ""


def reason_in(value: object) -> Reason | None:
    """Return a reason; None where there is none."""
    return Reason.from_json(value) if isinstance(value, dict | str) and value else None


def map_in(value: object) -> Mapping[str, Any]:
    """Return a map; an empty one for anything else."""
    return value if isinstance(value, dict) else {}


def maps_in(value: object) -> list[dict[str, Any]]:
    """Return the maps of a list."""
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def numbers_in(value: object) -> list[int]:
    """Return the whole numbers of a list."""
    return [each for each in value if isinstance(each, int)] if isinstance(value, list) else []


def texts_in(value: object) -> list[str] | None:
    """Return the texts of a list that can be shown and be used as paths; None for anything but a list."""
    return [each for each in value if isinstance(each, str) and "\0" not in each] if isinstance(value, list) else None
