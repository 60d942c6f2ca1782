"""Codes of the reasons that a dispatcher gives: its plans, its launches, its fleets."""

from enum import StrEnum


class Code(StrEnum):
    """One reason each; `sceneburst/words/` has a sentence for each."""

    # --- a plan ---
    PLAN_AT_REST = "plan_at_rest"
    PLAN_BLIND = "plan_blind"
    PLAN_COVERED = "plan_covered"
    PLAN_IDLE = "plan_idle"
    PLAN_LAUNCHES = "plan_launches"
    PLAN_PAUSED = "plan_paused"
    #: What waits.
    READY = "ready"
    READY_BY_NEED = "ready_by_need"
    READY_OF_NEED = "ready_of_need"
    #: What a plan launches.
    LAUNCH_ALIKE = "launch_alike"
    LAUNCH_MIXED = "launch_mixed"
    LAUNCH_NONE = "launch_none"
    LAUNCH_SHARE = "launch_share"
    #: Containers that are there.
    PRESENT = "present"
    PRESENT_STARTING = "present_starting"
    #: What a plan's launches follow from.
    BATCHES = "batches"
    BATCHES_FULL = "batches_full"
    BUDGET_KEEPS = "budget_keeps"
    DEADLINE_NEEDS = "deadline_needs"
    FOR_NEEDS = "for_needs"
    KEPT_WARM = "kept_warm"
    PROBE = "probe"
    TAKEN = "taken"
    WISHES = "wishes"
    WISHES_FULL = "wishes_full"
    WISHES_MORE = "wishes_more"
    #: What holds launches back.
    CUT_BY_BUDGET = "cut_by_budget"
    CUT_BY_CONTAINERS = "cut_by_containers"
    CUT_BY_LAUNCHES = "cut_by_launches"
    CUT_BY_ROOM = "cut_by_room"
    NOT_YET = "not_yet"
    ONE_AT_A_TIME = "one_at_a_time"

    # --- an alarm ---
    UNSERVED = "unserved"
    UNSERVED_STRUCTURE = "unserved_structure"

    # --- launches that came to nothing ---
    STARTS_IN_VAIN = "starts_in_vain"
