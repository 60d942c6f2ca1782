"""Findings of `sceneburst doctor` for programs: codes with parameters, in every language."""

import json
from pathlib import Path

from sceneburst.local.checks.environment import values
from sceneburst.local.checks.machine import packages
from scenequeue.reasons import Reason
from tests.sceneburst.conftest import Console
from tests.sceneburst.local.findings import Patch
from tests.support.reason_shapes import check_reasons


def test_every_finding_has_its_code_and_parameters(healthy: Path, console: Console, monkeypatch: Patch) -> None:
    """Good ones too; the advice is null where nothing is to be done, and each program's packages are a subject of their own."""
    monkeypatch.setenv("SCENEBURST_SLOTS", "many")
    monkeypatch.setenv("SCENEBURST_POLICY", "budget")
    found = json.loads(console("doctor", "--json").out)
    check_reasons(found)
    by_subject = {check["what"]: check for check in found}
    assert by_subject["python"]["code"] == "python_found"
    assert by_subject["SCENEBURST_SLOTS"]["parameters"]["setting"] == "SCENEBURST_SLOTS"
    assert by_subject["SCENEBURST_BUDGET_USD_PER_HOUR"]["code"] == "budget_missing"
    assert {name for name in by_subject if "packages" in name} == {"packages of the dispatcher", "packages of the worker"}
    assert [check["what"] for check in found if check["is_good"] is not (check["mend"] is None)] == []
    assert all(check["code"] and check["said"] for check in found)


def test_a_finding_names_its_setting_in_every_language(monkeypatch: Patch) -> None:
    """It is not read from the sentence."""
    monkeypatch.setattr("scenequeue.reasons._text_of", lambda reason: f"auf Deutsch: {reason.code}")
    monkeypatch.setenv("SCENEBURST_POLICY", "budget")
    monkeypatch.setenv("SCENEBURST_API_OPEN", "true")
    monkeypatch.setenv("SCENEBURST_API_HOST", "0.0.0.0")
    monkeypatch.setenv("SCENEBURST_METRICS_ADDRESS", "9100x")
    found = {check.what: check.said for check in values("process")}
    assert found == {
        "SCENEBURST_BUDGET_USD_PER_HOUR": "auf Deutsch: budget_missing",
        "SCENEBURST_API_OPEN": "auf Deutsch: api_open_to_others",
        "SCENEBURST_METRICS_ADDRESS": "auf Deutsch: metrics_address_malformed",
    }


def test_missing_packages_are_named_with_the_command_that_installs_them(monkeypatch: Patch) -> None:
    """In every language, too."""
    missing = Reason("modules_missing", {"modules": "av, cv2", "count": 2, "extra": "worker"})
    monkeypatch.setattr("sceneburst.local.checks.machine.find_missing", lambda _: missing)
    monkeypatch.setattr("scenequeue.reasons._text_of", lambda reason: f"auf Deutsch: {reason.code}")
    (check,) = packages("worker")
    assert (check.what, check.code, check.mend) == (
        "packages of the worker",
        "modules_absent",
        "pip install 'sceneburst[worker]'",
    )
