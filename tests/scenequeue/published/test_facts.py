"""Facts that are published beside the plan, as anybody may have written them."""

import json

from scenequeue.published.facts import Facts, facts_of
from scenequeue.published.plan import plan_from

_NUMBERS = ("silent_after_s", "budget_usd_per_hour", "max_containers", "start_up_s", "done_at_ms")
_JUNK = (5, -1, 1e308, 10**400, True, None, "x", [], [5], [[]], {}, [{"name": 1, "problem": 5, "containers": 5, "since_ms": "x"}])


def test_facts_of_any_types_are_read_without_an_error() -> None:
    """A part of another type is missing; without a plan, or from an older dispatcher, all of them are."""
    for value in _JUNK:
        whole = dict.fromkeys(Facts._fields, value)
        for given in (whole, value):
            found = facts_of(plan_from(json.dumps({"why": "x", "facts": given})))
            assert all(trouble.problem.text for trouble in (*found.refused, *found.false_starts, *found.lost))
            for name in _NUMBERS:
                number = getattr(found, name)
                assert number is None or abs(number) < 1e18
    assert facts_of(None) == facts_of({"why": "x"}) == Facts()
