"""Checks the chosen fleet: the container engine or ECS has everything that a launch needs."""

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from sceneburst.local.checks.codes import Code
from sceneburst.local.checks.finding import Check, doubtful, good, wrong
from scenequeue.errors import FleetError, FleetMisconfigured
from scenequeue.reasons import Code as QueueCode, Reason

if TYPE_CHECKING:
    from dispatcher.fleets.fargate.api import EcsApi
    from dispatcher.fleets.settings import DockerSettings, FargateSettings

_REGIONS = ("SCENEBURST_ECS_REGIONS", "AWS_REGION", "AWS_DEFAULT_REGION")


def docker(settings: "DockerSettings") -> Iterator[Check]:
    """Check that the engine answers and has the image."""
    from dispatcher.fleets.docker.fleet import DockerFleet

    fleet = DockerFleet(settings)
    try:
        has_image = fleet.has_image()
    except FleetError as error:
        mend = "start the engine, or set SCENEBURST_DOCKER_SOCKET to its socket, which this user may use"
        yield wrong(error.reason, "container engine", mend)
        return
    finally:
        fleet.close()
    yield good(Code.ENGINE_ANSWERS, "container engine", socket=str(settings.docker_socket))
    if has_image:
        yield good(Code.IMAGE_FOUND, "image", image=settings.docker_image)
    else:
        mend = f"pull or build it (`make image`), or correct SCENEBURST_DOCKER_IMAGE: docker pull {settings.docker_image}"
        yield wrong(Code.IMAGE_ABSENT, "image", mend, image=settings.docker_image)


def fargate(settings: "FargateSettings", api: "EcsApi", environment: Mapping[str, str]) -> Iterator[Check]:
    """Check region, network, cluster and task definitions. Credentials are checked before."""
    if any(environment.get(name) for name in _REGIONS):
        yield good(Code.REGIONS_FOUND, "region", regions=", ".join(settings.ecs_regions))
    else:
        mend = "set AWS_REGION or SCENEBURST_ECS_REGIONS"
        yield wrong(Code.REGION_NOT_NAMED, "region", mend, region=settings.ecs_regions[0])
    for region in settings.ecs_regions:
        if settings.security_groups_in(region):
            yield good(Code.NETWORK_FOUND, "network", subnets=len(settings.subnets_in(region)), region=region)
        else:
            yield wrong(Code.SECURITY_GROUPS_ABSENT, "network", "set SCENEBURST_ECS_SECURITY_GROUPS", region=region)
        yield from _cluster(settings, api, region)
        yield from _definitions(settings, api, region)


def _cluster(settings: "FargateSettings", api: "EcsApi", region: str) -> Iterator[Check]:
    from dispatcher.fleets.fargate.api import EcsRefused
    from dispatcher.fleets.fargate.ecs_errors import is_denied
    from dispatcher.fleets.fargate.request import placements

    name = settings.ecs_cluster
    try:
        found = api.describe_cluster(region, name)
    except EcsRefused as refused:
        if is_denied(refused.problem):
            mend = "allow ecs:DescribeClusters, for this check alone"
            yield doubtful(Code.LOOK_FORBIDDEN, "cluster", mend, region=region, problem=str(refused))
        else:
            mend = "check credentials, region and SCENEBURST_ECS_CLUSTER"
            yield wrong(Code.CLUSTER_UNUSABLE, "cluster", mend, name=name, region=region, problem=str(refused))
        return
    if found is None or found.get("status") != "ACTIVE":
        mend = "make it, or correct SCENEBURST_ECS_CLUSTER and the region"
        yield wrong(Code.CLUSTER_ABSENT, "cluster", mend, name=name, region=region)
        return
    lacking = {placement.provider for placement in placements(settings)} - set(found.get("capacityProviders") or [])
    if lacking:
        providers = tuple(Reason(QueueCode.OTHER, {"text": each}) for each in sorted(lacking))
        mend = f"aws ecs put-cluster-capacity-providers --cluster {name} --capacity-providers FARGATE FARGATE_SPOT …"
        yield wrong(Code.PROVIDERS_ABSENT, "cluster", mend, name=name, region=region, providers=providers)
    else:
        yield good(Code.FOUND_IN_REGION, "cluster", name=name, region=region)


def _definitions(settings: "FargateSettings", api: "EcsApi", region: str) -> Iterator[Check]:
    from dispatcher.fleets.fargate.api import EcsRefused
    from dispatcher.fleets.fargate.ecs_errors import is_denied

    names, lacking = _names(settings)
    if lacking:
        facts = {"architecture": settings.ecs_architecture, "priorities": ", ".join(map(str, lacking))}
        mend = f'add "{settings.ecs_architecture}" to the map: launches of these sizes fail'
        yield (doubtful if names else wrong)(Reason(Code.PRIORITIES_WITHOUT_ENTRY, facts), "SCENEBURST_ECS_TASK_DEFINITION", mend)
    for name in names:
        try:
            problems = definition_problems(settings, api.describe_task_definition(region, name))
        except EcsRefused as refused:
            if is_denied(refused.problem):
                mend = "allow ecs:DescribeTaskDefinition, for this check alone"
                yield doubtful(Code.LOOK_FORBIDDEN, "task definition", mend, region=region, problem=str(refused))
            else:
                mend = "register it, or correct SCENEBURST_ECS_TASK_DEFINITION"
                yield wrong(Code.DEFINITION_ABSENT, "task definition", mend, name=name, region=region, problem=str(refused))
            continue
        for problem, mend in problems:
            yield wrong(Code.DEFINITION_UNUSABLE, "task definition", mend, name=name, region=region, problem=problem)
        if not problems:
            yield good(Code.FOUND_IN_REGION, "task definition", name=name, region=region)


def _names(settings: "FargateSettings") -> tuple[list[str], list[int]]:
    """Return the task definitions that launches use, and the priorities without one."""
    from dispatcher.fleet import SIZES
    from dispatcher.fleets.fargate.request import task_definition

    found: dict[str, None] = {}
    lacking = []
    for priority, size in SIZES.items():
        try:
            found[task_definition(settings, size)] = None
        except FleetMisconfigured:
            lacking.append(priority)
    return list(found), lacking


def definition_problems(settings: "FargateSettings", definition: Mapping[str, Any]) -> Sequence[tuple[Reason, str]]:
    """List the parts of a task definition that keep a launch from working, each with its remedy."""
    found = []
    names = [container.get("name") for container in definition.get("containerDefinitions") or []]
    if settings.ecs_container_name not in names:
        mend = f"set SCENEBURST_ECS_CONTAINER_NAME to one of them: {', '.join(map(str, names)) or 'there is none'}"
        found.append((Reason(Code.CONTAINER_NAME_ABSENT, {"name": settings.ecs_container_name}), mend))
    if definition.get("networkMode") != "awsvpc" or "FARGATE" not in (definition.get("requiresCompatibilities") or ["FARGATE"]):
        mend = "register it with networkMode awsvpc and requiresCompatibilities FARGATE"
        found.append((Reason(Code.NOT_FOR_FARGATE), mend))
    platform = (definition.get("runtimePlatform") or {}).get("cpuArchitecture") or "X86_64"
    if platform != settings.ecs_architecture.upper():
        mend = f"set SCENEBURST_ECS_ARCHITECTURE, or register one for {settings.ecs_architecture}"
        differs = Reason(Code.ARCHITECTURE_DIFFERS, {"platform": platform, "architecture": settings.ecs_architecture})
        found.append((differs, mend))
    return found
