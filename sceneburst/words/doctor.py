"""English sentences for the findings of `sceneburst doctor`; each stands behind its subject."""

from collections.abc import Mapping

SENTENCES: Mapping[str, str] = {
    "check_failed": "{problem}",
    # --- this machine ---
    "ffmpeg_found": "{path} ({version}, {parts})",
    "fonts_chinese_missing": "the packaged Chinese font is gone",
    "fonts_found": "{fonts} packaged",
    "isolation_full": "{level}",
    "isolation_limited": "{level} (no stronger level: {problem})",
    "isolation_none": "none: what a media file might make ffmpeg do is not confined ({problem})",
    "modules_absent": "{modules} {count:is|are} not installed",
    "packages_installed": "those of {program} are installed",
    "package_hidden": "{problem}",
    "program_found": "{path}",
    "python_found": "{version}",
    "scratch_found": "{folder}, {free_gib:.0f} GiB free",
    "scratch_small": "{folder} has {free_mib:.0f} MiB left; a 4K scene can need a GiB",
    "scratch_unwritable": "{folder} cannot be written to ({problem})",
    # --- the environment ---
    "folder_absent": "{folder} is no folder on this machine",
    "folder_found": "{folder}",
    "folder_unreadable": "{folder} may not be read by this user",
    "place_absent": "{folder} is no folder",
    "settings_readable": "all that are set can be read; the fleet is {fleet:quoted}",
    "setting_absent": "is not set, and the fleet {fleet:quoted} needs it",
    "variable_unknown": "no program reads a variable of this name",
    # --- the queue ---
    "clock_differs": "this machine's clock is {lead_s:+.0f} s from that of Redis",
    "clock_follows": "as that of Redis, within half a minute",
    "dispatcher_absent": "none has acted in the last minute",
    "dispatcher_acts": "acts",
    "queue_ends_with_up": "the queue of `sceneburst up` ends with it",
    "redis_found": "{url}: {server}",
    "redis_not_named": "{setting} is not set: only `render` and `up` work, which bring their own",
    "redis_unexamined": "{url} answers, but may not be looked into: {problem}",
    # --- AWS and buckets ---
    "bucket_absent": "there is no such bucket",
    "bucket_address_malformed": "is no address in a bucket",
    "bucket_listed": "can be listed",
    "bucket_unlistable": (
        "may not be listed: S3 then says of a missing input that it is refused, and working files of transcodings stay"
    ),
    "bucket_unreadable": "cannot be read: {problem}",
    "bucket_unwritable": "cannot be written: {problem}",
    "bucket_works": "can be written and read",
    "credentials_absent": "none",
    "credentials_found": "{method}",
    "credentials_not_needed": "none, which is fine for files",
    "probe_left_behind": "{address} was written, and may not be removed",
    # --- a fleet ---
    "architecture_differs": "is for {platform}, and containers are launched for {architecture}",
    "cluster_absent": "there is no active cluster {name:quoted} in {region}",
    "cluster_unusable": "{name} in {region}: {problem}",
    "container_name_absent": "has no container {name:quoted}",
    "definition_absent": "there is no {name:quoted} in {region}: {problem}",
    "definition_unusable": "{name} in {region} {problem}",
    "engine_answers": "answers at {socket}",
    "found_in_region": "{name} in {region}",
    "image_absent": "the engine has no image {image:quoted}",
    "image_found": "{image}",
    "look_forbidden": "may not be looked at in {region}: {problem}",
    "network_found": "{subnets:1 subnet|# subnets} and security groups in {region}",
    "not_for_fargate": "cannot run on Fargate",
    "priorities_without_entry": "no entry is for {architecture} and priority {priorities}",
    "providers_absent": "{name} in {region} lacks the capacity provider {providers: and }",
    "regions_found": "{regions}",
    "region_not_named": "none is named, and {region} is taken",
    "security_groups_absent": (
        "no security group is named in {region}: containers get the VPC's default one, which Redis may not let in"
    ),
}
