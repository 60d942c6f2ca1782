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
    "taken": "{items:1 is|# are} for {present}",
    "wishes": "job {job_id} wishes about {items} each, in at most {most}",
    "wishes_full": "job {job_id} has {containers:the 1 container|all # containers} that it may have",
    "wishes_more": "{jobs:1 more job has|# more jobs have} wishes",
    "cut_by_budget": "cut by a budget of ${budget_usd_per_hour:.2f} an hour",
    "cut_by_containers": "cut by at most {containers:1 container|# containers}",
    "cut_by_launches": "cut by {launches:1 launch|# launches} a tick",
    "cut_by_room": "cut by the room that {image} has left",
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
    "starts_in_vain": "the last {launches:launch|# launches} came to nothing ({problem})",
}
