"""Translates launches into RunTask requests, and described tasks into containers: pure."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from dispatcher.codes import Code
from dispatcher.fleet import SIZES, ContainerSize, FleetContainer, LaunchRequest
from dispatcher.fleets.settings import FargateSettings
from scenequeue.errors import FleetMisconfigured
from scenequeue.jobs.ids import ContainerId
from scenequeue.reasons import Code as QueueCode, Reason

ON_DEMAND, SPOT = "FARGATE", "FARGATE_SPOT"
CONTAINER_TAG = "sceneburst:container"
NAMESPACE_TAG = "sceneburst:namespace"
CONTAINER_VARIABLE = "SCENEBURST_CONTAINER_ID"
#: Fargate's sizes: CPU units -> minimum, maximum and step of the memory in MiB. Source: AWS, task CPU and memory.
FARGATE_MEMORY_MIB: Mapping[int, tuple[int, int, int]] = {
    256: (512, 2048, 512),
    512: (1024, 4096, 1024),
    1024: (2048, 8192, 1024),
    2048: (4096, 16384, 1024),
    4096: (8192, 30720, 1024),
    8192: (16384, 61440, 4096),
    16384: (32768, 122880, 8192),
}
#: ECS's limits: characters of all overrides together, of a client token, of a reason.
MAX_OVERRIDE_CHARACTERS = 8192
MAX_TOKEN_CHARACTERS = 64
MAX_REASON_CHARACTERS = 255
#: The stop code of a task whose Spot capacity was taken back.
INTERRUPTED = "SpotInterruption"
#: States in which the program has ended; in earlier ones it may still run.
_ENDED = frozenset({"DEPROVISIONING", "STOPPED"})


@dataclass(frozen=True)
class Placement:
    """A place to launch a container: one capacity provider in one subnet of one region."""

    region: str
    subnet: str
    provider: str

    @property
    def is_spot(self) -> bool:
        return self.provider == SPOT


def placements(settings: FargateSettings) -> list[Placement]:
    """Return all placements in order of preference: regions, in each its subnets, in each Spot before on-demand."""
    providers = {"prefer": (SPOT, ON_DEMAND), "only": (SPOT,), "never": (ON_DEMAND,)}[settings.ecs_spot]
    return [
        Placement(region, subnet, provider)
        for region in settings.ecs_regions
        for subnet in settings.subnets_in(region)
        for provider in providers
    ]


def started_by(namespace: str) -> str:
    """Return the `startedBy` of our tasks, by which they are listed. ECS allows letters, digits, '-', '/' and '_', but no dot."""
    return "sceneburst/" + namespace.replace(".", "/")


def task_definition(settings: FargateSettings, size: ContainerSize) -> str:
    """Return the task definition for a size on the configured architecture.

    Raises:
        FleetMisconfigured: the map has neither "arch/priority" nor "arch".
    """
    chosen = settings.ecs_task_definition
    if isinstance(chosen, str):
        return chosen
    architecture = settings.ecs_architecture
    priority = next((priority for priority, known in SIZES.items() if known == size), 0)
    for key in (f"{architecture}/{priority}", architecture):
        if key in chosen:
            return chosen[key]
    setting = settings.name_of("ecs_task_definition")
    raise FleetMisconfigured(Code.TASK_DEFINITION_MISSING, setting=setting, architecture=architecture, priority=priority)


def cpu_and_memory(size: ContainerSize) -> tuple[str, str]:
    """Return CPU units and MiB in the form that ECS takes.

    Raises:
        FleetMisconfigured: Fargate does not offer the size.
    """
    units = round(size.vcpu * 1024)
    smallest, largest, step = FARGATE_MEMORY_MIB.get(units, (0, -1, 1))
    if not smallest <= size.memory_mib <= largest or (size.memory_mib - smallest) % step:
        raise FleetMisconfigured(Code.FARGATE_SIZE_UNKNOWN, vcpu=size.vcpu, memory_mib=size.memory_mib)
    return str(units), str(size.memory_mib)


def run_task_request(request: LaunchRequest, placement: Placement, settings: FargateSettings) -> dict[str, Any]:
    """Return the arguments of RunTask for one container.

    One call per container, because containers of one call share their overrides, and each of ours needs its own id. It is
    no slower: Fargate's launch rate counts containers, not calls. The client token makes a repeated call harmless; it
    contains the placement, because ECS refuses a known token with other arguments.

    Raises:
        FleetMisconfigured: ECS does not offer the size, or the id or the environment is too long for it.
    """
    cpu, memory = cpu_and_memory(request.size)
    environment = {"SCENEBURST_MIN_LIFETIME_S": f"{settings.ecs_min_lifetime_s:g}", **request.environment}
    environment[CONTAINER_VARIABLE] = request.container_id
    overrides: dict[str, Any] = {
        "cpu": cpu,
        "memory": memory,
        "containerOverrides": [
            {
                "name": settings.ecs_container_name,
                "environment": [{"name": name, "value": value} for name, value in sorted(environment.items())],
            }
        ],
    }
    if settings.ecs_ephemeral_gib:
        overrides["ephemeralStorage"] = {"sizeInGiB": settings.ecs_ephemeral_gib}
    length = len(json.dumps(overrides))
    if length > MAX_OVERRIDE_CHARACTERS:
        raise FleetMisconfigured(Code.VARIABLES_TOO_LONG, length=length, limit=MAX_OVERRIDE_CHARACTERS)
    network: dict[str, Any] = {
        "subnets": [placement.subnet],
        "assignPublicIp": "ENABLED" if settings.ecs_assign_public_ip else "DISABLED",
    }
    if groups := settings.security_groups_in(placement.region):
        network["securityGroups"] = groups
    tags = {**settings.ecs_tags, NAMESPACE_TAG: settings.namespace, CONTAINER_TAG: request.container_id}
    return {
        "cluster": settings.ecs_cluster,
        "taskDefinition": task_definition(settings, request.size),
        "capacityProviderStrategy": [{"capacityProvider": placement.provider, "weight": 1}],
        "count": 1,
        "networkConfiguration": {"awsvpcConfiguration": network},
        "overrides": overrides,
        "startedBy": started_by(settings.namespace),
        "tags": [{"key": key, "value": value} for key, value in sorted(tags.items())],
        "propagateTags": "TASK_DEFINITION",
        "enableECSManagedTags": True,
        "clientToken": client_token(request.container_id, placements(settings).index(placement)),
    }


def client_token(container_id: str, placement_number: int) -> str:
    """Return the idempotency token of one container at one placement.

    Raises:
        FleetMisconfigured: the token is longer than ECS allows.
    """
    token = f"{container_id}.{placement_number}"
    if len(token) > MAX_TOKEN_CHARACTERS:
        raise FleetMisconfigured(Code.CONTAINER_ID_TOO_LONG, container_id=container_id)
    return token


def container_from(task: Mapping[str, Any]) -> FleetContainer:
    """Translate a described task; one that failed to start has no containers inside, and no exit code."""
    inner: list[Mapping[str, Any]] = task.get("containers") or []
    codes = [container["exitCode"] for container in inner if "exitCode" in container]
    return FleetContainer(
        handle=task["taskArn"],
        container_id=container_id_of(task),
        is_running=task.get("lastStatus") not in _ENDED,
        started_ms=_unix_ms(task.get("startedAt") or task.get("createdAt")),
        stopped_reason=Reason(QueueCode.OTHER, {"text": said}) if (said := ": ".join(_reasons(task, inner))) else None,
        exit_code=codes[0] if codes else None,
        is_interrupted=task.get("stopCode") == INTERRUPTED,
    )


def is_ours(task: Mapping[str, Any], mark: str) -> bool:
    """Return True if a described task has our mark; lists of stopped tasks contain those of other programs too."""
    return bool(task.get("startedBy") == mark)


def container_id_of(task: Mapping[str, Any]) -> ContainerId:
    """Return our id from the tag, or from the variable where there are no tags; "" if it has neither."""
    for tag in task.get("tags") or []:
        if tag.get("key") == CONTAINER_TAG:
            return ContainerId(tag["value"])
    for override in (task.get("overrides") or {}).get("containerOverrides") or []:
        for variable in override.get("environment") or []:
            if variable.get("name") == CONTAINER_VARIABLE:
                return ContainerId(variable["value"])
    return ContainerId("")


def subnet_of(task: Mapping[str, Any]) -> str:
    """Return the subnet of a task's network interface; "" before it has one."""
    for attachment in task.get("attachments") or []:
        for detail in attachment.get("details") or []:
            if detail.get("name") == "subnetId":
                return str(detail.get("value", ""))
    return ""


def region_of(arn: str) -> str:
    """Return the region in arn:partition:service:region:account:resource; "" if the text is not an ARN."""
    parts = arn.split(":")
    return parts[3] if len(parts) > 5 else ""


def _reasons(task: Mapping[str, Any], inner: list[Mapping[str, Any]]) -> Iterator[str]:
    if task.get("lastStatus") in _ENDED or task.get("stopCode"):
        yield from (str(task[name]) for name in ("stopCode", "stoppedReason") if task.get(name))
        yield from (str(container["reason"]) for container in inner if container.get("reason"))


def _unix_ms(moment: datetime | None) -> int:
    return round(moment.timestamp() * 1000) if moment else 0
