"""Codes of the findings of `sceneburst doctor`, beside those of the errors that it meets."""

from enum import StrEnum


class Code(StrEnum):
    """One finding each, without its subject; `sceneburst/words/doctor.py` has a sentence for each."""

    #: A check ended with an error of the system or of a library.
    CHECK_FAILED = "check_failed"

    # --- this machine ---
    FFMPEG_FOUND = "ffmpeg_found"
    FONTS_CHINESE_MISSING = "fonts_chinese_missing"
    FONTS_FOUND = "fonts_found"
    ISOLATION_FULL = "isolation_full"
    ISOLATION_LIMITED = "isolation_limited"
    ISOLATION_NONE = "isolation_none"
    MODULES_ABSENT = "modules_absent"
    PACKAGES_INSTALLED = "packages_installed"
    PACKAGE_HIDDEN = "package_hidden"
    PROGRAM_FOUND = "program_found"
    PYTHON_FOUND = "python_found"
    SCRATCH_FOUND = "scratch_found"
    SCRATCH_SMALL = "scratch_small"
    SCRATCH_UNWRITABLE = "scratch_unwritable"

    # --- the environment ---
    FOLDER_ABSENT = "folder_absent"
    FOLDER_FOUND = "folder_found"
    FOLDER_UNREADABLE = "folder_unreadable"
    PLACE_ABSENT = "place_absent"
    SETTINGS_READABLE = "settings_readable"
    SETTING_ABSENT = "setting_absent"
    VARIABLE_UNKNOWN = "variable_unknown"

    # --- the queue ---
    CLOCK_DIFFERS = "clock_differs"
    CLOCK_FOLLOWS = "clock_follows"
    DISPATCHER_ABSENT = "dispatcher_absent"
    DISPATCHER_ACTS = "dispatcher_acts"
    QUEUE_ENDS_WITH_UP = "queue_ends_with_up"
    REDIS_FOUND = "redis_found"
    REDIS_NOT_NAMED = "redis_not_named"
    REDIS_UNEXAMINED = "redis_unexamined"

    # --- AWS and buckets ---
    BUCKET_ABSENT = "bucket_absent"
    BUCKET_ADDRESS_MALFORMED = "bucket_address_malformed"
    BUCKET_LISTED = "bucket_listed"
    BUCKET_UNLISTABLE = "bucket_unlistable"
    BUCKET_UNREADABLE = "bucket_unreadable"
    BUCKET_UNWRITABLE = "bucket_unwritable"
    BUCKET_WORKS = "bucket_works"
    CREDENTIALS_ABSENT = "credentials_absent"
    CREDENTIALS_FOUND = "credentials_found"
    CREDENTIALS_NOT_NEEDED = "credentials_not_needed"
    PROBE_LEFT_BEHIND = "probe_left_behind"

    # --- a fleet ---
    ARCHITECTURE_DIFFERS = "architecture_differs"
    CLUSTER_ABSENT = "cluster_absent"
    CLUSTER_UNUSABLE = "cluster_unusable"
    CONTAINER_NAME_ABSENT = "container_name_absent"
    DEFINITION_ABSENT = "definition_absent"
    DEFINITION_UNUSABLE = "definition_unusable"
    ENGINE_ANSWERS = "engine_answers"
    FOUND_IN_REGION = "found_in_region"
    IMAGE_ABSENT = "image_absent"
    IMAGE_FOUND = "image_found"
    LOOK_FORBIDDEN = "look_forbidden"
    NETWORK_FOUND = "network_found"
    NOT_FOR_FARGATE = "not_for_fargate"
    PRIORITIES_WITHOUT_ENTRY = "priorities_without_entry"
    PROVIDERS_ABSENT = "providers_absent"
    REGIONS_FOUND = "regions_found"
    REGION_NOT_NAMED = "region_not_named"
    SECURITY_GROUPS_ABSENT = "security_groups_absent"
