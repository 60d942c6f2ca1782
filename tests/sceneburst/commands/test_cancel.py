"""`sceneburst cancel --all`: ends the active jobs that match, and no others."""

import io
import json

import pytest

from sceneburst.exit_codes import Exit
from scenequeue.jobs.job import JobState, Lane
from scenequeue.queue import SceneQueue
from tests.sceneburst.conftest import Console
from tests.scenequeue.jobs import submit


def test_all_jobs_of_a_filter_are_cancelled_with_one_reason(
    console: Console, queue: SceneQueue, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where they are more than one search returns; each is an act of its own."""
    monkeypatch.setattr("sceneburst.commands.operators.cancel._JOBS_AT_ONCE", 2)
    for number in range(5):
        submit(queue, f"order-{number}", 2, lane=Lane.BULK)
    submit(queue, "other", 2)
    ended = console("cancel", "--all", "--lane", "bulk", "--name", "order-", "--why", "wrong voice", "--yes", "--json")
    assert json.loads(ended.out) == {"cancelled": 5, "dropped": 10, "stopping": 0}
    assert {act.why for act in queue.inspect.acts()} == {"wrong voice"}
    assert [job.job_id for job in queue.inspect.jobs() if job.state is JobState.ACTIVE] == ["other"]
    assert console("cancel", "--all", "--lane", "bulk", "--yes").out == "0 jobs cancelled, 0 dropped, 0 stopping\n"


def test_no_more_is_cancelled_than_was_meant(console: Console, queue: SceneQueue, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither without a filter, nor by an id with one, nor without a yes."""
    submit(queue, "a", 2)
    for words in ((), ("--all",), ("--lane", "bulk"), ("a", "--all"), ("a", "--lane", "bulk")):
        assert console("cancel", *words).code == Exit.USAGE
    monkeypatch.setattr("sys.stdin", io.StringIO("\n"))
    assert console("cancel", "--all", "--lane", "normal").code != Exit.OK
    assert queue.inspect.job("a").state is JobState.ACTIVE
