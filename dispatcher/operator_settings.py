"""Turns the operator's settings into the planner's policy and the reaper's limits."""

from typing import NamedTuple

from dispatcher.codes import Code
from dispatcher.decisions.planning.policy import Policy
from dispatcher.decisions.pricing import most_expensive_region
from dispatcher.decisions.reaper import Limits
from dispatcher.fleet import Hardware
from scenequeue.errors import SettingsError
from scenequeue.settings import DispatcherSettings


class FleetTimings(NamedTuple):
    """Timings that differ between fleets: seconds from a launch to the first lease, and minimum billed seconds."""

    start_up_s: float
    min_billed_s: float


#: Fargate: image pull and start take 30 to 60 s, and a minute is billed at least (AWS).
_TIMINGS = {"process": FleetTimings(1, 0), "docker": FleetTimings(3, 0), "fargate": FleetTimings(45, 60)}


def check_policy(settings: DispatcherSettings) -> None:
    """Check that the policy has what it needs.

    Raises:
        SettingsError: the policy is `budget`, and no budget is set.
    """
    if settings.policy == "budget" and settings.budget_usd_per_hour is None:
        raise SettingsError(Code.BUDGET_MISSING, setting=settings.name_of("budget_usd_per_hour"))


def policy_from(settings: DispatcherSettings, hardware: Hardware) -> Policy:
    """Return the planner's policy, from the settings and the fleet's hardware.

    Raises:
        SettingsError: see `check_policy`.
    """
    check_policy(settings)
    around = _TIMINGS[settings.fleet]
    return Policy(
        policy=settings.policy,
        scenes_per_batch=settings.scenes_per_batch,
        min_scenes_per_batch=settings.min_scenes_per_batch,
        max_parallel_tasks=settings.max_parallel_tasks,
        max_containers=settings.max_containers,
        min_containers=settings.min_containers,
        launches_per_tick=settings.launches_per_tick,
        deadline_s=settings.deadline_s,
        budget_usd_per_hour=settings.budget_usd_per_hour,
        config_priority=settings.config_priority,
        slots=settings.worker_slots,
        hello_timeout_s=settings.hello_timeout_s,
        start_up_s=around.start_up_s,
        min_billed_s=around.min_billed_s,
        is_spot=hardware.spot == "only",
        region=most_expensive_region(hardware.regions, hardware.architecture),
        architecture=hardware.architecture,
        ephemeral_gib=hardware.ephemeral_gib,
    )


def limits_from(settings: DispatcherSettings) -> Limits:
    """Return the reaper's limits, from the settings."""
    return Limits(
        idle_timeout_s=settings.idle_timeout_s,
        silent_after_s=settings.silent_after_s,
        hello_timeout_s=settings.hello_timeout_s,
        max_lifetime_s=settings.max_lifetime_s,
        min_life_s=_TIMINGS[settings.fleet].min_billed_s,
    )
