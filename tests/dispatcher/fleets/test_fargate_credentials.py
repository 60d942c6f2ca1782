"""The credentials that FargateFleet signs with, and the error when there are none."""

from pathlib import Path

import pytest

from tests.dispatcher.conftest import MakeFleet
from tests.dispatcher.fleets.fleet_conformance import launches
from tests.support.sts import refuse_role


def test_without_credentials_the_reason_is_named(make_fleet: MakeFleet, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """And it is not transient."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    (result,) = make_fleet().launch(launches(1))
    assert "credentials" in result.error.text
    assert not result.transient


def test_a_role_that_may_not_be_assumed_is_no_passing_trouble(make_fleet: MakeFleet, monkeypatch: pytest.MonkeyPatch) -> None:
    """STS refuses: the launch says so, and names the role."""
    refuse_role(monkeypatch)
    (result,) = make_fleet().launch(launches(1))
    assert "role/render" in result.error.text
    assert not result.transient
