"""Codes of the reasons that the HTTP API itself gives, beside those of the programs below."""

from enum import StrEnum


class Code(StrEnum):
    """One reason each; `sceneburst/words/http_api.py` has a sentence for each."""

    # --- the caller ---
    API_KEY_MISSING = "api_key_missing"
    API_KEY_UNREGISTERED = "api_key_unregistered"
    EVENT_STREAMS_TAKEN = "event_streams_taken"
    HOST_NOT_SERVED = "host_not_served"
    METHOD_NOT_SERVED = "method_not_served"
    PATH_NOT_SERVED = "path_not_served"
    RATE_EXCEEDED = "rate_exceeded"

    # --- a body that is not read ---
    BODY_COMPRESSED = "body_compressed"
    BODY_NOT_JSON = "body_not_json"
    BODY_TOO_LARGE = "body_too_large"
    BODY_TOO_SLOW = "body_too_slow"
    #: NaN and its like.
    JSON_CONSTANT = "json_constant"
    JSON_HALF_CHARACTER = "json_half_character"
    JSON_TOO_DEEP = "json_too_deep"
    MEDIA_TYPE_MISSING = "media_type_missing"
    MEDIA_TYPE_NOT_JSON = "media_type_not_json"

    # --- mistakes in a request ---
    EVENT_ID_MALFORMED = "event_id_malformed"
    KEY_REPEATED = "key_repeated"
    MANUAL_OPTIONS_MALFORMED = "manual_options_malformed"
    #: Their number; each is in `errors`.
    MISTAKES_COUNTED = "mistakes_counted"
    NUMBER_TOO_LARGE = "number_too_large"
    OBJECT_NEEDED = "object_needed"
    RATE_MALFORMED = "rate_malformed"
    SCENES_OVER_LIMIT = "scenes_over_limit"
    TEXT_UNPRINTABLE = "text_unprintable"

    # --- settings that the API refuses at its start ---
    API_OPEN_TO_OTHERS = "api_open_to_others"
    API_OPEN_WITH_KEYS = "api_open_with_keys"

    # --- the API's own trouble, whose details are for operators ---
    API_FAILED = "api_failed"
    API_LEAVES = "api_leaves"
    PROBE_UNANSWERED = "probe_unanswered"
    QUEUE_SILENT = "queue_silent"
