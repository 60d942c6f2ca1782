"""Reads the dispatcher's last plan from Redis, where anybody may have written it: a part of another type counts as missing."""

import json
import math
from collections.abc import Callable, Mapping
from typing import Any

from scenequeue.reasons import Code, Reason

#: Larger numbers, which are neither times nor amounts, count as 0.
_MAX_NUMBER = 1e18


def plan_from(text: str) -> dict[str, Any]:
    """Parse the dispatcher's last plan: `why` (a Reason), `at_ms`, `usd_per_hour`, and all else that it has published.

    The parts that our programs use have their types; parts of a newer version are kept as they are.
    """
    unread = {"why": Reason(Code.PLAN_MALFORMED), "at_ms": 0, "usd_per_hour": 0.0}
    try:
        made = json.loads(text, parse_float=_finite, parse_constant=lambda _name: None)
    except (ValueError, RecursionError):
        return unread
    if not isinstance(made, dict) or not isinstance(made.get("why"), str | dict):
        return unread
    known = {name: read(made[name]) for name, read in _PARTS.items() if name in made}
    return {"at_ms": 0, "usd_per_hour": 0.0, **made, **known, "why": Reason.from_json(made["why"])}


def _finite(text: str) -> float | None:
    """Parse a number; one too large for JSON, which would become Infinity, is None."""
    number = float(text)
    return number if math.isfinite(number) else None


def _number(value: object) -> int | float:
    # A comparison with NaN is false too.
    return value if isinstance(value, int | float) and abs(value) < _MAX_NUMBER else 0


def _whole_number(value: object) -> int:
    return int(_number(value))


def _map(value: object) -> Mapping[str, Any] | None:
    return value if isinstance(value, dict) else None


def _maps(value: object) -> list[dict[str, Any]]:
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def _numbers(value: object) -> list[int]:
    return [each for each in value if isinstance(each, int)] if isinstance(value, list) else []


def _texts(value: object) -> list[str] | None:
    return [each for each in value if isinstance(each, str) and "\0" not in each] if isinstance(value, list) else None


def _limits(value: object) -> list[dict[str, Any]]:
    return [
        {
            "name": str(each.get("name")),
            "value": _number(each.get("value")),
            "by": str(each.get("by")),
            "at_ms": _whole_number(each.get("at_ms")),
            "why": str(each.get("why") or ""),
        }
        for each in _maps(value)
    ]


_PARTS: Mapping[str, Callable[[object], object]] = {
    "at_ms": _whole_number,
    "usd_per_hour": _number,
    "starting": _whole_number,
    "running": _whole_number,
    "alarms": _maps,
    "structures": _numbers,
    "limits": _limits,
    "file_roots": _texts,
    "waits_because": _map,
}
