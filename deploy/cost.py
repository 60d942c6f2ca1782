"""Estimates the cost of the stack while nothing is rendered."""

from collections.abc import Mapping

#: us-east-1 list prices in USD an hour, except where it says a month. Source: AWS's price pages.
COSTS_AS_OF = "2025-10"
_VCPU, _GIB = 0.04048, 0.004445
_VCPU_ARM, _GIB_ARM = 0.03238, 0.00356
_CACHE_NODE = {"cache.t4g.micro": 0.0128, "cache.t4g.small": 0.0256, "cache.t4g.medium": 0.052, "cache.r7g.large": 0.1752}
_NAT_GATEWAY, _PUBLIC_ADDRESS = 0.045, 0.005
_SECRET_MONTH, _ALARM_MONTH, _METRIC_MONTH = 0.40, 0.10, 0.30
_SECRETS, _ALARMS, _METRICS = 5, 6, 19
_HOURS_A_MONTH = 730


def at_rest(parameters: Mapping[str, str]) -> list[str]:
    """Format the monthly cost of each part, and the sum last."""
    costs = monthly(parameters)
    lines = [f"${usd:8.2f} a month: {what}" for what, usd in costs.items()]
    return [*lines, f"${sum(costs.values()):8.2f} a month at rest"]


def monthly(parameters: Mapping[str, str]) -> dict[str, float]:
    """Return USD a month by part, for the template's parameters; missing ones have its defaults."""
    dispatchers, apis = int(parameters.get("DispatcherCount", 2)), int(parameters.get("ApiCount", 0))
    is_arm = parameters.get("Architecture") == "arm64"
    vcpu, gib = (_VCPU_ARM, _GIB_ARM) if is_arm else (_VCPU, _GIB)
    is_private = parameters.get("Network") == "private"
    small = (0.25 * vcpu + 0.5 * gib) * _HOURS_A_MONTH
    costs = {f"{dispatchers} × dispatcher (0.25 vCPU, 0.5 GiB)": dispatchers * small}
    if apis:
        costs[f"{apis} × HTTP API (0.25 vCPU, 0.5 GiB)"] = apis * small
    if not parameters.get("RedisHost"):
        node, nodes = parameters.get("CacheNodeType", "cache.t4g.small"), int(parameters.get("CacheNodes", 2))
        # Prices of Redis OSS; Valkey is a fifth cheaper.
        costs[f"{nodes} cache nodes ({node})"] = nodes * _CACHE_NODE[node] * _HOURS_A_MONTH
    if is_private:
        costs["a NAT gateway and its address"] = (_NAT_GATEWAY + _PUBLIC_ADDRESS) * _HOURS_A_MONTH
    else:
        costs["their public addresses"] = (dispatchers + apis) * _PUBLIC_ADDRESS * _HOURS_A_MONTH
    costs["secrets, alarms and metrics"] = _SECRETS * _SECRET_MONTH + _ALARMS * _ALARM_MONTH + _METRICS * _METRIC_MONTH
    return costs
