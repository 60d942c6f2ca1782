"""Limits: the value in force, where it came from, and what may be undone."""

from sceneburst.page.views.steering.limit_rows import LimitRow, limit_rows
from scenequeue.ports.steering.audit_log import Act
from scenequeue.ports.steering.limits import LIMITS, Limit
from scenequeue.ports.steering.settings_in_force import SettingInForce

_SETTINGS = [SettingInForce("max_containers", "50", "100", "SCENEBURST_MAX_CONTAINERS", is_secret=False)]
_PLAN = {"settings": {"max_containers": 50, "budget_usd_per_hour": None, "policy": "batch", "deadline_s": 600.0}}


def _act(detail: str, act: str = "limit", name: str = "max_containers") -> Act:
    return Act(1, "ann", act, f"limit={name}", 0, detail, entry=f"1-{len(detail)}")


def _row(name: str, *limits: Limit, acts: tuple[Act, ...] = ()) -> LimitRow:
    return next(row for row in limit_rows(limits, _PLAN, _SETTINGS, acts) if row.name == name)


def test_a_limit_that_nobody_has_changed_is_the_dispatchers_setting() -> None:
    """With the variable that gave it, or as the default; without a dispatcher it is unknown."""
    assert _row("max_containers")[2:5] == ("50", "50", "SCENEBURST_MAX_CONTAINERS")
    assert _row("deadline_s")[2:5] == ("600", "600", "")
    assert _row("budget_usd_per_hour").value == ""
    assert {row.value for row in limit_rows((), None, (), ())} == {None}
    assert [row.name for row in limit_rows((), {"settings": 7}, (), ())] == [*LIMITS]


def test_a_changed_limit_names_who_and_carries_what_was_shown() -> None:
    """A form that is sent later is refused if this value has changed."""
    changed = Limit("max_containers", 12.0, "ann", 1, "too dear")
    row = _row("max_containers", changed)
    assert (row.value, row.setting, row.changed, row.shown) == ("12", "50", changed, "12")
    assert _row("max_containers").shown == "environment"
    assert _row("policy", Limit("policy", "deadline", "ann", 1)).shown == "deadline"


def test_only_the_last_change_that_still_holds_can_be_undone() -> None:
    """One that a program has overwritten cannot; nor can the act of another limit."""
    changed = Limit("max_containers", 12.0, "ann", 1)
    acts = (_act("50 -> 100", name="min_containers"), _act("20 -> 12"), _act("environment -> 20"))
    row = _row("max_containers", changed, acts=acts)
    assert (row.undo, row.before) == (acts[1].entry, "20")
    assert _row("max_containers", changed, acts=(_act("20 -> 9"),)).undo == ""
    assert _row("max_containers", acts=(_act("20 -> environment"),)).before == "20"
    assert _row("max_containers", acts=(_act("x"),)).undo == ""
