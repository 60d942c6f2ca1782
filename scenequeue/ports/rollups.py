"""The queue's history: backlog, containers, dollars, items done and dead letters, slot by slot."""

from pydantic import TypeAdapter, ValidationError

from scenequeue.jobs.rollup import SLOTS, Resolution, Rollup
from scenequeue.structure.connection import Connection

#: As rollup.lua writes it.
_SLOT = TypeAdapter(tuple[int, int, int, float, int, int, dict[str, int]])


def read_rollups(connection: Connection, resolution: Resolution, now_ms: int, newest: int | None = None) -> list[Rollup]:
    """Return the slots that are kept, or so many of the newest, the oldest first. Cost: one read of at most 300 kB."""
    seconds, kept = SLOTS[resolution]
    key, last = connection.keys.of(f"rollup:{resolution}"), now_ms // 1000 // seconds
    wanted = kept if newest is None else min(newest, kept)
    if wanted < kept:
        texts = connection.answer("hmget", key, [(last - back) % kept for back in range(wanted)]) or []
    else:
        texts = list((connection.answer("hgetall", key) or {}).values())
    slots = []
    for text in texts:
        try:
            slots.append(_SLOT.validate_json(text or ""))
        except ValidationError:
            continue
    oldest_s = now_ms / 1000 - seconds * wanted
    return [
        Rollup(begin_s * 1000, ready, containers, spent / 1e6, done, dead, reasons)
        for begin_s, ready, containers, spent, done, dead, reasons in sorted(slots, key=lambda slot: slot[0])
        if begin_s >= oldest_s
    ]
