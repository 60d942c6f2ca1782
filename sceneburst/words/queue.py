"""English sentences for the reasons of the queue, its messages and the storages."""

from collections.abc import Mapping

SENTENCES: Mapping[str, str] = {
    # --- a job or a queue that waits ---
    "all_at_work": "all {containers:1 container|# containers} that {setting} allows {containers:is|are} at work; {remedy}",
    "all_drain": (
        "{containers:the only container that is allowed drains; another is|all # containers that are allowed drain; others are} "
        "launched afterwards"
    ),
    "busy": "{containers:1 container is|# containers are} busy with earlier items",
    "false_starts": "containers end before they have worked: {problem}",
    "fleet_unseen": "the dispatcher cannot see its fleet, and launches nothing until it can: {problem}",
    "launches_fail": "no container can be started: {problem}",
    "no_capacity": "there is no capacity for a container: {problem}",
    "no_dispatcher": "no dispatcher has acted in the last minute; start one with `sceneburst dispatcher`",
    "older_dispatcher": (
        "the dispatcher that acts is of an older version, which does not see this work (structure {structure} of the queue); "
        "upgrade it"
    ),
    "over_budget": ("a container of ${usd_per_hour_each:.4f} an hour would exceed {setting}={budget_usd_per_hour:g}; {remedy}"),
    "job_paused": "the job is paused {pause}; `sceneburst queue resume --job {job_id}` goes on",
    "lane_paused": "lane {lane} is paused {pause}; `sceneburst queue resume --lane {lane}` goes on",
    "paused": "the queue is paused; `sceneburst queue resume` goes on",
    "queue_paused": "the queue is paused {pause}; `sceneburst queue resume` goes on",
    "pause_because": '{pause}: "{why}"',
    "pause_by": "by {by} since {since_ms:time}",
    "pause_since": "since {since_ms:time}",
    "planned": "the dispatcher's plan: {why}",
    "raise_limit": "{by} set this limit; raise it by `sceneburst limits set {limit}=…`",
    "raise_setting": "raise it where the dispatcher is started, or at once by `sceneburst limits set {limit}=…`",
    "retry_later": "{items:1 item waits|# items wait} for the next attempt",
    "starting": "{containers:1 container is|# containers are} starting",
    "plan_malformed": "the plan in Redis is malformed; the dispatcher's next tick replaces it",
    # --- a Redis server ---
    "redis_disk_fails": "Redis could not write to its disk ({fields}: err) and refuses writes",
    "redis_evicts": "eviction policy {policy}: Redis deletes jobs and leases when its memory is full",
    "redis_file_off": "append-only file off",
    "redis_file_on": "append-only file on",
    "redis_keys_moved": "the keys are on another server of the cluster: {problem}",
    "redis_loses_jobs": "no append-only file: a restart loses jobs",
    "redis_loses_last_writes": ("no append-only file: a fail-over loses the last writes, and a restart of all nodes every job"),
    "redis_nearly_full": ("{used_mib:.0f} of {limit_mib:.0f} MiB of memory are used; Redis refuses new jobs when all are"),
    "redis_policy": "policy {policy}",
    "redis_replica": "this server is a replica of {primary} and refuses writes",
    "redis_server": "{facts:, }",
    "redis_to_address_primary": ("point SCENEBURST_REDIS_URL at the primary, or use redis+sentinel:// or redis+cluster://"),
    "redis_to_free_disk": "free its disk",
    "redis_to_grow": "raise maxmemory",
    "redis_to_keep_keys": "set maxmemory-policy noeviction",
    "redis_to_persist": "set appendonly yes (appendfsync everysec)",
    "redis_to_upgrade": "upgrade the server",
    "redis_too_old": "Redis {version} is too old: Sceneburst needs Redis 6.2 or newer, or Valkey",
    "redis_version": "{name} {version}",
    "redis_version_unknown": "{name} of unknown version",
    # --- a queue that cannot be used ---
    "namespace_older": (
        "{setting}: {namespace} at {url} holds items that an older Sceneburst has queued, which "
        "this one cannot read; let the older one finish or cancel them first, or choose another namespace"
    ),
    "redis_database_forbidden": (
        "{setting}: Redis at {url} lets this user choose no database ({problem}); users of `sceneburst acl` have "
        "database 0: leave the number out, and tell queues apart by SCENEBURST_NAMESPACE"
    ),
    "redis_database_missing": "{setting}: Redis at {url} has no such database ({problem})",
    "redis_forbids": "Redis at {url} refuses this: {problem}; has the user of {setting} the right role?",
    "redis_key_foreign": "Redis at {url}: another program has written to a key of this queue ({problem})",
    "redis_login_lost": (
        "Redis at {url} refuses the login, which it has accepted before: {problem}; has the password or the user been changed?"
    ),
    "redis_login_refused": (
        "Redis at {url} refuses the login: {problem}; are user and password of {setting} or SCENEBURST_REDIS_PASSWORD right?"
    ),
    "redis_no_primary": "Redis at {url} does not answer: {problem}",
    "redis_unanswered": (
        "Redis at {url} does not answer ({problem}); is {setting} right? `sceneburst up` runs a Redis to try things on"
    ),
    "redis_unable": "Redis at {url} cannot serve now: {problem}",
    "redis_wants_login": "it wants a password, and none is given",
    "primary_unknown": "no Sentinel knows a primary of this service that works",
    "sentinels_refuse": "it is the Sentinels that refuse it",
    "sentinels_unanswered": "no Sentinel answers ({problem}); is {setting} right?",
    "sentinel_service_unknown": ("the Sentinels watch no service {service:quoted}, but {known}; is its name in {setting} right?"),
    # --- a step that is refused ---
    "act_not_undoable": "{entry:quoted} is no change of a limit in the audit log; only such a change can be undone",
    "act_overtaken": "a program has changed {limit} since: it is {value} now; `sceneburst limits set` changes it",
    "act_overtaken_by": "{by} has changed {limit} since: it is {value} now; `sceneburst limits set` changes it",
    "backlog_full": (
        "the backlog is at its limit of {limit:1 item|# items}; job {job_id} with {items} was not enqueued; submit it again later"
    ),
    "fence_stale": "the fencing number is stale: another dispatcher acts",
    "first_stage_deferred": "the first stage of job {job_id} cannot be deferred: nobody would bring its items",
    "growth_no_item": "{item} brings items, of which number {number} is no WorkItem, but of type {type}",
    "growth_not_whole": "some of the items that {items} brings are missing in Redis; stage all of them again",
    "growth_unusable": "{item} brings items, of which number {number} cannot be put on the queue: {problem}",
    "item_too_large": "it has {characters} characters as JSON, and may have {limit}",
    "job_cancelled": "job {job_id:quoted} was cancelled; submit the scene again instead",
    "job_empty": "job {job_id} has no items",
    "job_ended": "job {job_id} has ended; only an active job can be paused",
    "job_id_taken": "job {job_id} exists with other content; choose another job id, or submit the same content",
    "pause_of_two": "pause or resume a lane or a job, not both at once",
    "job_unknown": "no job {job_id:quoted}: never submitted here, or its results have expired",
    "journal_not_text": "the journal of {item} takes only text, for names and values; {name:quoted} is something else",
    "journal_too_large": "the journal of {item} would exceed {limit} bytes",
    "journal_too_many": "the journal of {item} would have more than {limit} notes; put several into one",
    "kind_unusable": "{kind:quoted} cannot name a kind: use 1 to 40 ASCII letters, digits, '.', '_' or '-'",
    "lease_stale": "{item} is no longer leased to this container: another one has it, or its job has ended",
    "letter_unknown": "no dead letter {item_id:quoted} of job {job_id:quoted}; `sceneburst dead` lists those that there are",
    "letter_without_item": (
        "dead letter {item_id:quoted} of job {job_id:quoted} is malformed in Redis; `sceneburst dead discard` forgets it"
    ),
    "limit_needs_budget": (
        "policy budget needs a budget: set budget_usd_per_hour with it, or set another policy before the budget is reset"
    ),
    "limit_not_number": "limit {limit}: {value:quoted} is no number",
    "limit_refused": "limit {limit}: {problem}",
    "limit_unknown": "there is no limit {limit:quoted}; there are {known}",
    "limit_unknown_near": "there is no limit {limit:quoted}, did you mean {near:quoted}? there are {known}",
    "needs_too_many": "job {job_id} would have items of more than {limit} kinds and versions; make several jobs of it",
    "options_malformed": "the options of job {job_id} in Redis are malformed: {problem}",
    "stages_too_many": "job {job_id} has more than {limit} stages",
    "stage_empty": "stage {stage} of job {job_id} has no items",
    "stage_not_deferred": "{item} brings items, and its job has no deferred stage for them",
    "upload_lost": "the upload of job {job_id} took too long or Redis lost it; submit it again",
    # --- a container that ended, or is to end ---
    "container_broken": "broken: {problem}",
    "drain_asked": "is to drain, and learns so at its next beat",
    "drain_asked_by": "is to drain, as {by} asked, and learns so at its next beat",
    "stop_asked_by": "is to stop, as {by} asked; the acting dispatcher stops it at its next tick",
    "stop_asked_by_because": "is to stop, as {by} asked ({why}); the acting dispatcher stops it at its next tick",
    # --- how a program ended, after its name ---
    "exited": "ended with code {exit_code}",
    "killed": "was killed by signal {signal}",
    "killed_unexplained": "was killed by signal {signal}, perhaps because memory ran out",
    # --- a submission ---
    "crf_out_of_range": "crf is 1 to 51 with codec h264, not {crf}",
    "job_id_unusable": "{job_id:quoted} is not a usable job id: letters, digits, '.', '_' and '-' only, 1 to 128",
    "label_name_unusable": ("{name:quoted} is not a usable label name: letters, digits, '.', '_', '/' and '-' only, 1 to 64"),
    "label_too_long": "a label's value has at most {limit} characters, not {length}",
    "label_unprintable": "a label's value has no control characters and no surrogates",
    "language_unknown": "a BCP 47 tag such as ja, zh-Hant or pt-BR is needed, not {tag:quoted}",
    "name_too_long": "{name:quoted} is not a usable name: more than {limit} bytes in UTF-8",
    "name_unusable": ("{name:quoted} is not a usable name: letters, digits, space and . _ + @ = - only, 1 to 120, no '..'"),
    "scene": "scene {number}",
    "title_too_long": "a title has at most {limit} characters, not {length}",
    "title_unprintable": "a title has no control characters and no surrogates, such as {character}",
    # --- options of a transcoding ---
    "codec_unfit": "{container} cannot hold {codec}; it holds {held}",
    "crf_and_vmaf": "the constant rate factor is chosen for this quality; give either this or crf",
    "crf_of_other_codec": "must be {least} to {most} with codec {codec}, not {crf}",
    "name_of_other_codec": "{codec} has no {given:quoted}; it has {choices}",
    "preset_of_other_codec": "codec {codec} has no preset {preset:quoted}; it has {first} to {last}",
    "quality_of_copy": "a picture that is copied is not encoded; choose another codec, or leave this out",
    "renditions_of_copy": "a picture that is copied keeps its size; choose another codec, or leave the renditions out",
    # --- settings ---
    "api_keys_malformed": 'a JSON map of names to SHA-256 hashes is needed, as in {{"shop": "<64 hex digits>"}}',
    "modules_missing": "{modules} {count:is|are} not installed: pip install 'sceneburst[{extra}]'",
    "not_redis_url": (
        "{setting}: {url} is not an address of Redis: {problem}. It is redis://host:6379/0, rediss://…, "
        "unix:///path, redis+sentinel://host:26379,…/service or redis+cluster://host:6379,…; a password with special "
        "characters is percent-encoded, or goes into SCENEBURST_REDIS_PASSWORD"
    ),
    "redis_cluster_database": "a cluster has only database 0",
    "redis_database": "the path must be the number of a database",
    "redis_host_missing": "a host is missing; for a Redis on this machine write localhost",
    "redis_hosts": "there are several hosts; those of a cluster are redis+cluster://, Sentinels are redis+sentinel://",
    "redis_no_cluster": "{setting}: this server is no cluster; use redis:// or rediss://",
    "redis_port": "a port must be a number from 1 to 65535",
    "redis_scheme_unknown": "the scheme is unknown",
    "redis_service_missing": "the name of the service that the Sentinels watch is missing",
    "redis_socket_missing": "the path of the socket is missing",
    "redis_url_fragment": "it contains a #",
    "redis_url_malformed": "user, host, port or query are malformed",
    "setting_not_list": '{setting}: {problem}, written as JSON; two folders are ["/srv/media", "/srv/videos"]',
    "setting_not_map": '{setting}: {problem}, written as JSON: {{"name": "value"}}',
    "setting_refused": "{setting}: {problem}",
    # --- storages ---
    "address_failed": "{uri}: {problem}",
    "address_refused": "{uri}: {problem}",
    "arrived_damaged": "{uri} arrived damaged: its checksum differs",
    "arrived_short": "{uri}: {received} of {size:1 byte|# bytes} arrived",
    "bucket_missing": "{uri}: there is no bucket {bucket:quoted}",
    "circle_of_links": "{uri} leads in a circle of symbolic links",
    "clock_skewed": "{uri}: refused, as this machine's clock is {lead_s:+.0f} s from S3's",
    "connection_timed_out": "the connection timed out",
    "download_slow": "{uri}: only {received:1 byte|# bytes} arrived within {limit_s:g} s",
    "file_address_malformed": "{uri:quoted} is not a file:// address of an absolute path",
    "file_grew": "{uri} grew beyond the {limit} bytes that are allowed",
    "file_in_the_way": "{path} is a file, not a folder; move it away, or name another folder",
    "file_longer": "{uri} has more than the {limit} bytes that are allowed",
    "file_missing": "{uri}: no such file on this machine",
    "file_too_large": "{uri} has {size} bytes; at most {limit} are allowed",
    "file_unreadable": "user {user} of the system may not read it; allow it",
    "folder_forbidden": "user {user} of the system may not write to {folder}; allow it, or name another folder",
    "folder_in_the_way": "a folder has this name; move it away, or name another folder",
    "folder_read_only": "{folder} is on a read-only file system; mount it writable, or name another folder",
    "host_malformed": "{uri}: {host:quoted} is not a host name",
    "host_private": "{uri}: {host} has the address {address}, which is not a public one",
    "host_unknown": "{uri}: {host} does not resolve: {problem}",
    "https_output": "{uri} cannot be an output: https:// is only read",
    "https_put": "{name} cannot be put at {uri}: https:// is only read",
    "link_out_of_roots": (
        "{uri} leads through the link {link} out of the folders that SCENEBURST_FILE_ROOTS allows: "
        "put what it names in its place, or add the folder that it leads to"
    ),
    "no_credentials": "{uri}: no AWS credentials ({problem}); use a role, or AWS's own environment variables",
    "no_space": "{uri}: no space left on the device",
    "no_temporary_folder": (
        "no folder for temporary files can be written to ({problem}); set TMPDIR to one that can, and has space left"
    ),
    "no_working_folder": "{uri} is no working folder of a job (.sceneburst/<job id>), and nothing else is deleted",
    "not_https": "{uri:quoted} is not a plain https:// address, such as https://example.com/path",
    "not_public": "{uri} is not a public address",
    "not_regular_file": "{uri} is not a regular file",
    "object_missing": "{uri}: no such object ({answer})",
    "outside_roots": "{uri} is outside the folders that SCENEBURST_FILE_ROOTS allows",
    "redirects": "{uri}: more than {limit} redirects",
    "replaced_by_link": "{name} was replaced by a link while it was opened",
    "s3_address_malformed": "{uri:quoted} is not s3://bucket/key",
    "s3_denied": (
        "{uri}: refused ({answer}): {problem}; reading it needs {permission}; without s3:ListBucket, S3 answers the same for a "
        "missing key"
    ),
    "s3_forbids": "{uri}: refused ({answer}): {problem}; this needs {permission} there",
    "s3_key_relative": (
        "{uri:quoted} has {segment:quoted} in its key, which some clients resolve and others keep; name the key itself"
    ),
    "s3_refused": "{uri}: refused ({answer}): {problem}",
    "scheme_unknown": "{uri:quoted} is not a usable address: it must begin with s3://, file:// or https://",
    "source_changed": "{uri} has changed since the job began; leave it unchanged, and submit the job again",
    "source_without_ranges": "{uri}: the server sends no spans of the file, although it did when the file was probed",
    "server_answered": "{uri}: the server answered {status}",
    "url_malformed": "this is not a valid URL",
    "url_with_user": "{uri}: an address with a user or a password is not accepted",
    "work_folder_strays": (
        "{uri:quoted} is not the working folder of a source of job {job_id}; has another program written to this queue?"
    ),
    # --- reasons around reasons ---
    "inside": "{place}: {mistake}",
    "mistakes": "{mistakes:\n}",
    "several": "{reasons:; }",
    "value_refused": "{problem}",
    # --- an attempt that failed, as the queue finds it out ---
    "element_malformed": 'the element is not "<item id> <weight ms> <json>"; has another program written to this queue?',
    "lease_expired": "no heartbeat within the lease: the container died, froze or lost its network",
    "message_lost": "its key vanished from Redis: evicted under maxmemory, or deleted by hand",
    "no_work_item": "not a work item: {problem}",
    # --- data in Redis that cannot be read ---
    "letter_malformed": "the dead letter in Redis cannot be read; `sceneburst dead discard` forgets it",
    "record_malformed": "malformed in Redis: {fields}",
    "result_malformed": "the result in Redis cannot be read",
    # --- sentences of other programs ---
    "other": "{text}",
}
