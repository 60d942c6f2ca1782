"""Reads the dispatcher's last plan from Redis, where anybody may have written it: a part of another type counts as missing."""

from collections.abc import Callable, Mapping
from typing import Any

from scenequeue.published.values import json_map, maps_in, number, numbers_in, texts_in, whole_number
from scenequeue.reasons import Code, Reason


def plan_from(text: str) -> dict[str, Any]:
    """Parse the dispatcher's last plan: `why` (a Reason), `at_ms`, `usd_per_hour`, and all else that it has published.

    The parts that our programs use have their types; parts of a newer version are kept as they are. `facts_of` in facts.py reads
    the part `facts`.
    """
    made = json_map(text)
    if made is None or not isinstance(made.get("why"), str | dict):
        return {"why": Reason(Code.PLAN_MALFORMED), "at_ms": 0, "usd_per_hour": 0.0}
    known = {name: read(made[name]) for name, read in _PARTS.items() if name in made}
    return {"at_ms": 0, "usd_per_hour": 0.0, **made, **known, "why": Reason.from_json(made["why"])}


def _map(value: object) -> Mapping[str, Any] | None:
    return value if isinstance(value, dict) else None


def _limits(value: object) -> list[dict[str, Any]]:
    return [
        {
            "name": str(each.get("name")),
            "value": each["value"] if isinstance(each.get("value"), str) else number(each.get("value")),
            "by": str(each.get("by")),
            "at_ms": whole_number(each.get("at_ms")),
            "why": str(each.get("why") or ""),
        }
        for each in maps_in(value)
    ]


_PARTS: Mapping[str, Callable[[object], object]] = {
    "at_ms": whole_number,
    "usd_per_hour": number,
    "starting": whole_number,
    "running": whole_number,
    "alarms": maps_in,
    "structures": numbers_in,
    "limits": _limits,
    "file_roots": texts_in,
    "waits_because": _map,
    "facts": _map,
}
