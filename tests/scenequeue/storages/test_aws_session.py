"""The credentials that programs sign with."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from botocore.credentials import RefreshableCredentials

from sceneburst.local.doctor import examine
from scenequeue.errors import SettingsError, StorageUnavailable
from scenequeue.storages.aws_session import aws_session
from scenequeue.storages.s3 import S3Storage
from tests.conftest import S3
from tests.support.sts import ROLE, refuse_role, watch_sts


@pytest.fixture(autouse=True)
def no_role(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of the machine that the tests run on."""
    for name in ("AWS_ROLE_ARN", "AWS_EXTERNAL_ID", "AWS_ROLE_SESSION_NAME", "AWS_WEB_IDENTITY_TOKEN_FILE"):
        monkeypatch.delenv(name, raising=False)


def _put(s3: S3, tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.write_text("x")
    S3Storage().put(source, f"{s3.uri}/x", metadata={}, content_type="text/plain")


def test_the_role_is_assumed_for_storage_with_its_external_id(s3: S3, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Producers and workers sign as the role, too; not only the dispatcher."""
    asked = watch_sts(monkeypatch)
    monkeypatch.setenv("AWS_EXTERNAL_ID", "tenant-7")
    monkeypatch.setenv("AWS_ROLE_SESSION_NAME", "nightly")
    _put(s3, tmp_path)
    assert asked == [asked[0]]
    assert {name: asked[0][name] for name in ("RoleArn", "ExternalId", "RoleSessionName")} == {
        "RoleArn": ROLE,
        "ExternalId": "tenant-7",
        "RoleSessionName": "nightly",
    }


def test_a_role_has_a_session_name_and_no_external_id_where_none_is_set(s3: S3, monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty external id would be refused."""
    asked = watch_sts(monkeypatch)
    monkeypatch.setenv("AWS_EXTERNAL_ID", "")
    aws_session().get_credentials().get_frozen_credentials()
    assert asked == [{"RoleArn": ROLE, "RoleSessionName": "sceneburst"}]


@pytest.mark.parametrize(
    ("code", "kind"),
    [("AccessDenied", SettingsError), ("InvalidClientTokenId", SettingsError), ("Throttling", StorageUnavailable)],
)
def test_a_refused_role_is_never_the_fault_of_an_item(
    code: str, kind: type[Exception], s3: S3, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As a refusal of the object it would bury one item after the other."""
    refuse_role(monkeypatch, code)
    with pytest.raises(kind, match=code):
        _put(s3, tmp_path)


def test_doctor_says_that_the_role_is_refused(s3: S3, monkeypatch: pytest.MonkeyPatch) -> None:
    """By its name."""
    refuse_role(monkeypatch)
    (found,) = [check for check in examine([s3.uri]) if check.what == "AWS credentials"]
    assert not found.is_good
    assert ROLE in found.said


def test_credentials_of_a_role_are_renewed(s3: S3, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ten minutes before they run out; until then they are kept."""
    monkeypatch.setenv("AWS_ROLE_ARN", ROLE)
    credentials: Any = aws_session().get_credentials()
    assert isinstance(credentials, RefreshableCredentials)
    first = credentials.get_frozen_credentials()
    assert first.token
    assert credentials.get_frozen_credentials() == first
    credentials._expiry_time = datetime.now(UTC) + timedelta(minutes=9)
    renewed = credentials.get_frozen_credentials()
    assert renewed.token
    assert renewed.access_key != first.access_key
    assert not credentials.refresh_needed()


def test_with_a_web_identity_the_role_is_left_to_boto3(s3: S3) -> None:
    """It reads the same variable."""
    own = aws_session({"AWS_ROLE_ARN": ROLE, "AWS_WEB_IDENTITY_TOKEN_FILE": "/token"}).get_credentials()
    assert own is not None
    assert own.access_key == "testing"
