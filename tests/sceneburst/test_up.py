"""`sceneburst up` as other programs of the machine find it."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import psutil
import pytest
import redis

from sceneburst.local.embedded_redis import EmbeddedRedis, free_port
from scenequeue.errors import SettingsError
from scenequeue.queue import SceneQueue
from scenequeue.settings import ProducerSettings
from tests.sceneburst.conftest import Console
from tests.scenequeue.jobs import submit
from tests.support.up import running_up
from tests.support.waiting import wait_until


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """The variables that one `up` prints for export."""
    with running_up(tmp_path_factory.mktemp("films")) as told:
        yield told


def test_up_listens_on_the_loopback_with_a_password(told: dict[str, str]) -> None:
    """The printed address works from any program; without its password nothing does, on the socket neither."""
    parts = urlsplit(told["SCENEBURST_REDIS_URL"])
    assert (parts.scheme, parts.hostname) == ("redis", "127.0.0.1")
    client = redis.Redis.from_url(told["SCENEBURST_REDIS_URL"], decode_responses=True)
    assert client.ping()
    socket = client.config_get("unixsocket")["unixsocket"]
    client.close()
    for stranger in (redis.Redis(port=parts.port or 0), redis.Redis(unix_socket_path=socket)):
        with pytest.raises(redis.exceptions.AuthenticationError):
            stranger.ping()
        stranger.close()


def test_no_password_stands_in_a_list_of_processes(told: dict[str, str]) -> None:
    """Command lines are for every user of the machine to read."""
    password = urlsplit(told["SCENEBURST_REDIS_URL"]).password
    assert password
    lines = [" ".join(process.info["cmdline"] or ()) for process in psutil.process_iter(["cmdline"])]
    assert any("redis-server" in line for line in lines)
    assert not [line for line in lines if password in line]


def test_a_password_of_the_surroundings_does_not_reach_the_queue_of_up(told: dict[str, str], tmp_path: Path) -> None:
    """SCENEBURST_REDIS_PASSWORD is for another Redis; `up` acts all the same."""
    with running_up(tmp_path, SCENEBURST_REDIS_PASSWORD="another") as theirs:
        assert theirs["SCENEBURST_REDIS_URL"] != told["SCENEBURST_REDIS_URL"]


def test_what_up_keeps_on_purpose_only_while_it_runs_is_no_failure_of_doctor(
    told: dict[str, str], console: Console, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is a remark, with the option that keeps the queue."""
    monkeypatch.setattr("sceneburst.local.checks.machine.isolation", lambda: iter(()))
    for name, value in told.items():
        monkeypatch.setenv(name, value)
    ended = console("doctor", "--json")
    (found,) = [check for check in json.loads(ended.out) if check["what"] == "redis persistence"]
    assert not found["is_needed"]
    assert "--data" in found["mend"]
    assert ended.code == 0, ended.out


def test_up_uses_all_cores_for_a_few_scenes_and_warns_of_nothing_that_is_meant(tmp_path: Path) -> None:
    """A container for each scene, as many as may run; none logs that its Redis keeps nothing."""
    with running_up(tmp_path) as told:
        queue = SceneQueue(ProducerSettings.load(redis_url=told["SCENEBURST_REDIS_URL"], namespace=told["SCENEBURST_NAMESPACE"]))
        submit(queue, "a", 2)
        most = min(2, os.cpu_count() or 1)
        wait_until(lambda: len(queue.inspect.containers()) == most, "a container was launched for each scene")
        wait_until(lambda: any(record.done + record.failed for record in queue.inspect.containers()), "one has told of its work")
        logs = [Path(record.log).read_text() for record in queue.inspect.containers()]
        assert any("container starts" in log for log in logs)
        assert not [log for log in logs if "redis problem" in log]
        queue.close()


def test_a_root_that_is_not_there_is_a_warning(tmp_path: Path) -> None:
    """Outputs make it; a mistyped one would else show only when scenes are refused."""
    with running_up(tmp_path, "--root", "films"):
        assert "warning: --root: there is no folder films yet" in (tmp_path / "up.log").read_text()


def test_up_says_once_why_nothing_moves(tmp_path: Path) -> None:
    """No container may be paid for; then the queue is paused, too."""
    log = tmp_path / "up.log"
    with running_up(tmp_path, SCENEBURST_BUDGET_USD_PER_HOUR="0.0001") as told:
        queue = SceneQueue(ProducerSettings.load(redis_url=told["SCENEBURST_REDIS_URL"], namespace=told["SCENEBURST_NAMESPACE"]))
        submit(queue, "a", 1)
        wait_until(lambda: "nothing moves: a container of $" in log.read_text(), "the budget is named")
        queue.operator.pause()
        wait_until(lambda: "nothing moves: the queue is paused" in log.read_text(), "the pause is named")
        queue.close()
    assert log.read_text().count("nothing moves") == 2


def test_a_port_that_is_taken_is_said_in_one_line(told: dict[str, str], tmp_path: Path) -> None:
    """With its number; nothing is left running."""
    port = str(urlsplit(told["SCENEBURST_REDIS_URL"]).port)
    argv = [sys.executable, "-m", "sceneburst", "up", "--root", str(tmp_path), "--redis-port", port]
    ended = subprocess.run(argv, capture_output=True, text=True, timeout=60, check=False)
    assert ended.returncode == 2
    assert f"port {port}" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_a_named_port_is_the_one(tmp_path: Path) -> None:
    """And the address of the socket holds the password too."""
    port = free_port(0)
    with EmbeddedRedis(tmp_path, password="word", port=port) as server:
        assert server.tcp_url == f"redis://:word@127.0.0.1:{port}/0"
        for url in (server.tcp_url, server.url):
            client = redis.Redis.from_url(url)
            assert client.ping()
            client.close()
        with pytest.raises(SettingsError, match=f"port {port}"):
            free_port(port)


def test_a_folder_that_cannot_keep_the_queue_is_a_wrong_option(console: Console, tmp_path: Path) -> None:
    """A file in its place, one above it, and a place where nobody can write; nothing is left running."""
    taken = tmp_path / "taken"
    taken.write_text("a file")
    for folder in (taken, taken / "in", Path("/proc/1/queue")):
        ended = console("up", "--data", str(folder))
        assert ended.code == 2
        assert str(folder) in ended.err.replace("\n", "")
        assert "Traceback" not in ended.err


def test_a_second_up_on_the_folder_of_the_first_is_refused_and_changes_nothing(console: Console, tmp_path: Path) -> None:
    """Two Redis would write to one append-only file; the first goes on, and its queue is there for the next."""
    data = tmp_path / "data"
    with running_up(tmp_path, "--data", str(data)) as told:
        queue = SceneQueue(ProducerSettings.load(redis_url=told["SCENEBURST_REDIS_URL"], namespace=told["SCENEBURST_NAMESPACE"]))
        submit(queue, "a", 1)
        ended = console("up", "--data", str(data))
        assert ended.code == 2
        assert "in use by another" in ended.err.replace("\n", " ")
        assert (data / "redis.sock").is_socket()
        beat = queue.inspect.plan()
        wait_until(lambda: queue.inspect.plan() != beat, "the first one's dispatcher goes on")
        queue.close()
    with running_up(tmp_path, "--data", str(data)) as told:
        queue = SceneQueue(ProducerSettings.load(redis_url=told["SCENEBURST_REDIS_URL"], namespace=told["SCENEBURST_NAMESPACE"]))
        assert queue.producer.status("a").job_id == "a"
        queue.close()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SCENEBURST_IDLE_TIMEOUT_S", "abc"),
        ("SCENEBURST_MAX_PARALLEL_TASKS", "xyz"),
        ("sceneburst_worker_slots", "-1"),
        ("SCENEBURST_POLICY", "nonsense"),
        ("SCENEBURST_ITEM_TIMEOUT_S", "long"),
    ],
)
def test_up_refuses_a_malformed_setting_before_anything_starts(
    console: Console, monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    """It is named as every program names it; no server was started and nothing is printed for export."""
    monkeypatch.setattr(EmbeddedRedis, "start", lambda _: pytest.fail("a server was started"))
    monkeypatch.setenv(name, value)
    ended = console("up")
    assert (ended.code, ended.out) == (2, "")
    assert ended.err.startswith(f"error: {name.upper()}: ")


def test_up_checks_what_the_dispatcher_refuses_before_anything_starts(console: Console, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every value can be read, but one that another needs is missing."""
    monkeypatch.setattr(EmbeddedRedis, "start", lambda _: pytest.fail("a server was started"))
    monkeypatch.setenv("SCENEBURST_POLICY", "budget")
    ended = console("up")
    assert (ended.code, ended.out) == (2, "")
    assert ended.err.startswith("error: SCENEBURST_BUDGET_USD_PER_HOUR: ")


def test_settings_of_the_environment_hold_for_up_and_a_warning_names_those_that_cannot(tmp_path: Path) -> None:
    """Sizes and timings hold; the namespace is `up`'s own, and the fleet is chosen by an option."""
    ours = {"SCENEBURST_LAUNCHES_PER_TICK": "7", "SCENEBURST_MAX_PARALLEL_TASKS": "3", "SCENEBURST_BUDGET_USD_PER_HOUR": "9"}
    with running_up(tmp_path, SCENEBURST_NAMESPACE="other", SCENEBURST_FLEET="fargate", **ours) as told:
        queue = SceneQueue(ProducerSettings.load(redis_url=told["SCENEBURST_REDIS_URL"], namespace=told["SCENEBURST_NAMESPACE"]))
        settings = (queue.inspect.plan() or {})["settings"]
        queue.close()
    shown = {f"SCENEBURST_{name.upper()}": f"{value:g}" for name, value in settings.items() if not isinstance(value, str)}
    assert shown.items() >= ours.items()
    log = (tmp_path / "up.log").read_text()
    assert "warning: SCENEBURST_FLEET does not hold here; --fleet does" in log
    assert "warning: SCENEBURST_NAMESPACE does not hold here" in log
