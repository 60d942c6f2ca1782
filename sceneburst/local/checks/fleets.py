"""Checks the chosen fleet: the container engine or ECS has everything that a launch needs."""

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from sceneburst.counted import counted
from sceneburst.local.checks.finding import Check, doubtful, good, wrong
from scenequeue.errors import FleetError, FleetMisconfigured

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
        yield wrong("container engine", str(error), mend)
        return
    finally:
        fleet.close()
    yield good("container engine", f"answers at {settings.docker_socket}")
    if has_image:
        yield good("image", settings.docker_image)
    else:
        mend = f"pull or build it (`make image`), or correct SCENEBURST_DOCKER_IMAGE: docker pull {settings.docker_image}"
        yield wrong("image", f"the engine has no image {settings.docker_image!r}", mend)


def fargate(settings: "FargateSettings", api: "EcsApi", environment: Mapping[str, str]) -> Iterator[Check]:
    """Check region, network, cluster and task definitions. Credentials are checked before."""
    if any(environment.get(name) for name in _REGIONS):
        yield good("region", ", ".join(settings.ecs_regions))
    else:
        said = f"none is named, and {settings.ecs_regions[0]} is taken"
        yield wrong("region", said, "set AWS_REGION or SCENEBURST_ECS_REGIONS")
    for region in settings.ecs_regions:
        if settings.security_groups_in(region):
            yield good("network", f"{counted(len(settings.subnets_in(region)), 'subnet')} and security groups in {region}")
        else:
            said = f"no security group is named in {region}: containers get the VPC's default one, which Redis may not let in"
            yield wrong("network", said, "set SCENEBURST_ECS_SECURITY_GROUPS")
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
            yield doubtful("cluster", f"may not be looked at in {region}: {refused}", mend)
        else:
            yield wrong("cluster", f"{name} in {region}: {refused}", "check credentials, region and SCENEBURST_ECS_CLUSTER")
        return
    if found is None or found.get("status") != "ACTIVE":
        mend = "make it, or correct SCENEBURST_ECS_CLUSTER and the region"
        yield wrong("cluster", f"there is no active cluster {name!r} in {region}", mend)
        return
    lacking = {placement.provider for placement in placements(settings)} - set(found.get("capacityProviders") or [])
    if lacking:
        said = f"{name} in {region} lacks the capacity provider {' and '.join(sorted(lacking))}"
        mend = f"aws ecs put-cluster-capacity-providers --cluster {name} --capacity-providers FARGATE FARGATE_SPOT …"
        yield wrong("cluster", said, mend)
    else:
        yield good("cluster", f"{name} in {region}")


def _definitions(settings: "FargateSettings", api: "EcsApi", region: str) -> Iterator[Check]:
    from dispatcher.fleets.fargate.api import EcsRefused
    from dispatcher.fleets.fargate.ecs_errors import is_denied

    names, lacking = _names(settings)
    if lacking:
        said = f"no entry is for {settings.ecs_architecture} and priority {', '.join(map(str, lacking))}"
        mend = f'add "{settings.ecs_architecture}" to the map: launches of these sizes fail'
        yield (doubtful if names else wrong)("SCENEBURST_ECS_TASK_DEFINITION", said, mend)
    for name in names:
        try:
            problems = definition_problems(settings, api.describe_task_definition(region, name))
        except EcsRefused as refused:
            if is_denied(refused.problem):
                mend = "allow ecs:DescribeTaskDefinition, for this check alone"
                yield doubtful("task definition", f"may not be looked at in {region}: {refused}", mend)
            else:
                mend = "register it, or correct SCENEBURST_ECS_TASK_DEFINITION"
                yield wrong("task definition", f"there is no {name!r} in {region}: {refused}", mend)
            continue
        for said, mend in problems:
            yield wrong("task definition", f"{name} in {region} {said}", mend)
        if not problems:
            yield good("task definition", f"{name} in {region}")


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


def definition_problems(settings: "FargateSettings", definition: Mapping[str, Any]) -> Sequence[tuple[str, str]]:
    """List the parts of a task definition that keep a launch from working, each with its remedy."""
    found = []
    names = [container.get("name") for container in definition.get("containerDefinitions") or []]
    if settings.ecs_container_name not in names:
        mend = f"set SCENEBURST_ECS_CONTAINER_NAME to one of them: {', '.join(map(str, names)) or 'there is none'}"
        found.append((f"has no container {settings.ecs_container_name!r}", mend))
    if definition.get("networkMode") != "awsvpc" or "FARGATE" not in (definition.get("requiresCompatibilities") or ["FARGATE"]):
        found.append(("cannot run on Fargate", "register it with networkMode awsvpc and requiresCompatibilities FARGATE"))
    platform = (definition.get("runtimePlatform") or {}).get("cpuArchitecture") or "X86_64"
    if platform != settings.ecs_architecture.upper():
        mend = f"set SCENEBURST_ECS_ARCHITECTURE, or register one for {settings.ecs_architecture}"
        found.append((f"is for {platform}, and containers are launched for {settings.ecs_architecture}", mend))
    return found
