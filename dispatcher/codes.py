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
    PLAN_WITHOUT_PAUSED = "plan_without_paused"
    #: Parts of a plan: the items that wait.
    READY = "ready"
    READY_BY_NEED = "ready_by_need"
    READY_OF_NEED = "ready_of_need"
    #: Parts of a plan: the containers that it launches.
    LAUNCH_ALIKE = "launch_alike"
    LAUNCH_MIXED = "launch_mixed"
    LAUNCH_NONE = "launch_none"
    LAUNCH_SHARE = "launch_share"
    #: Parts of a plan: the containers that are there.
    PRESENT = "present"
    PRESENT_STARTING = "present_starting"
    #: Parts of a plan: the rules that its launches follow from.
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
    #: Parts of a plan: the limits that hold launches back.
    CUT_BY_BUDGET = "cut_by_budget"
    CUT_BY_CONTAINERS = "cut_by_containers"
    CUT_BY_LAUNCHES = "cut_by_launches"
    CUT_BY_ROOM = "cut_by_room"
    NOT_YET = "not_yet"
    ONE_AT_A_TIME = "one_at_a_time"

    # --- an alarm ---
    UNSERVED = "unserved"
    UNSERVED_STRUCTURE = "unserved_structure"

    # --- false starts ---
    NO_REASON_GIVEN = "no_reason_given"
    STARTS_IN_VAIN = "starts_in_vain"

    # --- values and settings that are refused ---
    #: An address that does not name one.
    BROKER_TRANSPORT_MISSING = "broker_transport_missing"
    BROKER_TRANSPORT_UNKNOWN = "broker_transport_unknown"
    BROKER_TRANSPORT_UNUSABLE = "broker_transport_unusable"
    BUDGET_MISSING = "budget_missing"
    METRICS_ADDRESS_MALFORMED = "metrics_address_malformed"
    METRICS_ADDRESS_UNUSABLE = "metrics_address_unusable"
    NOT_BROKER_URL = "not_broker_url"
    NOT_POSITIVE = "not_positive"
    SECURITY_GROUPS_BY_REGION = "security_groups_by_region"
    STATE_DIR_UNREADABLE = "state_dir_unreadable"
    STATE_DIR_UNUSABLE = "state_dir_unusable"
    SUBNETS_BY_REGION = "subnets_by_region"
    SUBNETS_MISSING = "subnets_missing"
    TASK_DEFINITION_MISSING = "task_definition_missing"
    TOTAL_NEGATIVE = "total_negative"
    ULIMIT_MALFORMED = "ulimit_malformed"

    # --- a fleet that does not do what it is asked ---
    CONTAINER_ID_TOO_LONG = "container_id_too_long"
    ECS_ANSWERS_NOTHING = "ecs_answers_nothing"
    ECS_DOES_NOT_STOP = "ecs_does_not_stop"
    ECS_FAILED = "ecs_failed"
    ECS_REFUSES = "ecs_refuses"
    ECS_TASK_UNDESCRIBED = "ecs_task_undescribed"
    #: ECS gave no proper answer; the call may have had its effect.
    ECS_UNANSWERED = "ecs_unanswered"
    ECS_UNREACHABLE = "ecs_unreachable"
    ENGINE_DOES_NOT_STOP = "engine_does_not_stop"
    ENGINE_REFUSES = "engine_refuses"
    ENGINE_SILENT = "engine_silent"
    FARGATE_SIZE_UNKNOWN = "fargate_size_unknown"
    NOTHING_LAUNCHED = "nothing_launched"
    PLACEMENT_REFUSES = "placement_refuses"
    PROCESS_NOT_STARTED = "process_not_started"
    VARIABLES_TOO_LONG = "variables_too_long"

    # --- the end of a container, as its fleet reports it ---
    OUT_OF_MEMORY = "out_of_memory"

    # --- a callback that is not delivered ---
    RECEIVER_ANSWERED = "receiver_answered"
    RECEIVER_SILENT = "receiver_silent"

    # --- a dispatcher that is not the acting one ---
    VERDICTS_STALE = "verdicts_stale"

    # --- a container that is drained, stopped or given up ---
    #: A container has ended by itself, without saying goodbye.
    CONTAINER_ENDED = "container_ended"
    CONTAINER_ENDED_WITH_CODE = "container_ended_with_code"
    #: The same, for an unknown reason.
    CONTAINER_EXITED = "container_exited"
    IDLE_DRAINED = "idle_drained"
    IDLE_TOO_LONG = "idle_too_long"
    LOST_AT_WORK = "lost_at_work"
    NEVER_REPORTED = "never_reported"
    RUN_OVER = "run_over"
    RUNS_AFTER_GOODBYE = "runs_after_goodbye"
    SILENT = "silent"
    #: By an operator.
    STOPPED_BY = "stopped_by"
    STOPPED_BY_BECAUSE = "stopped_by_because"
    TOO_OLD = "too_old"
    TOO_OLD_DRAINED = "too_old_drained"
    UNKNOWN_CONTAINER = "unknown_container"
