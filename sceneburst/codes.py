"""Codes of the reasons that the command line itself gives, beside those of the programs below."""

from enum import StrEnum


class Code(StrEnum):
    """One reason each; `sceneburst/words/commands.py` has a sentence for each."""

    # --- the words of a command ---
    AGE_MALFORMED = "age_malformed"
    BIT_RATE_MALFORMED = "bit_rate_malformed"
    CONTAINER_NOT_RUNNING = "container_not_running"
    #: Records are kept for a limited time.
    CONTAINER_WITHOUT_RECORD = "container_without_record"
    IMAGE_OF_PROCESSES = "image_of_processes"
    JOBS_NAMED_TWICE = "jobs_named_twice"
    JOBS_NOT_NAMED = "jobs_not_named"
    KEYS_AT_LIMIT = "keys_at_limit"
    KEY_NAME_MALFORMED = "key_name_malformed"
    KEY_NOT_THERE = "key_not_there"
    KEY_THERE = "key_there"
    LABEL_MALFORMED = "label_malformed"
    LETTERS_NAMED_TWICE = "letters_named_twice"
    LETTERS_NOT_NAMED = "letters_not_named"
    LIMIT_MALFORMED = "limit_malformed"
    LIMIT_NEVER_CHANGED = "limit_never_changed"
    LIMIT_REPEATED = "limit_repeated"
    #: The last change of a limit took back the one before.
    LIMIT_UNDONE_ALREADY = "limit_undone_already"
    #: The answer to a question is no.
    NOT_CONFIRMED = "not_confirmed"
    #: An option of a run on this machine is given with --submit, or the other way round.
    ONLY_HERE = "only_here"
    ONLY_SUBMITTED = "only_submitted"
    OUTPUT_NEEDED = "output_needed"
    #: Only an acting dispatcher stops containers.
    STOP_NEEDS_DISPATCHER = "stop_needs_dispatcher"
    #: Refused by the parser, in its own words.
    USAGE_REFUSED = "usage_refused"
    WHY_TOO_LONG = "why_too_long"
    WORD_NOT_UTF8 = "word_not_utf8"

    # --- a manifest ---
    MANIFEST_KEY_REPEATED = "manifest_key_repeated"
    MANIFEST_MALFORMED = "manifest_malformed"
    #: The parser does not say where.
    MANIFEST_MALFORMED_SOMEWHERE = "manifest_malformed_somewhere"
    MANIFEST_MISSING = "manifest_missing"
    MANIFEST_NOT_FILE = "manifest_not_file"
    MANIFEST_NOT_MAPPING = "manifest_not_mapping"
    MANIFEST_NOT_TEXT = "manifest_not_text"
    MANIFEST_TOO_LARGE = "manifest_too_large"
    MANIFEST_UNREADABLE = "manifest_unreadable"
    MISTAKE_AT_LINE = "mistake_at_line"
    OUTPUT_NOT_NAMED = "output_not_named"
    OUTPUT_NOT_WRITABLE = "output_not_writable"

    # --- everything on this machine ---
    ADDRESS_UNUSABLE = "address_unusable"
    DISPATCHER_ENDED = "dispatcher_ended"
    #: With the last line of its log.
    DISPATCHER_ENDED_SAYING = "dispatcher_ended_saying"
    FOLDER_IN_USE = "folder_in_use"
    FOLDER_UNUSABLE = "folder_unusable"
    IMAGE_NOT_THERE = "image_not_there"
    #: With the last line of its log.
    PAGE_ENDED = "page_ended"
    PORT_UNUSABLE = "port_unusable"
    REDIS_SERVER_MISSING = "redis_server_missing"
    REDIS_SERVER_NOT_STARTED = "redis_server_not_started"
    #: It did not start, and has written no log.
    REDIS_SERVER_SILENT = "redis_server_silent"

    # --- the log of a container ---
    LOG_ELSEWHERE = "log_elsewhere"
    #: The container engine has removed the container.
    LOG_GONE = "log_gone"
    LOG_IN_CLOUDWATCH = "log_in_cloudwatch"
    #: Of a container that no fleet has started.
    LOG_NOT_KEPT = "log_not_kept"
    LOG_NOT_KEPT_ON = "log_not_kept_on"
    LOG_ON_HOST = "log_on_host"
