"""The targets of the queue benchmark, from the measured rows."""

from typing import Any

from benchmarks.targets import Target

Row = dict[str, Any]
#: Bytes of the JSON that every item carries (baselines/body.py).
ITEM_JSON_BYTES = 441
#: Key of our row, description, sign, limit.
_ABSOLUTE = [
    ("enqueue_bulk_per_s", "enqueue, bulk /s", "≥", 50_000.0),
    ("drain_1_per_s", "drain, 1 process, batched acks /s", "≥", 20_000.0),
    ("drain_1_acks_each_per_s", "drain, 1 process, an ack for each /s", "≥", 3_500.0),
    ("idle_p50_ms", "idle latency p50 ms", "≤", 2.0),
    ("idle_p99_ms", "idle latency p99 ms", "≤", 8.0),
    ("idle_many_steps_per_item", "steps of many idle workers for an item", "≤", 4.0),
    ("kill_lost", "worker killed, 5 s lease: not done", "≤", 0.0),
    ("kill_ended_twice", "worker killed, 5 s lease: ended twice", "≤", 0.0),
    ("kill_recovered_s", "worker killed, 5 s lease: all done s", "≤", 12.0),
    ("kill_default_lost", "worker killed, defaults: not done", "≤", 0.0),
    ("container_killed_seen_s", "container killed, defaults, a dispatcher: given back s", "≤", 5.0),
    ("restart_lost", "Redis restarted: not done", "≤", 0.0),
]
#: Figure, baseline it is compared with (empty: the best of all), minimum ratio.
_RATIOS = [("enqueue_bulk_per_s", "", 5.0), ("drain_1_per_s", "huey", 4.0), ("drain_1_per_s", "celery", 20.0)]


def queue_targets(rows: list[Row]) -> list[Target]:
    """Return the targets whose figures were measured; a figure that never came to an end counts as infinite."""
    ours = next((row for row in rows if row["system"] == "ours"), {})
    targets = [
        Target(what, float("inf") if ours[key] is None else float(ours[key]), sign, bar)
        for key, what, sign, bar in _ABSOLUTE
        if key in ours
    ]
    if "bytes_per_item" in ours:
        targets.append(Target("waiting item / its JSON", ours["bytes_per_item"] / ITEM_JSON_BYTES, "≤", 1.3))
    if "kill_twice" in ours:
        beyond = ours["kill_twice"] - ours["kill_in_flight"]
        targets.append(Target("worker killed, 5 s lease: extra runs beyond those in flight", beyond, "≤", 0.0))
    for key, whom, bar in _RATIOS:
        theirs = [row[key] for row in rows if row["system"] != "ours" and row.get(key) and whom in {"", row["system"]}]
        if key in ours and theirs:
            what = key.removesuffix("_per_s").replace("_", " ")
            targets.append(Target(f"{what}: ours / {whom or 'best baseline'}", ours[key] / max(theirs), "≥", bar))
    return targets
