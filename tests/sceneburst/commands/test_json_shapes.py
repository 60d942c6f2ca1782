"""`--json` of every reading command: the keys that programs rely on, with values of the right types."""

import json
from pathlib import Path
from typing import Any

import pytest

from sceneburst.exit_codes import Exit
from scenequeue.queue import SceneQueue
from tests.sceneburst.commands.conftest import CONTAINER, JOB, REASON
from tests.sceneburst.conftest import Console
from tests.scenequeue.jobs import done, submit
from tests.support.reasons import said

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
    (("plan",), {"why", "at_ms", "usd_per_hour", "fleets"}),
    (("dead", "show", JOB, "0-1"), _LETTER),
    (
        ("cost",),
        {"prices_as_of", "usd_per_hour_now", "by_fleet", "containers", "estimated_cost_usd", "scenes_done", "usd_per_scene",
         "fargate_usd"},
    ),
    (
        ("cost", JOB),
        {
            "prices_as_of", "usd_per_hour_now", "job_id", "containers", "containers_forgotten", "estimated_cost_usd",
            "scenes_done", "usd_per_scene", "fargate_usd",
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


@pytest.mark.usefixtures("worked")
@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("queue", "pause"), {"paused": True}),
        (("queue", "resume"), {"paused": False}),
        (("dead", "requeue", JOB), {"requeued": 1}),
        (("dead", "discard", JOB, "0-1", "--yes"), {"discarded": 1}),
        (("dead", "requeue", "--all", "--reason", "ToolFailed"), {"requeued": 0}),
        (("containers", "drain", CONTAINER), {"draining": [CONTAINER]}),
        (("containers", "drain", "all"), {"draining": [CONTAINER]}),
    ],
    ids=_title,
)
def test_a_command_that_changes_something_tells_what_it_changed(
    console: Console, words: tuple[str, ...], told: dict[str, Any]
) -> None:
    """Numbers of letters, ids of containers, the new state."""
    assert _json(console, *words) == told


def test_changed_limits_are_told_as_they_are_shown(console: Console) -> None:
    """All of them; what nobody has set is null."""
    told = {row["name"]: row for row in _json(console, "limits", "set", "max_containers=3")}
    assert told["max_containers"]["value"] == 3
    assert "@" in told["max_containers"]["by"]
    assert (told["deadline_s"]["by"], told["deadline_s"]["at_ms"]) == (None, None)
    assert [*told.values()] == _json(console, "limits")
    assert {row["by"] for row in _json(console, "limits", "reset")} == {None}


def test_downloaded_files_are_told(console: Console, queue: SceneQueue, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With their paths; none is an empty list."""
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "scene0.mp4").write_bytes(b"mp4")
    submit(queue, "a", 2)
    first, second = queue.worker.lease("c1", 2)
    made = done(first)[1].model_copy(update={"output": (tmp_path / "out" / "scene0.mp4").as_uri(), "details": {}, "bytes": 3})
    queue.worker.ack("c1", [(first, made)])
    queue.worker.fail("c1", second, "BadInput", said(REASON), transient=False)
    monkeypatch.setenv("SCENEBURST_FILE_ROOTS", json.dumps([str(tmp_path)]))
    folder = tmp_path / "copies"
    told = _json(console, "download", "a", str(folder))
    assert told == {"job_id": "a", "folder": str(folder), "files": [str(folder / "scene0.mp4")], "missing": 1}
    submit(queue, "b", 1)
    assert _json(console, "download", "b", str(folder))["files"] == []


@pytest.mark.usefixtures("worked")
def test_an_act_about_the_whole_queue_has_no_subject(console: Console) -> None:
    """Other subjects are named as options name them, one beside the other."""
    for words in (
        ("queue", "pause"),
        ("dead", "requeue", JOB, "0-1"),
        ("dead", "discard", "--all", "--label", "shop=the north", "--yes"),
        ("limits", "set", "max_containers=3"),
        ("containers", "drain", CONTAINER),
        ("cancel", JOB),
    ):
        console(*words)
    acts = _json(console, "queue", "audit")
    assert [act["about"] for act in acts] == [
        f"job={JOB}", f"container={CONTAINER}", "limit=max_containers", f"job={JOB} item=0-1", None,
    ]  # fmt: skip
    assert [act["detail"] for act in acts] == [None, None, "environment -> 3", None, None]


def test_a_cancelled_job_says_so(console: Console, worked: SceneQueue) -> None:
    """The status after it, with what was dropped."""
    told = _json(console, "cancel", JOB)
    assert (told["state"], told["counts"]["dropped"]) == ("cancelled", 2)
    assert worked.producer.status(JOB).counts.dropped == 2


def test_a_plan_that_nobody_made_is_an_error_and_exit_1(console: Console) -> None:
    """The document is there all the same."""
    ended = console("plan", "--json")
    assert (ended.code, json.loads(ended.out)["error"]["code"]) == (Exit.FAILED, "no_dispatcher")
