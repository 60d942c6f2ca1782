"""The dispatcher's plan as it stands in Redis, where anybody may have written it."""

import json
from typing import Any

import pytest

from producer.reach import Reach
from sceneburst.words import plan_for_people
from scenequeue.jobs.job import Counts
from scenequeue.jobs.waiting_reason import Surroundings, why_standing_still
from scenequeue.published.plan import plan_from
from scenequeue.reasons import Reason

_PARTS = (
    *("at_ms", "usd_per_hour", "starting", "running", "alarms", "structures", "limits", "file_roots", "waits_because"),
    *("fleet", "aws_credentials", "needs", "settings", "ready", "launches"),
)
_JUNK: tuple[Any, ...] = (
    *(5, -1, 1e308, float("inf"), float("nan"), 10**400, True, None, "x", "", [], [5], [None], [[]], ["\0"], {}, {"code": 5}),
    *({"code": "x", "parameters": 5}, [{"name": 1}], [{"name": "a", "value": "b", "at_ms": "c"}], [{"code": "paused"}]),
)


@pytest.mark.parametrize("part", _PARTS)
def test_a_part_of_another_type_stops_nobody(part: str) -> None:
    """Neither commands, nor the reason that a job waits, nor a producer's check of what containers reach."""
    for junk in _JUNK:
        plan = plan_from(json.dumps({"why": {"code": "paused", "parameters": {}}, part: junk, f"more_{part}": [junk]}))
        shown = plan_for_people(plan)
        json.dumps(shown, allow_nan=False)
        assert isinstance(shown["at_ms"], int)
        assert abs(shown["usd_per_hour"]) <= 1e18
        assert all(alarm["text"] for alarm in shown["alarms"])
        why_standing_still(Counts(ready=1), Surroundings([], plan), needs=("render/1", "render/1@2"))
        reach = Reach.of(plan, None, None)
        assert reach is None or reach.of_output("file:///x") is not None


def test_a_published_plan_is_read_as_it_was_written() -> None:
    """With the parts of a newer version."""
    made = {
        "why": {"code": "paused", "parameters": {}}, "at_ms": 5, "usd_per_hour": 0.5, "starting": 1, "running": 2,
        "alarms": [{"code": "a", "parameters": {}}], "structures": [3, 2], "file_roots": ["/a"], "fleet": "process",
        "limits": [{"name": "max_containers", "value": 3, "by": "ann", "at_ms": 4, "why": "burst"}],
        "waits_because": {"code": "b", "parameters": {}}, "newer": [1],
    }  # fmt: skip
    assert plan_from(json.dumps(made)) == {**made, "why": Reason("paused")}
