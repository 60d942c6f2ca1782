"""Defines the metrics of a tick; a test compares them with the table in docs/telemetry.md."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from dispatcher.decisions.pricing import hourly_usd
from scenequeue.jobs.container import ContainerRecord
from scenequeue.jobs.job import Depth

CONTAINER_STATES = ("starting", "working", "idle", "draining")


class Metric(NamedTuple):
    """The names, unit and meaning of one metric."""

    cloudwatch: str
    prometheus: str
    #: The unit in CloudWatch's spelling.
    unit: str
    meaning: str


METRICS: tuple[Metric, ...] = (
    Metric("Acting", "sceneburst_acting", "None", "1 while this dispatcher acts"),
    Metric("ReadyItems", "sceneburst_ready_items", "Count", "backlog: items that wait for a container, paused ones included"),
    Metric("PausedItems", "sceneburst_paused_items", "Count", "ready items that a pause holds back"),
    Metric("InFlightItems", "sceneburst_in_flight_items", "Count", "items that a container holds a lease of"),
    Metric("DelayedItems", "sceneburst_delayed_items", "Count", "items waiting for a retry"),
    Metric("DeadLetters", "sceneburst_dead_letters", "Count", "items that were given up and wait for an operator"),
    Metric("DoneItems", "sceneburst_done_items_total", "Count", "items done since the namespace began"),
    Metric("BacklogVideoSeconds", "sceneburst_backlog_video_seconds", "Seconds", "estimated length of video that waits"),
    Metric(
        "BacklogAgeSeconds",
        "sceneburst_backlog_age_seconds",
        "Seconds",
        "age of the oldest job with ready items, without paused ones",
    ),
    Metric("UnservedItems", "sceneburst_unserved_items", "Count", "ready items that no image serves which could be launched"),
    Metric("Containers", "sceneburst_containers", "Count", "containers by state"),
    Metric("Launches", "sceneburst_launches_total", "Count", "launches that the fleet accepted"),
    Metric("LaunchesFailed", "sceneburst_launches_failed_total", "Count", "launches that the fleet refused"),
    Metric("StartsFailed", "sceneburst_starts_failed_total", "Count", "accepted launches that never said hello"),
    Metric("SpotInterruptions", "sceneburst_spot_interruptions_total", "Count", "containers that Spot took back"),
    Metric("LostContainers", "sceneburst_lost_containers", "Count", "containers that came up, and were lost in the last hour"),
    Metric(
        "SilentContainers", "sceneburst_silent_containers", "Count", "containers that do not report, and are not given up yet"
    ),
    Metric("CallbacksFailed", "sceneburst_callbacks_failed_total", "Count", "posts to callbacks that were not accepted"),
    Metric("CostPerHourUSD", "sceneburst_cost_usd_per_hour", "None", "what the containers that run cost an hour"),
    Metric("BudgetUSDPerHour", "sceneburst_budget_usd_per_hour", "None", "the budget in force; nothing without one"),
    Metric("BudgetCut", "sceneburst_budget_cut", "None", "1 while the budget holds launches back"),
    Metric("CostUSD", "sceneburst_cost_usd_total", "None", "what they have cost since this dispatcher began to act"),
    Metric("CostPerSceneUSD", "sceneburst_cost_per_scene_usd", "None", "cost of the last full window by the scenes done in it"),
    Metric("CostAnomaly", "sceneburst_cost_anomaly", "None", "1 while cost per scene is far above its rolling median"),
    Metric("TickSeconds", "sceneburst_tick_seconds", "Seconds", "how long the last tick took"),
)


def count_containers(records: Sequence[ContainerRecord]) -> dict[str, int]:
    """Count the containers that cost money, by state."""
    counts = dict.fromkeys(CONTAINER_STATES, 0)
    for record in records:
        if record.has_ended:
            continue
        if record.state in {"intended", "launched"}:
            counts["starting"] += 1
        elif record.is_draining or record.state == "draining":
            counts["draining"] += 1
        else:
            counts["working" if record.held else "idle"] += 1
    return counts


def readings(depth: Depth, containers: Sequence[ContainerRecord], backlog_age_s: float) -> Mapping[str, float]:
    """Return the metrics of queue and ledger: CloudWatch name -> value."""
    alive = [record for record in containers if not record.has_ended]
    return {
        "Acting": 1,
        "ReadyItems": depth.counts.ready,
        "PausedItems": depth.paused_items,
        "InFlightItems": depth.counts.leased,
        "DelayedItems": depth.counts.delayed,
        "DeadLetters": depth.counts.dead,
        "DoneItems": depth.counts.done,
        "BacklogVideoSeconds": depth.ready_weight,
        "BacklogAgeSeconds": backlog_age_s,
        "Containers": len(alive),
        "CostPerHourUSD": hourly_usd(alive),
    }
