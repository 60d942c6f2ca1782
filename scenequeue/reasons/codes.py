"""Codes of the reasons that the queue, its messages and the storages give."""

from enum import StrEnum


class Code(StrEnum):
    """One reason each; `sceneburst/words/` has a sentence for each."""

    # --- a job or a queue that waits ---
    ALL_AT_WORK = "all_at_work"
    ALL_DRAIN = "all_drain"
    BUSY = "busy"
    FALSE_STARTS = "false_starts"
    FLEET_UNSEEN = "fleet_unseen"
    LAUNCHES_FAIL = "launches_fail"
    NO_CAPACITY = "no_capacity"
    NO_DISPATCHER = "no_dispatcher"
    OLDER_DISPATCHER = "older_dispatcher"
    OVER_BUDGET = "over_budget"
    PAUSED = "paused"
    PLANNED = "planned"
    PLAN_MALFORMED = "plan_malformed"
    RETRY_LATER = "retry_later"
    STARTING = "starting"

    # --- somebody else's words, as they are ---
    OTHER = "other"
