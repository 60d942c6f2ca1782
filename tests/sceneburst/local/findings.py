"""Findings of `sceneburst doctor`."""

import pytest

from sceneburst.local.checks.finding import Check

Patch = pytest.MonkeyPatch


def bad(checks: list[Check]) -> list[Check]:
    return [check for check in checks if not check.is_good]


def assert_found(checks: list[Check], what: str, said: str, mend: str, *, is_needed: bool = True) -> None:
    found = [check for check in bad(checks) if check.what.startswith(what) and said in check.said]
    assert found, [tuple(check) for check in bad(checks)]
    assert mend in (found[0].mend or "")
    assert found[0].is_needed is is_needed
