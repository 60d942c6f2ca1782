"""English sentences for the reasons of the queue, its messages and the storages."""

from collections.abc import Mapping

SENTENCES: Mapping[str, str] = {
    # --- a job or a queue that waits ---
    "all_at_work": "all {containers:1 container|# containers} that {setting} allows {containers:is|are} at work",
    "all_drain": (
        "{containers:the only container that is allowed drains; another is|all # containers that are allowed drain; others are} "
        "launched afterwards"
    ),
    "busy": "{containers:1 container is|# containers are} busy with what came before",
    "false_starts": "containers end before they have worked: {problem}",
    "fleet_unseen": "the dispatcher cannot see its fleet, and launches nothing until it can: {problem}",
    "launches_fail": "no container can be started: {problem}",
    "no_capacity": "there is no capacity for a container: {problem}",
    "no_dispatcher": "no dispatcher has acted in the last minute; start one with `sceneburst dispatcher`",
    "older_dispatcher": (
        "the dispatcher that acts is of an older version, which does not see this work (structure {structure} of the queue); "
        "upgrade it"
    ),
    "over_budget": (
        "a container of ${usd_per_hour_each:.4f} an hour would exceed SCENEBURST_BUDGET_USD_PER_HOUR={budget_usd_per_hour:g}"
    ),
    "paused": "the queue is paused; `sceneburst queue resume` goes on",
    "planned": "the dispatcher's plan: {why}",
    "retry_later": "{items:1 item waits|# items wait} for the next attempt",
    "starting": "{containers:1 container is|# containers are} starting",
    "plan_malformed": "the plan in Redis is malformed",
    # --- somebody else's words ---
    "other": "{text}",
}
