"""Following a job: reasons next to failures, real names, JSON for programs, and the way to go on."""

import io
import json
import shlex
from typing import Any

import pytest
from rich.console import Console as Screen

from sceneburst.exit_codes import Exit, Interrupted
from sceneburst.terminal.board import Board
from scenequeue.jobs.container import ContainerRecord
from scenequeue.jobs.ids import ContainerId, ItemId
from scenequeue.jobs.job import Counts, Depth, JobEvent, Lane
from scenequeue.queue import SceneQueue
from tests.sceneburst.conftest import Console
from tests.scenequeue.jobs import done, submit
from tests.support.reasons import said


def _end(queue: SceneQueue, job: str) -> None:
    """One scene retried, one given up, one done with a warning."""
    submit(queue, job, 3)
    first, second, third = queue.worker.lease("c1", 3)
    queue.worker.fail("c1", first, "StorageUnavailable", said("s3 answers 503\nand more"), transient=True, retry_in_s=0)
    queue.worker.fail("c1", second, "BadInput", said("image: [/] no picture"), transient=False)
    details = {"warnings": [{"code": "subtitles_outside", "parameters": {}}]}
    queue.worker.ack("c1", [(third, done(third)[1].model_copy(update={"details": details}))])
    (again,) = queue.worker.lease("c1", 1)
    queue.worker.ack("c1", [done(again)])


def test_what_fails_is_told_with_its_reason(console: Console, queue: SceneQueue) -> None:
    """In one line, for the attempt as for the end."""
    _end(queue, "a")
    ended = console("watch", "a")
    assert ended.code == Exit.FAILED
    assert "failed  scene1: BadInput: image: [/] no picture" in ended.err.splitlines()
    assert "retry   scene0: StorageUnavailable: s3 answers 503" in ended.err.splitlines()


def test_watch_in_json_is_one_object_a_line(console: Console, queue: SceneQueue) -> None:
    """Events with the names of their scenes, warnings, and the job at last; nothing else on standard output."""
    _end(queue, "a")
    ended = console("watch", "a", "--json")
    assert (ended.code, ended.err) == (Exit.FAILED, "")
    told = [json.loads(line) for line in ended.out.splitlines()]
    (dead,) = (each for each in told if each["event"] == "dead")
    assert (dead["item_id"], dead["name"], dead["fields"]["message"]) == ("0-1", "scene1", "image: [/] no picture")
    (warning,) = (each for each in told if each["event"] == "warning")
    assert (warning["name"], warning["code"]) == ("scene2", "subtitles_outside")
    assert (told[0]["event"], told[-1]["event"]) == ("submitted", "end")
    assert told[-1]["job"] == json.loads(console("status", "a", "--json").out)
    assert "token" not in ended.out


def test_a_long_history_is_told_to_its_end(console: Console, queue: SceneQueue, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many events an ended job has."""
    monkeypatch.setattr("sceneburst.terminal.follow._EVENTS_AT_ONCE", 2)
    _end(queue, "a")
    told = [json.loads(line)["event"] for line in console("watch", "a", "--json").out.splitlines()]
    assert told[-3:] == ["finished", "warning", "end"]


def test_a_film_that_fails_is_told_by_its_name() -> None:
    """It is no scene, yet it is why the job fails."""
    board = Board("a", {ItemId("0-0"): "one", ItemId("1-0"): "film"})
    fields = {"error": "ToolFailed", "message": "no space"}
    event = JobEvent(id="1-0", event="dead", at_ms=1, item_id=ItemId("1-0"), fields=fields)
    assert board.take(event) == "failed  film: ToolFailed: no space"
    assert board.failures() == ["failed  film: ToolFailed: no space"]


@pytest.mark.parametrize("width", [40, 60, 80, 160])
def test_the_live_board_has_one_line_per_scene_at_any_width(width: int) -> None:
    """Long names and reasons are cut, the state and the share never."""
    board = Board("a", {ItemId(f"0-{index}"): f"the harbour at {index} in the very early morning" for index in range(3)})
    fields = {"error": "BadInput", "message": "image: s3://bucket/a-very-long-folder/picture.jpg is no picture"}
    board.take(JobEvent(id="1-0", event="dead", at_ms=1, item_id=ItemId("0-0"), fields=fields))
    board.take(JobEvent(id="2-0", event="leased", at_ms=2, item_id=ItemId("0-1"), fields={"container": "c1-41f3c5bc"}))
    record = ContainerRecord(container_id=ContainerId("c1-41f3c5bc"), vcpu=1, memory_mib=1, slots=1, progress={"a/0-1": 0.5})
    board.update_progress([record])
    depth = Depth(counts=Counts(), ready_by_lane=dict.fromkeys(Lane, 0), ready_weight=0.0, is_paused=False)
    screen = Screen(file=io.StringIO(), width=width)
    screen.print(board.render(depth, [record], width))
    lines = screen.file.getvalue().splitlines()  # type: ignore[attr-defined]
    assert all(len(line) <= width for line in lines)
    assert [line for line in lines if line.startswith("the h")] == lines[:3]
    assert ("  0% dead" in lines[0], " 50% rendering" in lines[1], "  0% waiting" in lines[2]) == (True, True, True)


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ((), "`sceneburst watch a`"),
        (("--namespace", "{ns}"), "`sceneburst watch a --namespace {ns}`"),
        (("--redis-url", "{url}", "--namespace", "{ns}"), "`sceneburst watch a --redis-url {url} --namespace {ns}`"),
    ],
)
def test_the_command_that_goes_on_is_the_one_that_was_given(
    console: Console,
    queue: SceneQueue,
    redis_url: str,
    namespace: str,
    monkeypatch: pytest.MonkeyPatch,
    given: tuple[str, ...],
    told: str,
) -> None:
    """It works when pasted."""

    def interrupted(*_: Any, **__: Any) -> None:
        raise Interrupted

    submit(queue, "a", 1)
    monkeypatch.setattr("sceneburst.terminal.follow.follow", interrupted)
    ended = console("watch", "a", *(word.format(url=redis_url, ns=namespace) for word in given))
    said = told.format(url=redis_url, ns=namespace)
    assert ended.err.strip() == f"interrupted; job a goes on; {said} follows it again"
    assert console(*shlex.split(said.strip("`"))[1:]).err == ended.err
    (lease,) = queue.worker.lease("c1", 1)
    queue.worker.ack("c1", [done(lease)])
