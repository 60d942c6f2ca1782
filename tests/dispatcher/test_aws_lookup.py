"""Credentials of this machine, looked for beside the ticks, and told to producers with the plan."""

from pathlib import Path

import pytest

from dispatcher.app import make_dispatcher
from dispatcher.aws_lookup import AwsLookup
from scenequeue.queue import SceneQueue
from scenequeue.settings import DispatcherSettings
from tests.support.waiting import wait_until


@pytest.fixture(autouse=True)
def no_credentials(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Neither variables nor files nor a metadata service."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE", "AWS_ROLE_ARN"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))


def _found() -> bool | None:
    lookup = AwsLookup()
    lookup.start()
    try:
        wait_until(lambda: lookup.has_credentials is not None, "the first look has ended")
    finally:
        lookup.stop()
    return lookup.has_credentials


def test_a_machine_without_credentials_is_known_as_one() -> None:
    """Of nothing but what boto3 itself would find."""
    assert _found() is False


def test_credentials_are_found_wherever_boto3_finds_them(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Keys in a file; a role to be assumed, which is not assumed for that."""
    (tmp_path / "credentials").write_text("[default]\naws_access_key_id = a\naws_secret_access_key = b\n")
    assert _found() is True
    (tmp_path / "credentials").unlink()
    monkeypatch.setenv("AWS_ROLE_ARN", "arn:aws:iam::123456789012:role/x")
    assert _found() is True


def test_a_lookup_that_fails_is_made_again(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Whatever it fails with: here a program that prints no credentials."""
    monkeypatch.setattr("dispatcher.aws_lookup._RETRY_S", 0.05)
    (tmp_path / "config").write_text("[default]\ncredential_process = /bin/echo not-json\n")
    lookup = AwsLookup()
    lookup.start()
    try:
        (tmp_path / "credentials").write_text("[default]\naws_access_key_id = a\naws_secret_access_key = b\n")
        wait_until(lambda: lookup.has_credentials, "what was set up later is found")
    finally:
        lookup.stop()


def test_a_dispatcher_of_processes_tells_producers(queue: SceneQueue, redis_url: str, namespace: str, tmp_path: Path) -> None:
    """With its plan, from the first look on."""
    settings = DispatcherSettings.load(redis_url=redis_url, namespace=namespace, state_dir=tmp_path / "state")
    lookup = AwsLookup()
    lookup.start()
    dispatcher = make_dispatcher(settings, queue, lookup)

    def is_told() -> bool:
        dispatcher.tick()
        return (queue.inspect.plan() or {})["aws_credentials"] is False

    try:
        wait_until(is_told, "the plan says that there are none")
    finally:
        dispatcher.close()
