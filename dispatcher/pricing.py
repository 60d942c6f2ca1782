"""What containers cost: Fargate's published prices, per second with a minimum of one minute."""

import json
import math
from collections import Counter
from collections.abc import Iterable
from functools import cache
from importlib.resources import files

from scenequeue.items import ContainerRecord
from scenequeue.options import FrozenModel

#: Used where a region is not in the data file; the process fleet's estimates too.
DEFAULT_REGION = "us-east-1"
_HOUR_S = 3600


class Rates(FrozenModel):
    """USD per second of one vCPU, one GiB of memory, one GiB of ephemeral storage above the free part."""

    vcpu_s: float
    gib_s: float
    ephemeral_gib_s: float


class Prices(FrozenModel):
    """The data file prices.json, with its date and source."""

    source: str
    as_of: str
    currency: str
    minimum_s: int
    spot_share_of_on_demand: float
    spot_note: str
    free_ephemeral_gib: int
    regions: dict[str, dict[str, Rates]]


@cache
def prices() -> Prices:
    """The published prices that all estimates use."""
    return Prices.model_validate(json.loads(files("dispatcher").joinpath("prices.json").read_text()))


def usd_per_hour(
    vcpu: float, memory_mib: int, region: str = "", architecture: str = "x86_64", *, is_spot: bool = False, ephemeral_gib: int = 0
) -> float:
    """What a container of this size costs an hour.

    Args:
        vcpu: cores.
        memory_mib: MiB of memory.
        region: AWS region; one without prices here is estimated as us-east-1.
        architecture: x86_64 or arm64.
        is_spot: whether it runs on Spot capacity (an estimate).
        ephemeral_gib: its ephemeral storage; the first 20 GiB are free.
    """
    table = prices()
    by_architecture = table.regions.get(region) or table.regions[DEFAULT_REGION]
    rates = by_architecture.get(architecture) or by_architecture["x86_64"]
    storage = max(0, ephemeral_gib - table.free_ephemeral_gib) * rates.ephemeral_gib_s
    compute = vcpu * rates.vcpu_s + memory_mib / 1024 * rates.gib_s
    return (compute * (table.spot_share_of_on_demand if is_spot else 1.0) + storage) * _HOUR_S


def cost_usd(record: ContainerRecord, now_ms: int) -> float:
    """What a container has cost until now, or until it ended: whole seconds, one minute at least. 0 if it never ran."""
    began_ms = record.started_ms or record.launched_ms
    if not began_ms:
        return 0.0
    ended_ms = record.ended_ms or now_ms
    seconds = max(prices().minimum_s, math.ceil((ended_ms - began_ms) / 1000))
    return hourly_usd([record]) * seconds / _HOUR_S


def total_usd(records: Iterable[ContainerRecord], now_ms: int) -> float:
    """What these containers have cost together."""
    return sum(cost_usd(record, now_ms) for record in records)


def hourly_usd(records: Iterable[ContainerRecord]) -> float:
    """What these containers cost an hour, as long as they all run."""
    # Most containers are alike, and one price is enough for all of them.
    kinds = Counter(
        (each.vcpu, each.memory_mib, each.region, each.architecture, each.is_spot, each.ephemeral_gib) for each in records
    )
    return sum(
        count * usd_per_hour(vcpu, memory_mib, region, architecture, is_spot=is_spot, ephemeral_gib=ephemeral_gib)
        for (vcpu, memory_mib, region, architecture, is_spot, ephemeral_gib), count in kinds.items()
    )
