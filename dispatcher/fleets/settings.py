"""The settings of the Fargate and Docker fleets."""

import os
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from dispatcher.codes import Code
from scenequeue.errors import InvalidValue
from scenequeue.settings import SceneburstSettings

Architecture = Literal["x86_64", "arm64"]
#: One list for all regions, or one per region.
ByRegion = list[str] | dict[str, list[str]]


class FargateSettings(SceneburstSettings):
    """Settings of containers on ECS. Credentials are no settings: they come from a role, or AWS's own variables."""

    ecs_cluster: str = Field(min_length=1, description="cluster name, the same in every region")
    ecs_task_definition: str | dict[str, str] = Field(
        min_length=1,
        description='family of the worker\'s task definition, or a JSON map by "arch/priority" or "arch", e.g. '
        '{"arm64": "worker-arm64", "arm64/4": "worker-arm64-large"}',
    )
    ecs_container_name: str = Field("worker", description="name of the worker's container in the task definition")
    ecs_architecture: Architecture = Field("x86_64", description="CPU architecture to launch: x86_64 or arm64")
    ecs_regions: list[str] = Field(
        default_factory=lambda: [os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION") or "us-east-1"],
        min_length=1,
        description="regions in order of preference; JSON list; none: AWS_REGION",
    )
    ecs_subnets: ByRegion = Field(min_length=1, description="subnets in order of preference; JSON list, or a JSON map by region")
    ecs_security_groups: ByRegion = Field(
        default_factory=list, description="security groups of the containers; JSON list, or a JSON map by region"
    )
    ecs_assign_public_ip: bool = Field(True, description="true: containers get a public address; needed without NAT gateway")
    ecs_spot: Literal["prefer", "only", "never"] = Field(
        "prefer", description="Spot capacity: first, with on-demand where there is none; nothing else; or not at all"
    )
    ecs_ephemeral_gib: Annotated[int, Field(ge=21, le=200)] | None = Field(
        None, description="ephemeral storage per container in GiB; none: the task definition's, or 20"
    )
    ecs_launches_per_s: Annotated[float, Field(gt=0)] = Field(20.0, description="sustained RunTask calls a second (AWS: 20)")
    ecs_launch_burst: Annotated[int, Field(ge=1)] = Field(100, description="RunTask calls at once after a pause (AWS: 100)")
    ecs_capacity_retry_s: Annotated[float, Field(gt=0)] = Field(
        20.0, description="seconds before a placement without capacity is tried again"
    )
    ecs_min_lifetime_s: Annotated[float, Field(ge=0)] = Field(
        50.0, description="seconds that a container stays at least, as Fargate bills a minute at least"
    )
    ecs_tags: dict[str, str] = Field(default_factory=dict, description="more tags for cost allocation; JSON map")

    @model_validator(mode="after")
    def _every_region_has_a_subnet(self) -> Self:
        for region in self.ecs_regions:
            if not self.subnets_in(region):
                raise InvalidValue(Code.SUBNETS_MISSING, setting="SCENEBURST_ECS_SUBNETS", region=region)
        if len(self.ecs_regions) > 1 and isinstance(self.ecs_subnets, list):
            raise InvalidValue(Code.SUBNETS_BY_REGION, setting="SCENEBURST_ECS_SUBNETS")
        if len(self.ecs_regions) > 1 and isinstance(self.ecs_security_groups, list) and self.ecs_security_groups:
            raise InvalidValue(Code.SECURITY_GROUPS_BY_REGION, setting="SCENEBURST_ECS_SECURITY_GROUPS")
        return self

    def subnets_in(self, region: str) -> list[str]:
        """Return the subnets of a region, in order of preference."""
        return self.ecs_subnets.get(region, []) if isinstance(self.ecs_subnets, dict) else self.ecs_subnets

    def security_groups_in(self, region: str) -> list[str]:
        """Return the security groups of a region; without any, ECS uses the VPC's default one."""
        groups = self.ecs_security_groups
        return groups.get(region, []) if isinstance(groups, dict) else groups


class DockerSettings(SceneburstSettings):
    """Settings of the Docker or Podman engine, and of the containers that it runs."""

    docker_image: str = Field(min_length=1, description="image of the worker")
    docker_socket: Path = Field(
        Path("/var/run/docker.sock"), description="the engine's socket; Podman's is /run/podman/podman.sock"
    )
    docker_user: str = Field("", description="user of the containers as uid:gid; none: the image's own")
    docker_network: str = Field("", description="network of the containers: a name, or host; none: the engine's default")
    docker_volumes: list[str] = Field(default_factory=list, description="more mounts, as host:container[:ro]; JSON list")
    docker_environment: dict[str, str] = Field(
        default_factory=dict, description="more variables for the containers, e.g. SCENEBURST_REDIS_URL as they see it; JSON map"
    )
    docker_scratch_mib: Annotated[int, Field(ge=64)] = Field(
        4096, description="size limit of a container's scratch space, which lies in memory; half of the container's at most"
    )
    docker_ulimits: list[str] = Field(
        default_factory=list, description="limits as name=soft:hard, e.g. nofile=4096:4096; JSON list"
    )
