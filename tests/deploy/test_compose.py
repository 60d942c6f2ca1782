"""The compose file: every variable is a setting of ours, and the settings load."""

import re
from pathlib import Path

import pytest
import yaml

from dispatcher.fleets.settings import DockerSettings
from scenequeue.settings import DispatcherSettings

_PATH = Path(__file__).parents[2] / "deploy" / "compose.yaml"


def test_its_dispatcher_is_configured_with_settings_that_there_are(monkeypatch: pytest.MonkeyPatch) -> None:
    """With the defaults that compose puts in."""
    services = yaml.safe_load(_PATH.read_text(encoding="utf-8"))["services"]
    environment = services["dispatcher"]["environment"]
    known = {f"SCENEBURST_{name.upper()}" for name in {*DispatcherSettings.model_fields, *DockerSettings.model_fields}}
    assert set(environment) <= known
    for name, value in environment.items():
        monkeypatch.setenv(name, re.sub(r"\$\{\w+:-([^}]*)\}", r"\1", str(value)).replace("$PWD", "/media"))
    docker, dispatcher = DockerSettings.load(), DispatcherSettings.load()
    assert dispatcher.fleet == "docker"
    assert docker.docker_volumes == ["/media:/media"]
    assert docker.docker_environment == {"SCENEBURST_REDIS_URL": dispatcher.redis_url.get_secret_value()}
    assert dispatcher.file_roots == [Path("/media")]


def test_it_asks_for_no_variable_that_shells_keep_to_themselves() -> None:
    """UID and GID are set in bash, and not exported: compose would fall back to 1000 without a word."""
    asked = set(re.findall(r"\$\{?(\w+)", _PATH.read_text(encoding="utf-8").partition("name: sceneburst")[2]))
    assert asked == {"IMAGE", "RUN_AS", "MEDIA", "PWD", "CONTAINERS"}
