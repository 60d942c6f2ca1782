"""Prices of containers: Fargate's published ones, per second with a minimum of one minute."""

import json
import math
from collections import Counter
from collections.abc import Iterable, Sequence
from functools import cache
from importlib.resources import files

from scenequeue.jobs.container import ContainerRecord
from scenequeue.jobs.options import FrozenModel

#: Region whose prices are used for containers outside AWS.
DEFAULT_REGION = "us-east-1"
_HOUR_S = 3600


class Rates(FrozenModel):
    """USD per hour for one vCPU, one GiB of memory, and one GiB of ephemeral storage above the free part (None: unknown)."""

    vcpu_h: float
    gib_h: float
    ephemeral_gib_h: float | None = None


class Prices(FrozenModel):
    """The data file prices.json, with its date and source."""

    source: str
    as_of: str
    currency: str
    minimum_s: int
    spot_share_of_on_demand: float
    spot_note: str
    free_ephemeral_gib: int
    gaps_note: str
    regions: dict[str, dict[str, Rates]]


@cache
def prices() -> Prices:
    """Return the published prices, which all estimates use."""
    return Prices.model_validate(json.loads(files("dispatcher").joinpath("prices.json").read_text(encoding="utf-8")))


def is_priced(region: str) -> bool:
    """Return True if a region's prices are known."""
    return region in prices().regions


def usd_per_hour(
    vcpu: float, memory_mib: int, region: str = "", architecture: str = "x86_64", *, is_spot: bool = False, ephemeral_gib: int = 0
) -> float:
    """Return the price of a container of this size for an hour.

    Args:
        vcpu: cores.
        memory_mib: MiB of memory.
        region: AWS region; "" for containers outside AWS, which are estimated as us-east-1. An unknown region is counted as
            the most expensive known one, so that a budget is not exceeded.
        architecture: x86_64 or arm64.
        is_spot: True for Spot capacity (an estimate).
        ephemeral_gib: its ephemeral storage; the first 20 GiB are free.
    """
    table = prices()
    known = [region or DEFAULT_REGION] if is_priced(region or DEFAULT_REGION) else list(table.regions)
    share = table.spot_share_of_on_demand if is_spot else 1.0
    paid_gib = max(0, ephemeral_gib - table.free_ephemeral_gib)
    return max(
        (vcpu * rates.vcpu_h + memory_mib / 1024 * rates.gib_h) * share + paid_gib * _storage_h(rates)
        for rates in (_rates(table.regions[each], architecture) for each in known)
    )


def _rates(by_architecture: dict[str, Rates], architecture: str) -> Rates:
    # Unknown arm64 prices are counted as x86_64, which is more expensive everywhere.
    return by_architecture.get(architecture) or by_architecture["x86_64"]


def _storage_h(rates: Rates) -> float:
    if rates.ephemeral_gib_h is not None:
        return rates.ephemeral_gib_h
    return max(each.ephemeral_gib_h or 0.0 for region in prices().regions.values() for each in region.values())


def most_expensive_region(regions: Sequence[str], architecture: str = "x86_64") -> str:
    """Return the region in which a container costs most; "" for no regions."""
    return max(regions, key=lambda region: usd_per_hour(1, 2048, region, architecture), default="")


def cost_usd(record: ContainerRecord, now_ms: int) -> float:
    """Return the cost of a container until now or its end: whole seconds, at least one minute; 0 if it never ran.

    AWS bills from the image pull on, which begins soon after the launch; a worker started by hand has no launch.
    """
    began_ms = record.launched_ms or record.started_ms
    if not began_ms:
        return 0.0
    # A container that was given up and came back still has an earlier end in its record.
    ended_ms = record.ended_ms if record.has_ended and record.ended_ms else now_ms
    return hourly_usd([record]) * billed_s((ended_ms - began_ms) / 1000) / _HOUR_S


def billed_s(seconds: float) -> int:
    """Return the billed seconds: whole ones, and at least a minute."""
    return max(prices().minimum_s, math.ceil(seconds))


def share_of_cores(record: ContainerRecord) -> float:
    """Return the part of a container's price that is paid for its cores; the rest is memory and storage."""
    whole = hourly_usd([record])
    cores = usd_per_hour(record.vcpu, 0, record.region, record.architecture, is_spot=record.is_spot)
    return cores / whole if whole else 0.0


def total_usd(records: Iterable[ContainerRecord], now_ms: int) -> float:
    """Return the total cost of these containers."""
    return sum(cost_usd(record, now_ms) for record in records)


def hourly_usd(records: Iterable[ContainerRecord]) -> float:
    """Return the cost per hour of these containers while they all run."""
    # Most containers are alike, so the price is computed once per kind of container.
    kinds = Counter(
        (each.vcpu, each.memory_mib, each.region, each.architecture, each.is_spot, each.ephemeral_gib) for each in records
    )
    return sum(
        count * usd_per_hour(vcpu, memory_mib, region, architecture, is_spot=is_spot, ephemeral_gib=ephemeral_gib)
        for (vcpu, memory_mib, region, architecture, is_spot, ephemeral_gib), count in kinds.items()
    )
