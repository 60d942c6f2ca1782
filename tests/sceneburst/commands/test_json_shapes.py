"""`--json` of every reading command: the keys that programs rely on, with values of the right types."""

import json
from typing import Any

import pytest

from sceneburst.exit_codes import Exit
from scenequeue.queue import SceneQueue
from tests.sceneburst.commands.conftest import CONTAINER, JOB
from tests.sceneburst.conftest import Console

_COUNTS = {"waiting", "ready", "leased", "delayed", "done", "dead", "dropped", "total"}
_STATUS = {"job_id", "state", "lane", "labels", "counts", "created_ms", "waits_because"}
_LETTER = {"job_id", "item_id", "item", "errors", "attempts", "buried_ms"}
_CONTAINER = {"container_id", "state", "fleet", "slots", "held", "done", "failed", "progress", "cost_usd"}
_RESULT = {
    "item_id", "name", "state", "output", "artifacts", "duration_s", "bytes", "processing_s", "attempts", "container", "error",
    "details", "warnings",
}  # fmt: skip
_DOCUMENTS: list[tuple[tuple[str, ...], set[str]]] = [
    (("status", JOB), _STATUS),
    (("queue",), {"depth", "jobs", "leased", "containers", "plan"}),
    (("plan",), {"why", "at_ms", "usd_per_hour"}),
    (("dead", "show", JOB, "0-1"), _LETTER),
    (
        ("cost",),
        {"prices_as_of", "usd_per_hour_now", "by_fleet", "containers", "estimated_cost_usd", "scenes_done", "usd_per_scene"},
    ),
    (
        ("cost", JOB),
        {
            "prices_as_of", "usd_per_hour_now", "job_id", "containers", "containers_forgotten", "estimated_cost_usd",
            "scenes_done", "usd_per_scene",
        },
    ),
    (("cancel", "later"), _STATUS),
    (("version",), {"version", "python", "platform"}),
    (("api-key", "shop"), {"name", "key", "sha256"}),
]  # fmt: skip
_LISTS: list[tuple[tuple[str, ...], int, set[str]]] = [
    (("jobs",), 2, _STATUS),
    (("results", JOB), 2, _RESULT),
    (("dead",), 1, _LETTER),
    (("containers",), 1, _CONTAINER),
    (("queue", "peek"), 3, {"job_id", "item_id", "name", "kind", "weight", "payload"}),
]


def _title(value: object) -> str:
    return " ".join(value) if isinstance(value, tuple) else ""


def _json(console: Console, *words: str) -> Any:
    ended = console(*words, "--json")
    assert (ended.code, ended.err) == (0, "")
    return json.loads(ended.out)


@pytest.mark.usefixtures("worked")
@pytest.mark.parametrize(("words", "keys"), _DOCUMENTS, ids=_title)
def test_one_thing_is_one_object_with_its_keys(console: Console, words: tuple[str, ...], keys: set[str]) -> None:
    """Further keys may come, none of these may go."""
    assert _json(console, *words).keys() >= keys


@pytest.mark.usefixtures("worked")
@pytest.mark.parametrize(
    ("words", "count", "keys"), _LISTS, ids=lambda value: " ".join(value) if isinstance(value, tuple) else ""
)
def test_many_things_are_a_list_of_objects_with_their_keys(
    console: Console, words: tuple[str, ...], count: int, keys: set[str]
) -> None:
    """One object each, in the order of the table."""
    listed = _json(console, *words)
    assert len(listed) == count
    assert all(each.keys() >= keys for each in listed)


@pytest.mark.parametrize("words", [("jobs",), ("dead",), ("containers",), ("containers", "list", "--all"), ("queue", "peek")])
def test_nothing_is_an_empty_list(console: Console, words: tuple[str, ...]) -> None:
    """Programs need no other case."""
    assert _json(console, *words) == []


@pytest.mark.usefixtures("worked")
def test_the_counts_of_a_job_add_up(console: Console) -> None:
    """In `status` as in `queue` and `jobs`, which show the same object."""
    told = _json(console, "status", JOB)
    counts = told["counts"]
    assert counts.keys() >= _COUNTS
    assert (counts["done"], counts["dead"], counts["delayed"], counts["ready"], counts["total"]) == (1, 1, 1, 1, 4)
    assert sum(counts[name] for name in _COUNTS - {"total"}) == counts["total"]
    (listed,) = (job for job in _json(console, "jobs") if job["job_id"] == JOB)
    assert listed["counts"] == counts
    assert next(job for job in _json(console, "queue")["jobs"] if job["job_id"] == JOB)["counts"] == counts


@pytest.mark.usefixtures("worked")
def test_a_job_has_a_bill_by_container(console: Console) -> None:
    """With the container that has made its scene."""
    told = _json(console, "cost", JOB)
    assert set(told["containers"]) == {CONTAINER}
    assert told["scenes_done"] == 1
    assert told["estimated_cost_usd"] == pytest.approx(sum(told["containers"].values()))


def test_a_cancelled_job_says_so(console: Console, worked: SceneQueue) -> None:
    """The status after it, with what was dropped."""
    told = _json(console, "cancel", JOB)
    assert (told["state"], told["counts"]["dropped"]) == ("cancelled", 2)
    assert worked.producer.status(JOB).counts.dropped == 2


def test_a_plan_that_nobody_made_is_an_error_and_exit_1(console: Console) -> None:
    """The document is there all the same."""
    ended = console("plan", "--json")
    assert (ended.code, json.loads(ended.out)["error"]["code"]) == (Exit.FAILED, "no_dispatcher")
