"""The settings in force of a program, with the source of each."""

import pytest
import redis

from scenequeue.ports.steering.settings_in_force import SettingInForce, settings_in_force
from scenequeue.queue import SceneQueue
from scenequeue.settings import ApiSettings, DispatcherSettings, ProducerSettings

_PASSWORD = "hunter2-hunter2"


def _by_name(*programs: DispatcherSettings | ApiSettings | ProducerSettings) -> dict[str, SettingInForce]:
    return {each.name: each for each in settings_in_force(*programs)}


def test_each_setting_names_its_source(monkeypatch: pytest.MonkeyPatch) -> None:
    """The default, a variable, or an option."""
    monkeypatch.setenv("SCENEBURST_MAX_CONTAINERS", "7")
    monkeypatch.setenv("SCENEBURST_FILE_ROOTS", '["/srv/ä"]')
    given = DispatcherSettings.load({"namespace": "--namespace"}, namespace="shop")
    found = _by_name(given)
    assert found["max_containers"] == ("max_containers", "7", "100", "SCENEBURST_MAX_CONTAINERS", False)
    assert found["namespace"] == ("namespace", "shop", "sceneburst", "--namespace", False)
    assert found["tick_s"] == ("tick_s", "2", "2", "", False)
    assert found["file_roots"].value == '["/srv/ä"]'
    assert (found["state_dir"].value, found["metrics_emf"].value) == ("", "false")
    assert found.keys() == DispatcherSettings.model_fields.keys()


def test_no_secret_is_told() -> None:
    """Neither a password nor that it differs from another; only its source."""
    address = f"redis://user:{_PASSWORD}@example.com/0"
    settings = DispatcherSettings.load(redis_url=address, redis_password=_PASSWORD, webhook_secret=_PASSWORD, broker_url=address)
    api = ApiSettings.load(api_keys={"shop": "0" * 64}, inputs=f"s3://bucket/?token={_PASSWORD}")
    found = settings_in_force(settings, api)
    assert _PASSWORD not in str(found)
    assert "0" * 64 not in str(found)
    secret = {each.name: each.source for each in found if each.is_secret}
    names = ("redis_url", "redis_password", "broker_url", "webhook_secret", "api_keys")
    assert secret == {name: f"SCENEBURST_{name.upper()}" for name in names}


def test_the_dispatchers_settings_are_published_whole(queue: SceneQueue) -> None:
    """And expire with it."""
    assert queue.inspect.settings() == []
    published = settings_in_force(DispatcherSettings.load())
    queue.dispatcher.publish_settings(published, 60)
    assert queue.inspect.settings() == published
    assert 0 < queue._connection.client.ttl(queue._connection.keys.settings) <= 60


@pytest.mark.parametrize("text", ["", "{", "[" * 5000, "7", '{"a": 1}', '[1, [], ["a"], ["a", 1, "", "", false], [null] ]'])
def test_a_foreign_value_is_no_setting(queue: SceneQueue, text: str) -> None:
    """Whoever has written it."""
    queue._connection.client.set(queue._connection.keys.settings, text)
    assert queue.inspect.settings() == []


def test_a_key_of_another_type_is_an_error_of_the_queue(queue: SceneQueue) -> None:
    """Not a crash: as for the plan."""
    queue._connection.client.lpush(queue._connection.keys.settings, "x")
    assert queue.inspect.settings() == []


def test_a_hostile_setting_is_bounded_and_a_secret_shows_no_value(queue: SceneQueue) -> None:
    """Even if another version published one."""
    client: redis.Redis = queue._connection.client
    client.set(queue._connection.keys.settings, '[["a", "%s", "", "", false], ["b", "x", "y", "z", true]]' % ("x" * 9999))
    first, second = queue.inspect.settings()
    assert len(first.value) == 500
    assert second == ("b", "", "", "z", True)
