"""The containers that DockerFleet makes: limits as on Fargate, no privileges, only the scratch space writable."""

from typing import Any

import pytest

from dispatcher.fleet import SIZES, ContainerSize, LaunchRequest
from dispatcher.fleets.docker.fleet import container_body
from dispatcher.fleets.settings import DockerSettings
from scenequeue.errors import SettingsError
from scenequeue.jobs.ids import ContainerId

_MIB = 1024 * 1024


def _body(size: ContainerSize = SIZES[1], **settings: Any) -> dict[str, Any]:
    request = LaunchRequest(ContainerId("a"), size, batch=1, environment={"SCENEBURST_BATCH": "1"})
    return container_body(request, DockerSettings.load(namespace="films", docker_image="films:1", **settings))


@pytest.mark.parametrize("number", SIZES)
def test_a_container_gets_what_its_size_says_and_no_more(number: int) -> None:
    """Cores, memory without swap, processes; the scratch space leaves half of the memory it lies in."""
    size = SIZES[number]
    host = _body(size)["HostConfig"]
    assert host["NanoCpus"] == size.vcpu * 1_000_000_000
    assert host["Memory"] == host["MemorySwap"] == size.memory_mib * _MIB
    assert host["PidsLimit"] == 4096
    scratch_mib = int(host["Tmpfs"]["/scratch"].rpartition("size=")[2].removesuffix("m"))
    assert scratch_mib == min(4096, size.memory_mib // 2)


def test_a_smaller_scratch_space_than_that_is_as_it_is_set() -> None:
    """The setting is the most there is."""
    assert _body(docker_scratch_mib=100)["HostConfig"]["Tmpfs"]["/scratch"].endswith("size=100m")


def test_a_container_has_no_privileges_and_a_root_that_nobody_writes() -> None:
    """Whatever the worker is made to open."""
    host = _body()["HostConfig"]
    assert host["ReadonlyRootfs"] is True
    assert host["CapDrop"] == ["ALL"]
    assert host["SecurityOpt"] == ["no-new-privileges"]
    assert host["RestartPolicy"] == {"Name": "no"}
    assert set(host["Tmpfs"]) == {"/scratch"}
    assert {"nosuid", "nodev"} <= set(host["Tmpfs"]["/scratch"].split(","))
    assert not {"Privileged", "CapAdd", "Devices", "Binds", "PidMode", "IpcMode"} & set(host)


def test_network_volumes_user_and_limits_are_those_of_the_settings() -> None:
    """None of them is there unless it is asked for."""
    body = _body(
        docker_network="films_default", docker_volumes=["/media:/media:ro"], docker_user="1000:1000",
        docker_ulimits=["nofile=4096:8192", "nproc=64"], docker_environment={"SCENEBURST_REDIS_URL": "redis://queue:6379"},
    )  # fmt: skip
    assert body["User"] == "1000:1000"
    assert body["HostConfig"]["NetworkMode"] == "films_default"
    assert body["HostConfig"]["Binds"] == ["/media:/media:ro"]
    assert body["HostConfig"]["Ulimits"] == [
        {"Name": "nofile", "Soft": 4096, "Hard": 8192}, {"Name": "nproc", "Soft": 64, "Hard": 64},
    ]  # fmt: skip
    assert body["Env"] == ["SCENEBURST_BATCH=1", "SCENEBURST_REDIS_URL=redis://queue:6379", "SCENEBURST_SCRATCH_DIR=/scratch"]
    assert not {"NetworkMode", "Binds", "Ulimits"} & set(_body()["HostConfig"])


@pytest.mark.parametrize("limit", ["nofile", "nofile=many", "nofile=1:x"])
def test_a_malformed_limit_is_named(limit: str) -> None:
    """By its variable and its form."""
    with pytest.raises(SettingsError, match=r"SCENEBURST_DOCKER_ULIMITS: .* is not name=soft:hard"):
        _body(docker_ulimits=[limit])
