"""English sentences for the reasons of a dispatcher."""

from collections.abc import Mapping

SENTENCES: Mapping[str, str] = {
    # --- a plan ---
    "plan_at_rest": "nothing ready, no containers",
    "plan_blind": "the fleet cannot be seen: {problem}",
    "plan_covered": "{waiting} → no launch, because {present} will take {ready:it|them}",
    "plan_idle": "nothing ready; {present}",
    "plan_launches": "{waiting} → {launches}, because {because:; }",
    "plan_paused": "{waiting}, but the queue is paused",
    "plan_without_paused": "{plan}; {items:1 item is|# items are} paused",
    "ready": "{items} ready",
    "ready_by_need": "{items} ready ({needs:, })",
    "ready_of_need": "{items} {need:need}",
    "launch_alike": "{containers:1 container|# containers} × {items}",
    "launch_mixed": "{containers:1 container|# containers} ({shares: + })",
    "launch_none": "no launch",
    "launch_share": "{containers} × {items}",
    "present": "{containers:1 container|# containers}",
    "present_starting": "{containers:1 container|# containers} ({starting} starting)",
    "batches": "batches of about {items}, at least {least}, in at most {most}",
    "batches_full": (
        "{most:the 1 container|all # containers} of a distribution {most:is|are} there; {most:it takes|they take} the rest"
    ),
    "budget_keeps": "the budget keeps {containers}, at least {least} each",
    "deadline_needs": (
        "{work_s:.0f} s of work in {deadline_s:.0f} s needs {containers:1 container|# containers} of {slots:1 slot|# slots} each"
    ),
    "for_needs": "{needs:need}: {because}",
    "kept_warm": "{containers:1 container is|# containers are} always kept",
    "probe": "one container of {image} is to show whether it serves {needs:need} by now",
    "taken": "{present} will take {items} of them",
    "wishes": "job {job_id} wishes about {items} each, in at most {most}",
    "wishes_full": "job {job_id} has {containers:the 1 container|all # containers} that it may have",
    "wishes_more": "{jobs:1 more job has|# more jobs have} wishes",
    "cut_by_budget": "limited by a budget of ${budget_usd_per_hour:.2f} an hour",
    "cut_by_containers": "limited to {containers:1 container|# containers} in all",
    "cut_by_launches": "limited to {launches:1 launch|# launches} a tick",
    "cut_by_room": "limited by the room that {image} has left",
    "not_yet": "not yet: {problem}",
    "one_at_a_time": "one at a time: {problem}",
    # --- an alarm ---
    "unserved": (
        "{items:1 item waits|# items wait} for {need:need}, which containers of {image} do not serve; deploy an image that does"
    ),
    "unserved_structure": (
        "{items:1 item waits|# items wait} for {need:need}, but containers of {image} do not look at structure {structure} of "
        "the queue; deploy an image of the dispatcher's version"
    ),
    # --- false starts ---
    "no_reason_given": "no reason given",
    "starts_in_vain": "the last {launches:launch|# launches} came to nothing ({problem})",
    # --- values and settings that are refused ---
    "broker_transport_missing": "the name of the transport is missing",
    "broker_transport_unknown": "Celery has no transport {transport:quoted}",
    "broker_transport_unusable": "the transport {transport:quoted} cannot be loaded: {problem}",
    "budget_missing": "{setting}: SCENEBURST_POLICY=budget needs it",
    "metrics_address_malformed": "{setting}: {address:quoted} is not host:port, such as 127.0.0.1:9100",
    "metrics_address_unusable": "{setting}: cannot listen at {address:quoted}: {problem}",
    "not_broker_url": (
        "{setting}: {url} is not an address of Celery's broker: {problem}. It is memory://localhost/, redis://host:6379/1, "
        "amqp://user:password@host//, …; a password with special characters is percent-encoded"
    ),
    "not_positive": "{name} is {value}; it must be at least 1",
    "security_groups_by_region": ("{setting} must be a map by region: a security group is in one region only"),
    "state_dir_unreadable": "{setting}: {folder} cannot be read or written: {problem}",
    "state_dir_unusable": "{setting}: {folder} cannot be made: {problem}",
    "subnets_by_region": "{setting} must be a map by region: a subnet is in one region only",
    "subnets_missing": "{setting} names no subnet in {region}, which SCENEBURST_ECS_REGIONS lists",
    "task_definition_missing": ("{setting} has no entry {architecture:quoted}, and none for priority {priority}"),
    "total_negative": "total_scenes is {total_scenes}; it cannot be negative",
    "ulimit_malformed": "{setting}: {entry:quoted} is not name=soft:hard",
    # --- a fleet that does not do what it is asked ---
    "container_id_too_long": "container id {container_id:quoted} is too long for ECS",
    "ecs_answers_nothing": "ECS answered with neither a task nor a failure",
    "ecs_does_not_stop": "ECS in {region} does not stop {handle}: {problem}",
    "ecs_failed": "ECS {operation} in {region}: {problem}",
    "ecs_refuses": "ECS in {region}: {problem}",
    "ecs_task_undescribed": "ECS in {region} cannot describe a task: {problem}",
    "ecs_unanswered": "ECS {operation} in {region}: no proper answer in {tries:1 try|# tries} ({problem})",
    "ecs_unreachable": "ECS in {region} is not reached: {problem}",
    "engine_does_not_stop": "the container engine does not stop {handle}: {problem}",
    "engine_refuses": "the container engine refuses: {problem}",
    "engine_silent": "no container engine answers at {socket} (SCENEBURST_DOCKER_SOCKET): {problem}",
    "fargate_size_unknown": "Fargate has no size of {vcpu:g} vCPU with {memory_mib} MiB",
    "nothing_launched": "nothing was launched: {problem}",
    "placement_refuses": "{provider} in {subnet} ({region}): {problem}",
    "process_not_started": "{path} cannot be started: {problem}",
    "variables_too_long": "the container's variables take {length} characters; ECS allows {limit}",
    # --- the end of a container, as its fleet reports it ---
    "out_of_memory": "out of memory",
    # --- a callback that is not delivered ---
    "receiver_answered": "the receiver answered {status}",
    "receiver_silent": "the receiver has not answered within {limit_s:g} s",
    # --- a dispatcher that is not the acting one ---
    "verdicts_stale": "another dispatcher acts by now, and these verdicts are out of date",
    # --- a container that is drained, stopped or given up ---
    "container_ended": "the container ended: {problem}",
    "container_ended_with_code": "the container {ending}: {problem}",
    "container_exited": "the container {ending}",
    "idle_drained": "idle for {idle_s:.0f} s, and drained",
    "idle_too_long": "idle for {idle_s:.0f} s",
    "lost_at_work": "{problem}; it was at work on {items:1 item|# items}",
    "never_reported": "never reported within {limit_s:.0f} s of its launch",
    "run_over": "the run is over",
    "runs_after_goodbye": "it said goodbye, but still runs",
    "silent": "silent for {silent_s:.0f} s",
    "stopped_by": "stopped by {by}",
    "stopped_by_because": "stopped by {by}: {why}",
    "too_old": "{age_s:.0f} s old",
    "too_old_drained": "{age_s:.0f} s old, and drained",
    "unknown_container": "unknown: it carries our mark, but no record of it is left",
}
