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
    JOB_PAUSED = "job_paused"
    LANE_PAUSED = "lane_paused"
    LAUNCHES_FAIL = "launches_fail"
    NO_CAPACITY = "no_capacity"
    NO_DISPATCHER = "no_dispatcher"
    OLDER_DISPATCHER = "older_dispatcher"
    OVER_BUDGET = "over_budget"
    PAUSED = "paused"
    #: Who has paused, since when, and why.
    PAUSE_BECAUSE = "pause_because"
    PAUSE_BY = "pause_by"
    PAUSE_SINCE = "pause_since"
    PLANNED = "planned"
    PLAN_MALFORMED = "plan_malformed"
    QUEUE_PAUSED = "queue_paused"
    #: Remedies for a bound of launches: by where its value comes from.
    RAISE_LIMIT = "raise_limit"
    RAISE_SETTING = "raise_setting"
    RETRY_LATER = "retry_later"
    STARTING = "starting"

    # --- a Redis server ---
    REDIS_DISK_FAILS = "redis_disk_fails"
    REDIS_EVICTS = "redis_evicts"
    REDIS_FILE_OFF = "redis_file_off"
    REDIS_FILE_ON = "redis_file_on"
    REDIS_KEYS_MOVED = "redis_keys_moved"
    REDIS_LOSES_JOBS = "redis_loses_jobs"
    REDIS_LOSES_LAST_WRITES = "redis_loses_last_writes"
    REDIS_NEARLY_FULL = "redis_nearly_full"
    REDIS_POLICY = "redis_policy"
    REDIS_REPLICA = "redis_replica"
    REDIS_SERVER = "redis_server"
    REDIS_TO_ADDRESS_PRIMARY = "redis_to_address_primary"
    REDIS_TO_FREE_DISK = "redis_to_free_disk"
    REDIS_TO_GROW = "redis_to_grow"
    REDIS_TO_KEEP_KEYS = "redis_to_keep_keys"
    REDIS_TO_PERSIST = "redis_to_persist"
    REDIS_TO_UPGRADE = "redis_to_upgrade"
    REDIS_TOO_OLD = "redis_too_old"
    REDIS_VERSION = "redis_version"
    REDIS_VERSION_UNKNOWN = "redis_version_unknown"

    # --- a queue that cannot be used ---
    NAMESPACE_OLDER = "namespace_older"
    #: By the user's permissions.
    REDIS_DATABASE_FORBIDDEN = "redis_database_forbidden"
    REDIS_DATABASE_MISSING = "redis_database_missing"
    #: The user of Redis lacks a permission.
    REDIS_FORBIDS = "redis_forbids"
    REDIS_KEY_FOREIGN = "redis_key_foreign"
    #: Redis refuses a login that it has accepted before.
    REDIS_LOGIN_LOST = "redis_login_lost"
    REDIS_LOGIN_REFUSED = "redis_login_refused"
    #: At the Sentinels.
    REDIS_NO_PRIMARY = "redis_no_primary"
    REDIS_UNANSWERED = "redis_unanswered"
    REDIS_UNABLE = "redis_unable"
    REDIS_WANTS_LOGIN = "redis_wants_login"
    #: The Sentinels know the service.
    PRIMARY_UNKNOWN = "primary_unknown"
    SENTINELS_REFUSE = "sentinels_refuse"
    SENTINELS_UNANSWERED = "sentinels_unanswered"
    SENTINEL_SERVICE_UNKNOWN = "sentinel_service_unknown"

    # --- a step that is refused ---
    ACT_NOT_UNDOABLE = "act_not_undoable"
    ACT_OVERTAKEN = "act_overtaken"
    #: With the operator.
    ACT_OVERTAKEN_BY = "act_overtaken_by"
    BACKLOG_FULL = "backlog_full"
    FENCE_STALE = "fence_stale"
    FIRST_STAGE_DEFERRED = "first_stage_deferred"
    GROWTH_NO_ITEM = "growth_no_item"
    GROWTH_NOT_WHOLE = "growth_not_whole"
    GROWTH_UNUSABLE = "growth_unusable"
    ITEM_TOO_LARGE = "item_too_large"
    JOB_CANCELLED = "job_cancelled"
    JOB_EMPTY = "job_empty"
    JOB_ENDED = "job_ended"
    JOB_ID_TAKEN = "job_id_taken"
    JOB_UNKNOWN = "job_unknown"
    JOURNAL_NOT_TEXT = "journal_not_text"
    JOURNAL_TOO_LARGE = "journal_too_large"
    JOURNAL_TOO_MANY = "journal_too_many"
    LEASE_STALE = "lease_stale"
    LETTER_UNKNOWN = "letter_unknown"
    LETTER_WITHOUT_ITEM = "letter_without_item"
    PAUSE_OF_TWO = "pause_of_two"
    KIND_UNUSABLE = "kind_unusable"
    #: The policy, a limit too, is to be `budget`.
    LIMIT_NEEDS_BUDGET = "limit_needs_budget"
    LIMIT_NOT_NUMBER = "limit_not_number"
    LIMIT_REFUSED = "limit_refused"
    LIMIT_UNKNOWN = "limit_unknown"
    LIMIT_UNKNOWN_NEAR = "limit_unknown_near"
    NEEDS_TOO_MANY = "needs_too_many"
    OPTIONS_MALFORMED = "options_malformed"
    STAGES_TOO_MANY = "stages_too_many"
    STAGE_EMPTY = "stage_empty"
    STAGE_NOT_DEFERRED = "stage_not_deferred"
    UPLOAD_LOST = "upload_lost"

    # --- a container that ended, or is to end ---
    CONTAINER_BROKEN = "container_broken"
    DRAIN_ASKED = "drain_asked"
    DRAIN_ASKED_BY = "drain_asked_by"
    STOP_ASKED_BY = "stop_asked_by"
    STOP_ASKED_BY_BECAUSE = "stop_asked_by_because"

    # --- how a program ended, after its name ---
    EXITED = "exited"
    KILLED = "killed"
    #: By SIGKILL, for an unknown reason.
    KILLED_UNEXPLAINED = "killed_unexplained"

    # --- a submission ---
    CRF_OUT_OF_RANGE = "crf_out_of_range"
    JOB_ID_UNUSABLE = "job_id_unusable"
    LABEL_NAME_UNUSABLE = "label_name_unusable"
    LABEL_TOO_LONG = "label_too_long"
    LABEL_UNPRINTABLE = "label_unprintable"
    LANGUAGE_UNKNOWN = "language_unknown"
    NAME_TOO_LONG = "name_too_long"
    NAME_UNUSABLE = "name_unusable"
    #: A scene's name in other reasons: its number.
    SCENE = "scene"
    TITLE_TOO_LONG = "title_too_long"
    TITLE_UNPRINTABLE = "title_unprintable"

    # --- options of a transcoding ---
    CODEC_UNFIT = "codec_unfit"
    CRF_AND_VMAF = "crf_and_vmaf"
    CRF_OF_OTHER_CODEC = "crf_of_other_codec"
    NAME_OF_OTHER_CODEC = "name_of_other_codec"
    PRESET_OF_OTHER_CODEC = "preset_of_other_codec"
    QUALITY_OF_COPY = "quality_of_copy"
    RENDITIONS_OF_COPY = "renditions_of_copy"

    # --- settings ---
    API_KEYS_MALFORMED = "api_keys_malformed"
    MODULES_MISSING = "modules_missing"
    NOT_REDIS_URL = "not_redis_url"
    REDIS_CLUSTER_DATABASE = "redis_cluster_database"
    REDIS_DATABASE = "redis_database"
    REDIS_HOST_MISSING = "redis_host_missing"
    #: The address of a single server names several hosts.
    REDIS_HOSTS = "redis_hosts"
    REDIS_NO_CLUSTER = "redis_no_cluster"
    REDIS_PORT = "redis_port"
    REDIS_SCHEME_UNKNOWN = "redis_scheme_unknown"
    REDIS_SERVICE_MISSING = "redis_service_missing"
    REDIS_SOCKET_MISSING = "redis_socket_missing"
    REDIS_URL_FRAGMENT = "redis_url_fragment"
    REDIS_URL_MALFORMED = "redis_url_malformed"
    SETTING_NOT_LIST = "setting_not_list"
    SETTING_NOT_MAP = "setting_not_map"
    SETTING_REFUSED = "setting_refused"

    # --- storages ---
    #: The system or a library could not read or write an address; a retry may succeed.
    ADDRESS_FAILED = "address_failed"
    #: The system or a library refuses an address; no retry can succeed.
    ADDRESS_REFUSED = "address_refused"
    ARRIVED_DAMAGED = "arrived_damaged"
    ARRIVED_SHORT = "arrived_short"
    BUCKET_MISSING = "bucket_missing"
    CIRCLE_OF_LINKS = "circle_of_links"
    CLOCK_SKEWED = "clock_skewed"
    CONNECTION_TIMED_OUT = "connection_timed_out"
    DOWNLOAD_SLOW = "download_slow"
    FILE_ADDRESS_MALFORMED = "file_address_malformed"
    FILE_GREW = "file_grew"
    #: An output's folder cannot be made, because a file has its name.
    FILE_IN_THE_WAY = "file_in_the_way"
    #: A server sends more bytes than are allowed, whatever size it has announced.
    FILE_LONGER = "file_longer"
    FILE_MISSING = "file_missing"
    FILE_TOO_LARGE = "file_too_large"
    FILE_UNREADABLE = "file_unreadable"
    #: The system's permissions prevent that an output is written.
    FOLDER_FORBIDDEN = "folder_forbidden"
    #: An output cannot be written, because a folder has its name.
    FOLDER_IN_THE_WAY = "folder_in_the_way"
    FOLDER_READ_ONLY = "folder_read_only"
    HOST_MALFORMED = "host_malformed"
    HOST_PRIVATE = "host_private"
    HOST_UNKNOWN = "host_unknown"
    HTTPS_OUTPUT = "https_output"
    HTTPS_PUT = "https_put"
    LINK_OUT_OF_ROOTS = "link_out_of_roots"
    NO_CREDENTIALS = "no_credentials"
    NO_SPACE = "no_space"
    NO_TEMPORARY_FOLDER = "no_temporary_folder"
    NO_WORKING_FOLDER = "no_working_folder"
    NOT_HTTPS = "not_https"
    NOT_PUBLIC = "not_public"
    NOT_REGULAR_FILE = "not_regular_file"
    OBJECT_MISSING = "object_missing"
    OUTSIDE_ROOTS = "outside_roots"
    #: An address leads through more redirects than are followed.
    REDIRECTS = "redirects"
    REPLACED_BY_LINK = "replaced_by_link"
    S3_ADDRESS_MALFORMED = "s3_address_malformed"
    #: S3 answered a read with AccessDenied, which may stand for a missing key.
    S3_DENIED = "s3_denied"
    #: Any other call, by AccessDenied.
    S3_FORBIDS = "s3_forbids"
    S3_KEY_RELATIVE = "s3_key_relative"
    S3_REFUSED = "s3_refused"
    SCHEME_UNKNOWN = "scheme_unknown"
    SERVER_ANSWERED = "server_answered"
    #: A server that has announced ranges sends the whole.
    SOURCE_WITHOUT_RANGES = "source_without_ranges"
    #: Its ETag, or its size or time of change, is not what it was when it was probed.
    SOURCE_CHANGED = "source_changed"
    URL_MALFORMED = "url_malformed"
    URL_WITH_USER = "url_with_user"
    WORK_FOLDER_STRAYS = "work_folder_strays"

    # --- reasons around reasons ---
    #: A mistake, with the name of the field or value that has it.
    INSIDE = "inside"
    MISTAKES = "mistakes"
    SEVERAL = "several"
    #: Pydantic refuses a value: its message is the sentence; `type` and its facts are parameters too.
    VALUE_REFUSED = "value_refused"

    # --- an attempt that failed, as the queue finds it out ---
    ELEMENT_MALFORMED = "element_malformed"
    LEASE_EXPIRED = "lease_expired"
    MESSAGE_LOST = "message_lost"
    NO_WORK_ITEM = "no_work_item"

    # --- data in Redis that cannot be read ---
    LETTER_MALFORMED = "letter_malformed"
    RECORD_MALFORMED = "record_malformed"
    RESULT_MALFORMED = "result_malformed"

    # --- sentences of other programs, unchanged ---
    OTHER = "other"
