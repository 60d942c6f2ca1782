"""`sceneburst up --fleet docker`: what its arguments become, without an engine."""

import json
import os
from pathlib import Path
from typing import Any, Self

import pytest
import typer
from typer.testing import CliRunner, Result

import sceneburst.local.cluster
from sceneburst.commands.up import up
from sceneburst.local.cluster import LocalCluster
from scenequeue.errors import FleetError, SettingsError


class Cluster:
    """Notes what it is asked for, and ends the run at the first look."""

    asked: dict[str, Any]
    url, namespace = "redis://127.0.0.1:1", "up-test"
    overruled: tuple[tuple[str, str], ...] = ()

    def __init__(self, roots: list[Path], **more: Any) -> None:
        type(self).asked = {"roots": roots, **more}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Nothing was started."""

    def check(self) -> None:
        raise typer.Exit(0)


@pytest.fixture
def cluster(monkeypatch: pytest.MonkeyPatch) -> type[Cluster]:
    """In place of the real one."""
    monkeypatch.setattr(sceneburst.local.cluster, "LocalCluster", Cluster)
    Cluster.asked = {}
    return Cluster


def _up(*arguments: str) -> Result:
    app = typer.Typer()
    app.command()(up)
    return CliRunner().invoke(app, list(arguments))


def test_its_containers_run_the_image_that_is_named(cluster: type[Cluster], tmp_path: Path) -> None:
    """As many, and with as many slots, as are asked for; on the folders that are named."""
    ended = _up(
        "--fleet", "docker", "--image", "films:2", "--containers", "3", "--slots", "2", "--root", str(tmp_path),
        "--data", str(tmp_path / "kept"),
    )  # fmt: skip
    assert ended.exit_code == 0, ended.output
    assert cluster.asked == {
        "roots": [tmp_path], "containers": 3, "slots": 2, "image": "films:2", "folder": tmp_path / "kept",
        "redis_port": 0, "environment": {"SCENEBURST_SCENES_PER_BATCH": "2"},
    }  # fmt: skip


def test_without_a_name_it_is_the_image_that_make_makes(cluster: type[Cluster]) -> None:
    """Make image calls it so; processes have none."""
    assert _up("--fleet", "docker").exit_code == 0
    assert cluster.asked["image"] == "sceneburst"
    assert _up().exit_code == 0
    assert cluster.asked["image"] is None


def test_an_image_for_processes_is_a_mistake_that_is_named(cluster: type[Cluster]) -> None:
    """Instead of rendering with what is installed here."""
    ended = _up("--image", "films:2")
    assert ended.exit_code == 2
    assert "--fleet docker" in ended.output
    assert cluster.asked == {}


@pytest.mark.parametrize("arguments", [("--fleet", "podman"), ("--containers", "0"), ("--slots", "65")])
def test_what_cannot_be_is_refused_before_anything_starts(cluster: type[Cluster], arguments: tuple[str, str]) -> None:
    """With the code for a wrong option."""
    assert _up(*arguments).exit_code == 2
    assert cluster.asked == {}


def test_without_an_engine_nothing_is_started(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Instead of looking healthy until a job comes: the usual message, with the socket and its setting."""
    monkeypatch.setenv("SCENEBURST_DOCKER_SOCKET", str(tmp_path / "none.sock"))
    ended = _up("--fleet", "docker", "--root", str(tmp_path), "--data", str(tmp_path / "kept"))
    assert isinstance(ended.exception, FleetError)
    said = str(ended.exception)
    assert said.startswith(f"no container engine answers at {tmp_path}/none.sock (SCENEBURST_DOCKER_SOCKET): ")
    assert ended.stdout == ""
    assert not (tmp_path / "kept" / "dispatcher.log").exists()
    assert not (tmp_path / "kept" / "redis.log").exists()


@pytest.mark.parametrize("has_image", [True, False])
def test_an_image_that_the_engine_lacks_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, *, has_image: bool) -> None:
    """With what to do, before Redis is started."""
    started: list[str] = []

    def start(_: object) -> None:
        started.append("redis")
        raise typer.Exit(0)

    monkeypatch.setattr("dispatcher.fleets.docker.fleet.DockerFleet.has_image", lambda _: has_image)
    monkeypatch.setattr("dispatcher.fleets.docker.fleet.DockerFleet.stop_all", lambda *_, **__: None)
    monkeypatch.setattr("sceneburst.local.embedded_redis.EmbeddedRedis.start", start)
    ended = _up("--fleet", "docker", "--image", "films:2", "--root", str(tmp_path))
    assert started == (["redis"] if has_image else [])
    if not has_image:
        assert isinstance(ended.exception, SettingsError)
        assert "has no image 'films:2'; build it (`make image`), or name another: --image" in str(ended.exception)


def test_its_containers_see_the_same_files_and_the_same_queue(tmp_path: Path) -> None:
    """By the same paths, as the calling user: what they write is the caller's."""
    made = LocalCluster([tmp_path], containers=1, slots=1, image="films:2")
    environment = made._environment
    try:
        assert environment["SCENEBURST_FLEET"] == "docker"
        assert environment["SCENEBURST_DOCKER_IMAGE"] == "films:2"
        assert environment["SCENEBURST_DOCKER_USER"] == f"{os.getuid()}:{os.getgid()}"
        volumes = json.loads(environment["SCENEBURST_DOCKER_VOLUMES"])
        assert f"{tmp_path}:{tmp_path}" in volumes
        socket = made._redis.socket.parent
        assert f"{socket}:{socket}" in volumes
        assert json.loads(environment["SCENEBURST_DOCKER_ENVIRONMENT"]) == {"SCENEBURST_REDIS_URL": made.url}
    finally:
        made._folder.rmdir()
