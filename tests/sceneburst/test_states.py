"""Commands say what is true of a job in every state: while it waits, cancelled, failed, with dead letters only, expired."""

import json
from pathlib import Path

import pytest

from sceneburst.exit_codes import Exit
from scenequeue.queue import SceneQueue
from tests.sceneburst.conftest import Console
from tests.scenequeue.jobs import done, submit
from tests.support.media import Media
from tests.support.reasons import said


@pytest.fixture
def cancelled(queue: SceneQueue) -> SceneQueue:
    """A job that was cancelled before anything, and one after a scene."""
    submit(queue, "early", 3)
    queue.producer.cancel("early")
    submit(queue, "late", 3)
    (lease,) = queue.worker.lease("c1", 1)
    queue.worker.ack("c1", [done(lease)])
    queue.producer.cancel("late")
    return queue


@pytest.mark.usefixtures("cancelled")
def test_results_of_a_cancelled_job_say_that_it_was(console: Console) -> None:
    """And how much of it was done; nothing will come any more."""
    assert console("results", "early").out == "job early was cancelled before anything of it was done; 3 dropped\n"
    assert json.loads(console("results", "early", "--json").out) == []
    said = console("results", "late").out.splitlines()
    assert said[-1] == "job late: cancelled, 1 of 3 done, 2 dropped"


@pytest.mark.usefixtures("cancelled")
def test_watch_and_cancel_say_how_a_cancelled_job_has_ended(console: Console) -> None:
    """Exit 1 of `watch`: not all is done."""
    ended = console("watch", "late")
    assert (ended.code, ended.out) == (Exit.FAILED, "job late: cancelled, 1 of 3 done, 2 dropped\n")
    assert console("cancel", "late").out == "job late: cancelled, 2 dropped, 0 stopping\n"


def test_a_job_that_has_ended_is_not_said_to_be_cancelled(console: Console, queue: SceneQueue) -> None:
    """Nothing of it was left to cancel."""
    submit(queue, "a", 1)
    queue.worker.ack("c1", [done(queue.worker.lease("c1", 1)[0])])
    assert console("cancel", "a").out == "job a has ended already, and nothing of it was left to cancel: done, 1 of 1 done\n"
    assert queue.producer.status("a").state == "done"


def test_results_that_are_gone_are_not_said_to_come(console: Console, queue: SceneQueue) -> None:
    """Evicted, or deleted by hand."""
    submit(queue, "a", 1)
    queue.worker.ack("c1", [done(queue.worker.lease("c1", 1)[0])])
    queue._connection.client.delete(queue._connection.keys.job("a", "results"))
    assert console("results", "a").out == "there are no results in Redis; job a: done, 1 of 1 done\n"


def test_nothing_to_download_leaves_no_folder(console: Console, queue: SceneQueue, tmp_path: Path) -> None:
    """And says why."""
    submit(queue, "a", 2)
    ended = console("download", "a", str(tmp_path / "new" / "in"))
    assert (ended.code, ended.out) == (0, "0 files: job a has no finished videos (active, 0 of 2 done)\n")
    assert list(tmp_path.iterdir()) == []


@pytest.fixture
def manifest(media: Media, tmp_path: Path) -> str:
    """One scene and a film."""
    scene = {"name": "a", "image": str(media.image()), "audio": str(media.tone("n.wav", 0.2))}
    path = tmp_path / "job.json"
    path.write_text(json.dumps({"output": str(tmp_path / "out"), "film": True, "scenes": [scene]}))
    return str(path)


@pytest.mark.parametrize("more", [(), ("--wait",), ("--json",), ("--wait", "--json")])
def test_submitting_what_was_cancelled_is_no_success(
    console: Console, queue: SceneQueue, manifest: str, more: tuple[str, ...]
) -> None:
    """Nothing of it will be rendered; another id is needed."""
    assert console("submit", manifest, "--job-id", "j").out == "job j: 1 scene and a film, active\n"
    queue.producer.cancel("j")
    again = console("submit", manifest, "--job-id", "j", *more)
    assert again.code == Exit.FAILED
    if "--json" in more:
        assert json.loads(again.out)["state"] == "cancelled"
    else:
        assert "submit the scenes under another job id" in again.out


def test_only_a_search_by_labels_asks_for_an_index_of_labels(
    console: Console, queue: SceneQueue, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It would not help another."""
    monkeypatch.setattr("scenequeue.ports.job_search.SEARCH_LIMIT", 2)
    for name in ("a", "b", "c"):
        submit(queue, name, 1)
    assert "SCENEBURST_INDEXED_LABELS" in console("jobs", "--label", "shop=north").err
    ended = console("jobs", "--state", "active", "--limit", "9")
    assert "jobs were looked at" in ended.err
    assert "SCENEBURST_INDEXED_LABELS" not in ended.err


def test_the_last_lines_of_a_program_are_no_part_of_a_table(console: Console, queue: SceneQueue) -> None:
    """`dead show` has them; in JSON they are whole."""
    submit(queue, "a", 1)
    (lease,) = queue.worker.lease("c1", 1)
    queue.worker.fail("c1", lease, "ToolFailed", said("ffmpeg ended with code 1\nx264 error\nlast line"), transient=False)
    assert "ffmpeg ended with code 1" in console("results", "a").out
    assert "x264" not in console("results", "a").out
    assert "last line" in json.loads(console("results", "a", "--json").out)[0]["error"]
    assert "last line" in console("dead", "show", "a", "0-0").out
