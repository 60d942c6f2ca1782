"""Fixtures that the dispatcher's tests share: the simulated ECS and fleets on it, and the worker's own."""

import socket
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config

from dispatcher import tick as tick_module
from dispatcher.fleets.fargate.api import EcsApi
from dispatcher.fleets.fargate.fleet import FargateFleet
from dispatcher.fleets.process import ProcessFleet
from dispatcher.fleets.settings import FargateSettings
from scenequeue.reasons import Reason
from scenequeue.settings import DispatcherSettings
from tests.container_worker.conftest import submit_items
from tests.support.fargate_simulator import Simulator

__all__ = ["submit_items"]

MakeFleet = Callable[..., FargateFleet]


@pytest.fixture(autouse=True)
def long_locks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Locks of dispatchers in this process last so long that no load ends one."""
    monkeypatch.setattr(tick_module, "MIN_LOCK_S", 600.0)


@pytest.fixture
def credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    """As on a developer's machine, of no worth."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    monkeypatch.delenv("AWS_ROLE_ARN", raising=False)


@pytest.fixture
def ecs(credentials: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Simulator]:
    """Two regions, and tasks without a program."""
    with Simulator(tmp_path) as simulator:
        monkeypatch.setenv("AWS_ENDPOINT_URL_ECS", simulator.url)
        yield simulator


@pytest.fixture
def make_fleet(ecs: Simulator) -> MakeFleet:
    """Makes fleets on the simulator that wait shortly between tries."""

    def make(clock: Callable[[], float] = time.monotonic, **values: Any) -> FargateFleet:
        defaults: dict[str, Any] = {
            "ecs_cluster": "videos",
            "ecs_task_definition": "worker",
            "ecs_regions": ["us-east-1", "us-west-2"],
            "ecs_subnets": {"us-east-1": ["subnet-a", "subnet-b"], "us-west-2": ["subnet-c"]},
        }
        settings = FargateSettings.load(**{**defaults, **values})
        api = EcsApi(settings.ecs_launches_per_s, settings.ecs_launch_burst, chance=lambda low, _high: low / 20)
        return FargateFleet(settings, api, clock)

    return make


@pytest.fixture
def hanging() -> Iterator[str]:
    """The address of somebody who takes calls and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"


def put_out_of_reach(fleet: FargateFleet, region: str, url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The region's calls go to another address, with time-outs of tenths of a second."""
    working = fleet._api._client
    config = working(region, is_read=True).meta.config.merge(Config(connect_timeout=0.3, read_timeout=0.3))
    other = boto3.session.Session().client("ecs", region_name=region, endpoint_url=url, config=config)
    monkeypatch.setattr(
        fleet._api, "_client", lambda asked, *, is_read: other if asked == region else working(asked, is_read=is_read)
    )


@pytest.fixture
def settings(redis_url: str, namespace: str, tmp_path: Path) -> DispatcherSettings:
    """Batches of three, at most four containers, fast to idle."""
    return DispatcherSettings.load(
        redis_url=redis_url, namespace=namespace, scenes_per_batch=3, min_scenes_per_batch=1, max_parallel_tasks=4,
        idle_timeout_s=1, lease_s=30, worker_slots=1, state_dir=tmp_path / "fleet", file_roots=[tmp_path],
    )  # fmt: skip


@pytest.fixture
def fleet(redis_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ProcessFleet]:
    """Real worker programs with the tests' kinds; none outlives the test."""
    monkeypatch.setenv("SCENEBURST_REDIS_URL", redis_url)
    fleet = ProcessFleet(tmp_path / "fleet", [sys.executable, "-m", "tests.container_worker.worker_program"])
    yield fleet
    fleet.stop_all(Reason("the test is over"), grace_s=3)
