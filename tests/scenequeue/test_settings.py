"""Settings from environment variables: reading them, and the messages about wrong ones."""

from pathlib import Path

import pytest

from dispatcher.fleets.settings import FargateSettings
from scenequeue.errors import SettingsError
from scenequeue.settings import ApiSettings, DispatcherSettings, SceneburstSettings, WorkerSettings


def test_a_variable_is_read_in_any_case_and_what_is_given_wins(monkeypatch: pytest.MonkeyPatch) -> None:
    """An unknown variable with our prefix is none of ours: another program's."""
    monkeypatch.setenv("SCENEBURST_SLOTS", "3")
    monkeypatch.setenv("sceneburst_batch", "7")
    monkeypatch.setenv("SCENEBURST_FLEET", "docker")
    monkeypatch.setenv("SCENEBURST_TICK_S", "none of a worker's")
    settings = WorkerSettings.load(fleet="given")
    assert (settings.slots, settings.batch, settings.fleet) == (3, 7, "given")


def test_lists_and_maps_are_json_and_text_is_text(monkeypatch: pytest.MonkeyPatch) -> None:
    """A password may look like JSON; a setting that is one name or a map takes either."""
    monkeypatch.setenv("SCENEBURST_FILE_ROOTS", '["/a", "/b c"]')
    monkeypatch.setenv("SCENEBURST_REDIS_PASSWORD", '["hush"]')
    monkeypatch.setenv("SCENEBURST_METRICS_EMF", "true")
    settings = DispatcherSettings.load()
    assert settings.file_roots == [Path("/a"), Path("/b c")]
    assert settings.redis_password is not None
    assert settings.redis_password.get_secret_value() == '["hush"]'
    assert settings.metrics_emf
    monkeypatch.setenv("SCENEBURST_ECS_CLUSTER", "12")
    monkeypatch.setenv("SCENEBURST_ECS_SUBNETS", '["subnet-1"]')
    for text, meant in (("family:3", "family:3"), ("3", "3"), ('{"arm64": "other"}', {"arm64": "other"})):
        monkeypatch.setenv("SCENEBURST_ECS_TASK_DEFINITION", text)
        assert FargateSettings.load().ecs_task_definition == meant
    assert FargateSettings.load().ecs_cluster == "12"


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("SLOTS", "hush", "SCENEBURST_SLOTS: must be a whole number"),
        ("SLOTS", "-1", "SCENEBURST_SLOTS: must be 0 or more"),
        ("LEASE_S", "", "SCENEBURST_LEASE_S: must be a number"),
        ("LOG_LEVEL", "hush", "SCENEBURST_LOG_LEVEL: must be 'debug', 'info', 'warning' or 'error'"),
        ("FILE_ROOTS", "/hush", "SCENEBURST_FILE_ROOTS: must be a list"),
        ("FILE_ROOTS", '["hush', "SCENEBURST_FILE_ROOTS: must be a list"),
        ("FILE_ROOTS", '{"hush": 1}', "SCENEBURST_FILE_ROOTS: must be a list"),
    ],
)
def test_a_malformed_variable_is_named_and_its_value_is_not(
    monkeypatch: pytest.MonkeyPatch, name: str, text: str, words: str
) -> None:
    """In one line."""
    monkeypatch.setenv(f"SCENEBURST_{name}", text)
    with pytest.raises(SettingsError) as caught:
        WorkerSettings.load()
    assert str(caught.value).startswith(words)
    assert caught.value.reason.parameters["setting"] == f"SCENEBURST_{name}"
    assert "hush" not in str(caught.value) + caught.value.reason.plain()
    assert "\n" not in str(caught.value)


def test_several_wrong_ones_are_all_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """All mistakes are reported at once."""
    monkeypatch.setenv("SCENEBURST_NAMESPACE", "a b")
    with pytest.raises(SettingsError, match=r"SCENEBURST_NAMESPACE: .*; SCENEBURST_EVENT_LIMIT: "):
        SceneburstSettings.load(event_limit=1)


def test_a_check_of_our_own_is_said_in_our_own_words(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without what the library puts before them."""
    monkeypatch.setenv("SCENEBURST_API_KEYS", "hush")
    with pytest.raises(SettingsError, match=r"^SCENEBURST_API_KEYS: a JSON map of names"):
        ApiSettings.load()


def test_a_list_that_is_no_json_is_answered_with_an_example(monkeypatch: pytest.MonkeyPatch) -> None:
    """One folder, written as for PATH, is what people try first."""
    monkeypatch.setenv("SCENEBURST_FILE_ROOTS", "/hush")
    with pytest.raises(SettingsError, match=r'must be a list, written as JSON; two folders are \["/srv/media", "/srv/videos"\]'):
        WorkerSettings.load()


def test_no_api_keys_may_be_said_by_empty_text(monkeypatch: pytest.MonkeyPatch) -> None:
    """As a compose file does that passes a variable on that nobody has set."""
    monkeypatch.setenv("SCENEBURST_API_KEYS", "")
    assert ApiSettings.load().api_keys == {}


def test_a_problem_of_several_settings_together_begins_with_its_own_words() -> None:
    """Without half a setting's name in front of them."""
    with pytest.raises(SettingsError, match=r"^SCENEBURST_ECS_SUBNETS must be a map by region") as caught:
        FargateSettings.load(ecs_cluster="c", ecs_task_definition="t", ecs_subnets=["subnet-1"], ecs_regions=["a", "b"])
    assert "SCENEBURST_:" not in str(caught.value)
