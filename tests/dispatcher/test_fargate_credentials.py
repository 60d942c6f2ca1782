"""Whose credentials FargateFleet signs with, and what happens when there are none."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from botocore.credentials import RefreshableCredentials

from dispatcher.fleets.fargate_api import session_from_surroundings
from tests.dispatcher.conftest import MakeFleet
from tests.dispatcher.fleet_conformance import launches
from tests.fargate_simulator import Simulator


def test_without_credentials_the_reason_is_named(make_fleet: MakeFleet, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """And it is not transient."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    (result,) = make_fleet().launch(launches(1))
    assert "credentials" in result.error
    assert not result.transient


def test_a_role_is_assumed_and_its_credentials_are_renewed(
    ecs: Simulator, s3_server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """AWS_ROLE_ARN alone; with a web identity token the variable is boto3's own business."""
    monkeypatch.setenv("AWS_ENDPOINT_URL_STS", s3_server)
    role = {"AWS_ROLE_ARN": "arn:aws:iam::123456789012:role/dispatcher", "AWS_REGION": "us-east-1"}
    credentials = session_from_surroundings(role)._session.get_credentials()
    assert isinstance(credentials, RefreshableCredentials)
    first = credentials.get_frozen_credentials()
    assert first.token
    assert credentials.get_frozen_credentials() == first
    # In ten minutes they will be refused; whoever signs then has others.
    credentials._expiry_time = datetime.now(UTC) + timedelta(minutes=9)
    renewed = credentials.get_frozen_credentials()
    assert renewed.token
    assert renewed.access_key != first.access_key
    assert not credentials.refresh_needed()
    own = session_from_surroundings({**role, "AWS_WEB_IDENTITY_TOKEN_FILE": "/token"})._session.get_credentials()
    assert own.access_key == "testing"
